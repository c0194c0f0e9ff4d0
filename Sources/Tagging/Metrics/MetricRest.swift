import EventModel

/// What most metrics do without: sets of values, and the older events of a window that holds more than are kept one by
/// one.
struct MetricRest: Sendable {
  /// Of a span that only grows.
  var distinct = DistinctValues()
  /// Of a sliding window.
  var recent = RecentValues()
  /// How often each value stands inside a two-sided window; derived, not stored.
  var insideKeys: [DistinctKey: Int] = [:]
  var older = OlderEvents()

  init() {}
}

/// The events of a window past the newest 1,024.
struct OlderEvents: Sendable {
  var buckets: [Bucket] = []
  /// Values of such events, once for each interval, at its last millisecond; newest last.
  var demotedKeys: [Demoted] = []
  /// Up to where such values were dropped; while the window reaches back to it, it is approximate.
  var lostStand = Slot.none

  struct Demoted: Sendable {
    var stand: Int64
    var key: DistinctKey
  }

  init() {}

  var isEmpty: Bool { buckets.isEmpty && demotedKeys.isEmpty && lostStand == Slot.none }

  mutating func take(_ time: Int64, _ payload: Payload, _ span: WindowSpan) {
    let stand = span.stand(of: time)
    if case .key(let key) = payload { demote(key, to: stand) } else { merge(time, payload, into: stand) }
  }

  /// Drops what has left the window as of `instant`.
  mutating func advance(to instant: Int64, _ span: WindowSpan) {
    if let first = buckets.first, first.stand + span.from <= instant {
      buckets.removeAll { $0.stand + span.from <= instant }
    }
    if let first = demotedKeys.first, first.stand + span.from <= instant {
      demotedKeys.removeAll { $0.stand + span.from <= instant }
    }
  }

  /// The next instant after `instant` at which something enters or leaves; `.max` without one.
  func due(after instant: Int64, _ span: WindowSpan) -> Int64 {
    var due = Int64.max
    for bucket in buckets { due = min(due, span.due(bucket.stand, after: instant)) }
    for demoted in demotedKeys { due = min(due, span.due(demoted.stand, after: instant)) }
    return due
  }

  private mutating func merge(_ time: Int64, _ payload: Payload, into stand: Int64) {
    var place = buckets.count
    while place > 0, buckets[place - 1].stand > stand { place -= 1 }
    let isNew = place == 0 || buckets[place - 1].stand != stand
    if isNew {
      buckets.insert(Bucket(stand: stand, firstTime: time, lastTime: time), at: place)
      place += 1
    }
    buckets[place - 1].take(time, payload, isFirst: isNew)
  }

  private mutating func demote(_ key: DistinctKey, to stand: Int64) {
    var index = demotedKeys.count
    while index > 0, demotedKeys[index - 1].stand >= stand {
      index -= 1
      if demotedKeys[index].stand == stand, demotedKeys[index].key == key { return }
    }
    while index < demotedKeys.count, demotedKeys[index].stand == stand { index += 1 }
    demotedKeys.insert(Demoted(stand: stand, key: key), at: index)
    if demotedKeys.count > TaggingLimits.demotedValues { lostStand = demotedKeys.removeFirst().stand }
  }
}

/// Older events of a window that share an epoch-aligned interval: they stand at its last millisecond.
struct Bucket: Sendable {
  /// Last millisecond of the interval.
  var stand: Int64
  var count: Int64 = 0
  var sum: Int128 = 0
  var low: Int64 = .max
  var high: Int64 = .min
  var firstTime: Int64
  var first: Value = .null
  var lastTime: Int64
  var last: Value = .null

  mutating func take(_ time: Int64, _ payload: Payload, isFirst: Bool) {
    count += 1
    lastTime = time
    switch payload {
    case .number(let number):
      sum += Int128(number)
      low = min(low, number)
      high = max(high, number)
    case .value(let value):
      if isFirst { first = value }
      last = value
    case .none, .key: break
    }
  }
}
