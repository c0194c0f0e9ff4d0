import EventModel

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
}

/// The qualifying events of one sliding or two-sided window: the newest 1,024 one by one, older ones in buckets.
///
/// Events before `inside` are in the window, later ones wait to enter it (two-sided windows only). Time goes forward:
/// what has left is forgotten.
struct WindowEntries: Sendable {
  var times: [Int64] = []
  /// Beside `times` where the fold is over numbers, else empty.
  var numbers: [Int64] = []
  var start = 0
  var inside = 0
  /// What counts and sums do without; none or one. In place of six references to copy and to drop there is one.
  private var rare: [Rare] = []

  private struct Rare: Sendable {
    var values: [Value] = []
    var keys: [DistinctKey] = []
    var buckets: [Bucket] = []
    var demotedKeys: [Demoted] = []
    var lostStand = Slot.none
    var insideKeys: [DistinctKey: Int] = [:]
  }

  struct Demoted: Sendable {
    var stand: Int64
    var key: DistinctKey
  }

  // Of the events inside; derived, not stored.
  private(set) var sum: Int128 = 0
  private var low: Int64 = .max
  private var high: Int64 = .min
  private var extremesStand = false

  init() {}

  /// Beside `times` where the fold keeps values, else empty.
  var values: [Value] {
    get { rare.isEmpty ? [] : rare[0].values }
    _modify {
      makeRare()
      yield &rare[0].values
    }
  }
  /// Beside `times` where the fold tells values apart, else empty.
  var keys: [DistinctKey] {
    get { rare.isEmpty ? [] : rare[0].keys }
    _modify {
      makeRare()
      yield &rare[0].keys
    }
  }
  /// Events past `exactEvents`.
  var buckets: [Bucket] {
    get { rare.isEmpty ? [] : rare[0].buckets }
    _modify {
      makeRare()
      yield &rare[0].buckets
    }
  }
  /// Values of events past `exactEvents`, once for each interval, at its last millisecond; newest last.
  var demotedKeys: [Demoted] {
    get { rare.isEmpty ? [] : rare[0].demotedKeys }
    _modify {
      makeRare()
      yield &rare[0].demotedKeys
    }
  }
  /// Up to where such values were dropped; while the window reaches back to it, it is approximate.
  var lostStand: Int64 {
    get { rare.isEmpty ? Slot.none : rare[0].lostStand }
    set {
      guard newValue != lostStand else { return }
      makeRare()
      rare[0].lostStand = newValue
    }
  }
  /// How often each value stands inside; derived, not stored.
  private(set) var insideKeys: [DistinctKey: Int] {
    get { rare.isEmpty ? [:] : rare[0].insideKeys }
    _modify {
      makeRare()
      yield &rare[0].insideKeys
    }
  }

  private mutating func makeRare() {
    if rare.isEmpty { rare.append(Rare()) }
  }

  var count: Int { times.count - start }
  var isEmpty: Bool { times.count == start && buckets.isEmpty && demotedKeys.isEmpty }

  /// Adds an event in its place; `time` is at or after all others but for a breach of the lateness bound.
  mutating func add(_ time: Int64, _ payload: Payload, span: WindowSpan) {
    var index = times.count
    while index > start, times[index - 1] > time { index -= 1 }
    times.insert(time, at: index)
    switch payload {
    case .none: break
    case .number(let number): numbers.insert(number, at: index)
    case .value(let value): values.insert(value, at: index)
    case .key(let key): keys.insert(key, at: index)
    }
    if index < inside {
      inside += 1
      enter(index)
    }
    if count > TaggingLimits.exactEvents { demoteOldest(span) }
  }

  /// Lets events enter and leave as of `instant`.
  mutating func advance(to instant: Int64, span: WindowSpan) {
    while inside < times.count, times[inside] + span.to <= instant {
      enter(inside)
      inside += 1
    }
    while start < inside, times[start] + span.from <= instant {
      leave(start)
      start += 1
    }
    if let first = buckets.first, first.stand + span.from <= instant {
      buckets.removeAll { $0.stand + span.from <= instant }
    }
    if let first = demotedKeys.first, first.stand + span.from <= instant {
      demotedKeys.removeAll { $0.stand + span.from <= instant }
    }
    if start > 32, start * 2 > times.count { compact() }
  }

  /// The next instant after `instant` at which something enters or leaves; `.max` without one.
  func due(after instant: Int64, span: WindowSpan) -> Int64 {
    var due = Int64.max
    if inside < times.count { due = times[inside] + span.to }
    if start < inside { due = min(due, times[start] + span.from) }
    if rare.isEmpty { return due }
    for bucket in buckets { due = min(due, nextDue(bucket.stand, instant, span)) }
    for demoted in demotedKeys { due = min(due, nextDue(demoted.stand, instant, span)) }
    return due
  }

  private func nextDue(_ stand: Int64, _ instant: Int64, _ span: WindowSpan) -> Int64 {
    span.to > 0 && stand + span.to > instant ? stand + span.to : stand + span.from
  }

  /// Whether older events standing at `stand` are in the window. A sliding window holds a bucket from its beginning:
  /// its events have happened.
  func holds(_ stand: Int64, at instant: Int64, span: WindowSpan) -> Bool {
    span.to == 0 || stand + span.to <= instant
  }

  /// Smallest and largest number inside, buckets apart; nil when there is none.
  mutating func extremes() -> (low: Int64, high: Int64)? {
    guard start < inside else { return nil }
    if !extremesStand {
      low = .max
      high = .min
      for index in start..<inside {
        low = min(low, numbers[index])
        high = max(high, numbers[index])
      }
      extremesStand = true
    }
    return (low, high)
  }

  /// Restores what is derived, after reading.
  mutating func restore() {
    sum = 0
    extremesStand = false
    if !insideKeys.isEmpty { insideKeys = [:] }
    if !keys.isEmpty { for index in start..<inside { insideKeys[keys[index], default: 0] += 1 } }
    guard !numbers.isEmpty else { return }
    for index in start..<inside { sum += Int128(numbers[index]) }
  }

  private mutating func enter(_ index: Int) {
    if !keys.isEmpty { insideKeys[keys[index], default: 0] += 1 }
    guard !numbers.isEmpty else { return }
    sum += Int128(numbers[index])
    guard extremesStand else { return }
    low = min(low, numbers[index])
    high = max(high, numbers[index])
  }

  private mutating func leave(_ index: Int) {
    if !keys.isEmpty, let count = insideKeys[keys[index]] { insideKeys[keys[index]] = count > 1 ? count - 1 : nil }
    guard !numbers.isEmpty else { return }
    sum -= Int128(numbers[index])
    if numbers[index] == low || numbers[index] == high { extremesStand = false }
  }

  private mutating func compact() {
    times.removeFirst(start)
    if !numbers.isEmpty { numbers.removeFirst(start) }
    if !values.isEmpty { values.removeFirst(start) }
    if !keys.isEmpty { keys.removeFirst(start) }
    inside -= start
    start = 0
  }

  private mutating func demoteOldest(_ span: WindowSpan) {
    let time = times[start]
    let stand = (floorDivide(time, span.bucket).quotient + 1) * span.bucket - 1
    if keys.isEmpty {
      merge(start, into: stand)
    } else {
      demote(keys[start], to: stand)
    }
    if start < inside { leave(start) } else { inside += 1 }
    start += 1
  }

  private mutating func merge(_ index: Int, into stand: Int64) {
    let time = times[index]
    var place = buckets.count
    while place > 0, buckets[place - 1].stand > stand { place -= 1 }
    if place == 0 || buckets[place - 1].stand != stand {
      buckets.insert(Bucket(stand: stand, firstTime: time, lastTime: time), at: place)
      place += 1
      if !values.isEmpty { buckets[place - 1].first = values[index] }
    }
    buckets[place - 1].count += 1
    if !numbers.isEmpty {
      buckets[place - 1].sum += Int128(numbers[index])
      buckets[place - 1].low = min(buckets[place - 1].low, numbers[index])
      buckets[place - 1].high = max(buckets[place - 1].high, numbers[index])
    }
    buckets[place - 1].lastTime = time
    if !values.isEmpty { buckets[place - 1].last = values[index] }
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

/// A window's two edges: T − from < time ≤ T − to, with the width of its buckets; milliseconds.
struct WindowSpan: Hashable, Sendable {
  let from: Int64
  let to: Int64
  let bucket: Int64

  init(from: TimeSpan, to: TimeSpan) {
    self.from = from.milliseconds + (mutated(.windowKeepsEdge) ? 1 : 0)
    self.to = to.milliseconds - (mutated(.windowEntersEarly) && to.milliseconds > 0 ? 1 : 0)
    bucket = max(1, (from.milliseconds + TaggingLimits.bucketsPerWindow - 1) / TaggingLimits.bucketsPerWindow)
  }
}

/// What an event gives to one fold.
enum Payload: Hashable, Sendable {
  /// It counts, or only its time does.
  case none
  /// Millionths.
  case number(Int64)
  case value(Value)
  case key(DistinctKey)
}
