import EventModel

/// The due instants of a tenant's subjects in one lane: a binary heap by (due, key) with one live entry a subject.
struct TimerQueue: Sendable {
  private struct Entry: Sendable {
    var due: Instant
    var key: [UInt8]
  }

  private var heap: [Entry] = []
  private var current: [SubjectKey: Instant] = [:]

  var count: Int { current.count }

  /// Sets or, with nil, removes the subject's due instant. O(log n).
  mutating func set(_ key: [UInt8], due: Instant?) {
    guard let due else {
      current[SubjectKey(key)] = nil
      return
    }
    guard current.updateValue(due, forKey: SubjectKey(key)) != due else { return }
    heap.append(Entry(due: due, key: key))
    siftUp(heap.count - 1)
  }

  /// Removes and returns the first subject due at or before `instant`.
  mutating func popDue(through instant: Instant) -> [UInt8]? {
    while let first = heap.first, first.due <= instant {
      removeFirst()
      if current[SubjectKey(first.key)] == first.due {
        current[SubjectKey(first.key)] = nil
        return first.key
      }
    }
    return nil
  }

  /// Every subject due at or before `instant`, unordered. O(answers + stale entries).
  func keysDue(through instant: Instant) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var stack = heap.isEmpty ? [] : [0]
    while let index = stack.popLast() {
      guard heap[index].due <= instant else { continue }
      if current[SubjectKey(heap[index].key)] == heap[index].due { found.append(heap[index].key) }
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count { stack.append(child) }
    }
    return found
  }

  private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
    if left.due != right.due { return left.due < right.due }
    return left.key.lexicographicallyPrecedes(right.key)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard Self.precedes(heap[index], heap[parent]) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
        if Self.precedes(heap[child], heap[least]) { least = child }
      }
      guard least != index else { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
