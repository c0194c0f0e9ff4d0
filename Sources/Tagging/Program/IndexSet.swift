/// A set of small indices as bits: the first 64 in place, the others in words of their own.
struct IndexSet: Sendable {
  private var first: UInt64 = 0
  private var rest: [UInt64] = []

  init() {}

  mutating func insert(_ index: Int) {
    guard index >= 64 else {
      first |= 1 << UInt64(index)
      return
    }
    let word = index >> 6 - 1
    while rest.count <= word { rest.append(0) }
    rest[word] |= 1 << UInt64(index & 63)
  }

  mutating func insertAll(below count: Int) {
    for index in 0..<count { insert(index) }
  }

  mutating func formUnion(_ other: IndexSet) {
    first |= other.first
    guard !other.rest.isEmpty else { return }
    while rest.count < other.rest.count { rest.append(0) }
    for index in other.rest.indices { rest[index] |= other.rest[index] }
  }

  var isEmpty: Bool { first == 0 && rest.allSatisfy { $0 == 0 } }

  /// Removes and returns the smallest index.
  mutating func popFirst() -> Int? {
    if first != 0 {
      let bit = first.trailingZeroBitCount
      first &= first - 1
      return bit
    }
    for index in rest.indices where rest[index] != 0 {
      let bit = rest[index].trailingZeroBitCount
      rest[index] &= rest[index] - 1
      return (index + 1) << 6 | bit
    }
    return nil
  }
}
