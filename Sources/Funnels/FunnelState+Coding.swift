import EventModel

extension FunnelState {
  private static let version: UInt8 = 1

  /// The compact form that is stored; its first byte is its version.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.optional(clock == .distantPast ? nil : clock) { $0.instant($1) }
    let used = tracks.enumerated().filter { !$1.isEmpty }
    writer.count(used.count)
    for (index, track) in used {
      writer.count(index)
      writer.track(track)
    }
    return writer.bytes
  }

  /// Reads `encoded()`; throws on anything else and never traps.
  package init(decoding bytes: [UInt8]) throws(StateCodingFailure) {
    var reader = try StateReader(bytes, version: Self.version)
    clock = try reader.optionalInstant() ?? .distantPast
    let count = try reader.count("tracks")
    for _ in 0..<count {
      let index = Int(try reader.unsigned(max: 4095, "funnel"))
      guard index >= tracks.count else { throw .outOfRange("funnel") }
      tracks += Array(repeating: FunnelTrack(), count: index + 1 - tracks.count)
      tracks[index] = try reader.track()
    }
    try reader.finish()
  }
}

extension StateWriter {
  fileprivate mutating func track(_ track: FunnelTrack) {
    count(track.events.count)
    for mark in track.events { self.mark(mark) }
    count(track.pending.count)
    for mark in track.pending { self.mark(mark) }
    count(track.kept.count)
    for entry in track.kept { self.entry(entry) }
    optional(track.truncatedThrough) { $0.date($1) }
  }

  private mutating func mark(_ mark: EventMark) {
    instant(mark.time)
    count(mark.rank)
    raw(mark.id)
    unsigned(UInt64(mark.steps))
    unsigned(mark.barriers)
    date(mark.day)
    optional(mark.breakdown) { $0.text($1) }
  }

  private mutating func entry(_ entry: KeptEntry) {
    date(entry.day)
    count(entry.level)
    byte(entry.status.code)
    count(entry.times.count)
    for time in entry.times { optional(time) { $0.instant($1) } }
    optional(entry.breakdown) { $0.text($1) }
    signed(entry.revision)
    byte((entry.isApproximate ? 1 : 0) | (entry.isHidden ? 2 : 0) | (entry.hasConverted ? 4 : 0))
    instant(entry.start)
    optional(entry.liveUntil) { $0.instant($1) }
    count(entry.set.count)
    for key in entry.set {
      instant(key.time)
      raw(key.id)
    }
  }
}

extension StateReader {
  fileprivate mutating func track() throws(StateCodingFailure) -> FunnelTrack {
    var track = FunnelTrack()
    track.events = try marks("events")
    track.pending = try marks("pending")
    let count = try self.count("entries")
    for _ in 0..<count { track.kept.append(try entry()) }
    guard zip(track.kept, track.kept.dropFirst()).allSatisfy({ $0.day < $1.day }) else { throw .outOfRange("day") }
    track.truncatedThrough = try flag() ? try date() : nil
    return track
  }

  private mutating func marks(_ name: String) throws(StateCodingFailure) -> [EventMark] {
    let count = try self.count(name, max: FunnelLimits.eventsMax)
    var marks: [EventMark] = []
    for _ in 0..<count {
      let time = try instant()
      let rank = Int(try unsigned(max: UInt64(FunnelLimits.stepsMax + 1), "rank"))
      marks.append(
        EventMark(
          time: time,
          rank: rank,
          id: try raw("id"),
          steps: UInt32(try unsigned(max: UInt64(UInt32.max), "steps")),
          barriers: try unsigned(),
          day: try date(),
          breakdown: try optionalText()
        )
      )
    }
    // Searches rest on the order.
    guard zip(marks, marks.dropFirst()).allSatisfy({ $0 < $1 && $0.day <= $1.day }) else { throw .outOfRange(name) }
    return marks
  }

  private mutating func entry() throws(StateCodingFailure) -> KeptEntry {
    var entry = KeptEntry(day: try date())
    entry.level = Int(try unsigned(max: UInt64(FunnelLimits.stepsMax), "level"))
    guard let status = FunnelStatus(code: try byte()) else { throw .outOfRange("status") }
    entry.status = status
    let count = try self.count("times", max: FunnelLimits.stepsMax)
    for _ in 0..<count { entry.times.append(try optionalInstant()) }
    entry.breakdown = try optionalText()
    entry.revision = try number("revision", in: 0...(Int64.max / 2))
    let flags = try byte()
    guard flags < 8 else { throw .outOfRange("flags") }
    entry.isApproximate = flags & 1 != 0
    entry.isHidden = flags & 2 != 0
    entry.hasConverted = flags & 4 != 0
    entry.start = try instant()
    entry.liveUntil = try optionalInstant()
    let keys = try self.count("set", max: FunnelLimits.stepsMax)
    for _ in 0..<keys { entry.set.append(EventKey(time: try instant(), id: try raw("id"))) }
    return entry
  }

  private mutating func optionalText() throws(StateCodingFailure) -> String? {
    try flag() ? try text("breakdown") : nil
  }

  fileprivate mutating func optionalInstant() throws(StateCodingFailure) -> Instant? {
    try flag() ? try instant() : nil
  }

  fileprivate mutating func unsigned(max: UInt64, _ name: String) throws(StateCodingFailure) -> UInt64 {
    let value = try unsigned()
    guard value <= max else { throw .outOfRange(name) }
    return value
  }
}

extension FunnelStatus {
  fileprivate var code: UInt8 {
    switch self {
    case .open: 0
    case .converted: 1
    case .dropped: 2
    case .withdrawn: 3
    }
  }

  fileprivate init?(code: UInt8) {
    switch code {
    case 0: self = .open
    case 1: self = .converted
    case 2: self = .dropped
    case 3: self = .withdrawn
    default: return nil
    }
  }
}
