import EventModel

/// Bounds of a stored state; more is refused when it is read.
enum StateLimits {
  static let textBytesMax = 1024
  static let itemsMax = 4096
}

extension StateWriter {
  /// The number of elements, then each.
  mutating func list<Element>(_ list: [Element], _ write: (inout StateWriter, Element) -> Void) {
    count(list.count)
    for element in list { write(&self, element) }
  }
}

extension StateReader {
  mutating func list<Element>(
    _ name: String,
    _ read: (inout StateReader) throws(StateCodingFailure) -> Element
  ) throws(StateCodingFailure) -> [Element] {
    var list: [Element] = []
    for _ in 0..<(try count(name, max: StateLimits.itemsMax)) { list.append(try read(&self)) }
    return list
  }

  mutating func maybe<Wrapped>(
    _ read: (inout StateReader) throws(StateCodingFailure) -> Wrapped
  ) throws(StateCodingFailure) -> Wrapped? {
    try flag() ? try read(&self) : nil
  }
}
