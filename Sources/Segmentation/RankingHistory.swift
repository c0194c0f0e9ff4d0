import EventModel

/// A member's ranking values, as far as snapshots still to be taken need them.
///
/// Snapshots are taken at multiples of `refresh` only, so of the values decided after one multiple and through the
/// next the last is enough.
struct RankingHistory: Hashable, Sendable {
  struct Entry: Hashable, Sendable {
    /// The value stands from the first multiple of `refresh` at or after its `decidedAt`.
    var from: Instant
    /// Null when the member has no value.
    var value: FixedDecimal?
  }

  /// In order of `from`, each once.
  private(set) var entries: [Entry] = []

  /// Takes a value over. A value decided before an earlier one is put in its place all the same.
  mutating func set(_ value: FixedDecimal?, decidedAt: Instant, refresh: TimeSpan) {
    let from = SnapshotSchedule.boundary(atOrAfter: decidedAt, refresh: refresh)
    // Decisions come in order; one that does not is the newest word on its interval and those after it.
    while let last = entries.last, last.from >= from { entries.removeLast() }
    entries.append(Entry(from: from, value: value))
    if entries.count > SegmentLimits.boundariesMax { entries.removeFirst() }
  }

  /// The value as of `instant`, a multiple of `refresh`; nil when there is none.
  func value(asOf instant: Instant) -> FixedDecimal? { entries.last { $0.from <= instant }?.value }

  /// Forgets what only snapshots before `instant` could need.
  mutating func forget(before instant: Instant) {
    guard let index = entries.lastIndex(where: { $0.from <= instant }) else { return }
    entries.removeFirst(index)
  }
}

extension RankingHistory {
  func write(to writer: inout StateWriter) {
    writer.count(entries.count)
    for entry in entries {
      writer.instant(entry.from)
      writer.optional(entry.value) { $0.signed($1.millionths) }
    }
  }

  init(from reader: inout StateReader) throws(StateCodingFailure) {
    let count = try reader.count("values", max: SegmentLimits.boundariesMax)
    for _ in 0..<count {
      let from = try reader.instant()
      if let last = entries.last, last.from >= from { throw .outOfRange("values") }
      entries.append(Entry(from: from, value: try reader.flag() ? try reader.decimal() : nil))
    }
  }
}

extension StateReader {
  mutating func decimal() throws(StateCodingFailure) -> FixedDecimal {
    guard let value = FixedDecimal(millionths: try signed()) else { throw .outOfRange("number") }
    return value
  }
}
