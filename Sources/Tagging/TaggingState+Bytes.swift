import EventModel
import Playbook

extension TaggingState {
  private static let version: UInt8 = 1

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
    if let settled {
      writer.byte(1)
      settled.write(to: &writer)
    } else {
      writer.byte(0)
    }
    return writer.bytes
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
    case 1: settled = try FoldState(from: &reader)
    default: throw .malformed
    }
    guard reader.isAtEnd else { throw .malformed }
  }

  /// Whether every index and kind is one the program has.
  func isSound(_ program: TaggingProgram) -> Bool {
    guard settled?.isSound(program) ?? true else { return false }
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
      return true
    }
    guard target < program.metrics.count else { return false }
    let plan = program.metrics[target]
    return switch payload {
    case .none: !plan.keepsNumbers && !plan.keepsValues && !plan.keepsKeys
    case .number: plan.keepsNumbers
    case .value: plan.keepsValues
    case .key: plan.keepsKeys
    }
  }
}

extension FoldState {
  fileprivate func write(to writer: inout StateWriter) {
    writer.time(born)
    writer.time(instant)
    writer.time(newest.time)
    writer.text(newest.id)
    writer.count(metrics.count)
    for metric in metrics {
      if metric.isUntouched { writer.byte(0) } else { metric.write(to: &writer) }
    }
    writer.count(outputs.count)
    for output in outputs {
      let slot = output.slot
      let holdsFact = output.factTime != Slot.none
      writer.byte((slot.since == Slot.none ? 0 : 1) | (slot.formerSince == Slot.none ? 0 : 2) | (holdsFact ? 4 : 0))
      if slot.since != Slot.none {
        writer.signed(slot.since)
        writer.value(slot.value)
      }
      if slot.formerSince != Slot.none {
        writer.signed(slot.formerSince)
        writer.value(slot.formerValue)
      }
      if holdsFact {
        writer.signed(output.factTime)
        writer.value(output.fact)
      }
    }
  }

  fileprivate init(from reader: inout StateReader) throws(StateDecodeFailure) {
    self.init(metrics: 0, outputs: 0)
    born = try reader.time()
    instant = try reader.time()
    let newestTime = try reader.time()
    newest = (newestTime, try reader.text())
    for _ in 0..<(try reader.count()) {
      let metric = try MetricState(from: &reader)
      metrics.append(metric.parts == 0 ? SharedMetric() : SharedMetric(metric))
    }
    for _ in 0..<(try reader.count()) {
      let parts = try reader.byte()
      guard parts < 8, parts & 3 != 2 else { throw .malformed }
      var output = Output()
      if parts & 1 != 0 {
        output.slot.since = try reader.instant()
        output.slot.value = try reader.value()
      }
      if parts & 2 != 0 {
        output.slot.formerSince = try reader.instant()
        output.slot.formerValue = try reader.value()
      }
      if parts & 4 != 0 {
        output.factTime = try reader.instant()
        output.fact = try reader.value()
      }
      outputs.append(output)
    }
  }

  fileprivate func isSound(_ program: TaggingProgram) -> Bool {
    metrics.count == program.metrics.count && outputs.count == program.outputs.count
      && (born == Slot.none) == (instant == Slot.none)
      && zip(metrics, program.metrics).allSatisfy { $0.isUntouched || $0.isSound($1) }
  }
}
