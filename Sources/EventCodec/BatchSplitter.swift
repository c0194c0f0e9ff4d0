import EventModel

/// Cuts a batch into its items' bytes, so that one bad item spoils none of its neighbours.
package enum BatchSplitter {
  /// The elements of a JSON array, in order, without the white space around them. Their inside is not checked: an
  /// element may be empty or malformed.
  ///
  /// Throws class `json` when the text is not cut by brackets and commas as an array is, `size` past `itemsMax`.
  package static func elements(
    of bytes: UnsafeBufferPointer<UInt8>,
    itemsMax: Int
  ) throws(DecodeFailure) -> [Range<Int>] {
    var cutter = ArrayCutter(bytes: bytes, itemsMax: itemsMax)
    return try cutter.cut()
  }

  /// The lines that are not blank, without their line ends.
  package static func lines(
    of bytes: UnsafeBufferPointer<UInt8>,
    itemsMax: Int
  ) throws(DecodeFailure) -> [Range<Int>] {
    var items: [Range<Int>] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let item = trimmed(bytes, start..<end)
      if !item.isEmpty {
        guard items.count < itemsMax else { throw tooMany(itemsMax) }
        items.append(item)
      }
      start = end + 1
    }
    return items
  }

  fileprivate static func tooMany(_ itemsMax: Int) -> DecodeFailure {
    DecodeFailure(.size, expected: "at most \(itemsMax) events", found: "more")
  }

  fileprivate static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high, isSpace(bytes[low]) { low += 1 }
    while high > low, isSpace(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  fileprivate static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
}

private struct ArrayCutter {
  let bytes: UnsafeBufferPointer<UInt8>
  let itemsMax: Int
  var items: [Range<Int>] = []

  mutating func cut() throws(DecodeFailure) -> [Range<Int>] {
    let all = BatchSplitter.trimmed(bytes, 0..<bytes.count)
    guard let first = all.first, bytes[first] == UInt8(ascii: "[") else { throw fault(all.lowerBound) }
    var start = first + 1
    var index = start
    var depth = 0
    while index < all.upperBound {
      switch bytes[index] {
      case UInt8(ascii: "\""): index = try endOfString(from: index)
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]") where depth == 0: return try finish(start: start, end: index, all: all)
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { throw fault(index) }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0:
        try add(start..<index)
        start = index + 1
      default: break
      }
      index += 1
    }
    throw fault(all.upperBound)
  }

  private func endOfString(from open: Int) throws(DecodeFailure) -> Int {
    var index = open + 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\"") { return index }
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    throw fault(open)
  }

  private mutating func finish(start: Int, end: Int, all: Range<Int>) throws(DecodeFailure) -> [Range<Int>] {
    guard end + 1 == all.upperBound else { throw fault(end + 1) }
    if !items.isEmpty || !BatchSplitter.trimmed(bytes, start..<end).isEmpty { try add(start..<end) }
    return items
  }

  private mutating func add(_ range: Range<Int>) throws(DecodeFailure) {
    guard items.count < itemsMax else { throw BatchSplitter.tooMany(itemsMax) }
    items.append(BatchSplitter.trimmed(bytes, range))
  }

  private func fault(_ index: Int) -> DecodeFailure {
    DecodeFailure(.json, expected: "a JSON array", found: "a fault at byte \(index)")
  }
}
