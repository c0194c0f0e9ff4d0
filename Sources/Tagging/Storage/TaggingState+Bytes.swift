import EventModel
import Playbook

extension TaggingState {
  private static let version: UInt8 = 2

  /// The state as bytes: a version, then the settled fold, the pending events and the known ids. The head is made anew
  /// after reading. Reading and writing again gives the same bytes.
  package func encoded() -> [UInt8] {
    var writer = StateWriter()
    writer.byte(Self.version)
    writer.fixed(fingerprint)
    writer.time(clockMilliseconds)
    writer.time(dueMilliseconds == .max ? Slot.none : dueMilliseconds)
    writer.count(seen.entries.count)
    for entry in seen.entries {
      writer.fixed(entry.content)
      writer.signed(entry.arrival)
      writer.text(entry.id)
    }
    writer.count(pending.count)
    for event in pending { event.write(to: &writer) }
    let fold = settled ?? head
    writer.byte(fold == nil ? 0 : 1)
    fold?.write(to: &writer, history, program)
    return writer.written
  }

  /// Reads what `encoded()` wrote; anything else fails without harm.
  package init(decoding bytes: [UInt8]) throws(StateDecodeFailure) {
    guard bytes.count <= TaggingLimits.stateBytes else { throw .tooLarge }
    var reader = StateReader(bytes)
    let version = try reader.byte()
    guard version == Self.version else { throw .version(version) }
    self.init()
    fingerprint = try reader.fixed()
    clockMilliseconds = try reader.time()
    let due = try reader.time()
    dueMilliseconds = due == Slot.none ? .max : due
    var entries: [SeenEvents.Entry] = []
    for _ in 0..<(try reader.count()) {
      let content = try reader.fixed()
      let arrival = try reader.instant()
      entries.append(SeenEvents.Entry(content: content, arrival: arrival, id: try reader.text()))
    }
    seen = SeenEvents(entries: entries)
    for _ in 0..<(try reader.count()) {
      let event = try PendingEvent(from: &reader)
      if let last = pending.last, !last.precedes(event.time, event.id) { throw .malformed }
      pending.append(event)
    }
    switch try reader.byte() {
    case 0: break
    case 1: settled = try FoldState(from: &reader, &history)
    default: throw .malformed
    }
    guard reader.isAtEnd else { throw .malformed }
  }

  /// Whether every index and kind of the pending events is one the program has, and their times fit the settled fold.
  func isSound(_ program: TaggingProgram) -> Bool {
    if let instant = settled?.instant, let first = pending.first, first.time < instant { return false }
    if let instant = settled?.instant, instant > clockMilliseconds { return false }
    return pending.allSatisfy { $0.contributions.allSatisfy { $0.isSound(program) } }
  }
}

extension PendingEvent {
  fileprivate func write(to writer: inout StateWriter) {
    writer.signed(time)
    writer.text(id)
    writer.count(contributions.count)
    for contribution in contributions {
      writer.count(contribution.target << 1 | (contribution.isFact ? 1 : 0))
      switch contribution.payload {
      case .none: writer.byte(0)
      case .number(let number):
        writer.byte(1)
        writer.signed(number)
      case .value(let value):
        writer.byte(2)
        writer.value(value)
      case .key(let key):
        writer.byte(3)
        writer.key(key)
      }
    }
  }

  fileprivate init(from reader: inout StateReader) throws(StateDecodeFailure) {
    time = try reader.instant()
    id = try reader.text()
    var contributions: [Contribution] = []
    for _ in 0..<(try reader.count()) {
      let target = Int(try reader.unsigned() & 0xffff_ffff)
      let payload: Payload
      switch try reader.byte() {
      case 0: payload = .none
      case 1: payload = .number(try reader.signed(within: FixedDecimal.limit))
      case 2: payload = .value(try reader.value())
      case 3: payload = .key(try reader.key())
      default: throw .malformed
      }
      contributions.append(Contribution(target: target >> 1, isFact: target & 1 == 1, payload: payload))
    }
    self.contributions = contributions
  }
}

extension Contribution {
  fileprivate func isSound(_ program: TaggingProgram) -> Bool {
    if isFact {
      guard case .value = payload, target < program.program.tags.count else { return false }
      return program.outputs[target].at.fact >= 0
    }
    guard target < program.channels.count else { return false }
    return switch (payload, program.channels[target].payload) {
    case (.none, .mark), (.number, .number), (.value, .value), (.key, .key): true
    default: false
    }
  }
}
