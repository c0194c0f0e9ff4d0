import EventModel

/// What a funnel keeps of an event.
struct EventMark: Hashable, Sendable, Comparable {
  var time: Instant
  /// Lowest step matched, 1 … N; N + 1 when it matches none.
  var rank: Int
  /// UTF-8.
  var id: [UInt8]
  /// Bit k − 1: it may serve step k.
  var steps: UInt32
  /// Bit b: it is an event that barrier slot b looks for.
  var barriers: UInt64
  /// Local day of `time`.
  var day: LocalDate
  /// The breakdown field's value or, in a start, the breakdown tag's at its time; nil without one.
  var breakdown: String?

  /// The order of a funnel's events: (time, lowest step, id).
  static func < (left: EventMark, right: EventMark) -> Bool {
    if left.time != right.time { return left.time < right.time }
    if left.rank != right.rank, !mutated(.funnelTieById) { return left.rank < right.rank }
    return left.id.lexicographicallyPrecedes(right.id)
  }

  /// Same kind of trace: neither could stand in a chain where the other, at the same place, could not.
  func isLike(_ other: EventMark) -> Bool { steps == other.steps && barriers == other.barriers }
}

/// An event's identity within a member.
struct EventKey: Hashable, Sendable {
  var time: Instant
  var id: [UInt8]
}

extension EventMark {
  var key: EventKey { EventKey(time: time, id: id) }
}

/// Index of the first element that does not satisfy `isBefore`; the elements that do must stand first.
func partitionIndex<T>(_ items: [T], _ isBefore: (T) -> Bool) -> Int {
  var low = 0
  var high = items.count
  while low < high {
    let middle = (low + high) / 2
    if isBefore(items[middle]) { low = middle + 1 } else { high = middle }
  }
  return low
}
