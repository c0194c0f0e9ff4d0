/// The distinct values of a span that only grows, up to the bound.
struct DistinctValues: Sendable {
  var keys: Set<DistinctKey> = []
  /// More than the bound were seen; the values themselves are dropped then.
  var overflowed = false

  mutating func add(_ key: DistinctKey) {
    guard !overflowed, !keys.contains(key) else { return }
    if keys.count == TaggingLimits.distinctValues {
      overflowed = true
      keys = []
    } else {
      keys.insert(key)
    }
  }

  var isEmpty: Bool { !overflowed && keys.isEmpty }
  var count: Int { overflowed ? TaggingLimits.distinctValues : keys.count }
}

/// The distinct values of a sliding window: each value's newest occurrence decides whether the window holds it, so the
/// 1,025 most recent values tell exactly whether there are more than 1,024.
struct RecentValues: Sendable {
  private(set) var latest: [DistinctKey: Int64] = [:]
  /// Occurrences by time; one whose time is not its value's latest says nothing any more.
  private var queue: [(time: Int64, key: DistinctKey)] = []
  private var start = 0

  init() {}

  var isEmpty: Bool { latest.isEmpty }

  mutating func add(_ time: Int64, _ key: DistinctKey) {
    if let known = latest[key], known >= time { return }
    latest[key] = time
    var index = queue.count
    while index > start, queue[index - 1].time > time { index -= 1 }
    queue.insert((time, key), at: index)
    if latest.count > TaggingLimits.distinctValues + 1 {
      dropStale()
      latest[queue[start].key] = nil
      start += 1
    }
    if queue.count - start > 2 * latest.count + 32 || start > 64 {
      queue = queue[start...].filter { latest[$0.key] == $0.time }
      start = 0
    }
  }

  /// Lets values leave whose newest occurrence is at or before `instant` − `width`.
  mutating func advance(to instant: Int64, width: Int64) {
    while start < queue.count, queue[start].time + width <= instant {
      if latest[queue[start].key] == queue[start].time { latest[queue[start].key] = nil }
      start += 1
    }
    dropStale()
  }

  /// The next instant at which a value leaves; `.max` without one.
  func due(width: Int64) -> Int64 { start < queue.count ? queue[start].time + width : .max }

  private mutating func dropStale() {
    while start < queue.count, latest[queue[start].key] != queue[start].time { start += 1 }
  }

  /// Values with their newest occurrence, oldest first.
  var sorted: [(time: Int64, key: DistinctKey)] {
    latest.map { (time: $0.value, key: $0.key) }.sorted {
      $0.time != $1.time ? $0.time < $1.time : DistinctKey.precedes($0.key, $1.key)
    }
  }
}
