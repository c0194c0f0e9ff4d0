/// Order of texts by code point, which for UTF-8 is the order of the bytes. Swift's own order takes canonically
/// equivalent texts as equal, which another program that checks the results would not.
package func precedesBytewise(_ left: String, _ right: String) -> Bool {
  let fast = left.utf8.withContiguousStorageIfAvailable { left in
    right.utf8.withContiguousStorageIfAvailable { right in precedes(left, right) }
  }
  if let fast, let fast { return fast }
  return left.utf8.lexicographicallyPrecedes(right.utf8)
}

private func precedes(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
  let common = min(left.count, right.count)
  for index in 0..<common where left[index] != right[index] { return left[index] < right[index] }
  return left.count < right.count
}
