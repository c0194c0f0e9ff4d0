import EventModel

/// Bounds of a stored state; more is refused when it is read.
enum StateLimits {
  static let textBytesMax = 1024
  static let itemsMax = 4096
  /// About 31,000 years either way: sums of such instants and any span of a playbook stay far from overflow.
  static let instants = Instant(milliseconds: -1_000_000_000_000_000)...Instant(milliseconds: 1_000_000_000_000_000)
}

/// Why bytes are not a scheduler state.
package enum StateDecodingFailure: Error, Hashable, Sendable {
  /// Written by a version this one does not know.
  case version(UInt8)
  case truncated
  /// A number, text or count out of its bounds.
  case malformed
  /// Bytes after the end.
  case trailing
}

/// Writes a state: whole numbers as zigzag LEB128, texts and lists with their length first.
struct StateWriter {
  private(set) var bytes: [UInt8]

  init(version: UInt8) { bytes = [version] }

  mutating func write(_ number: Int64) {
    var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func write(_ number: Int) { write(Int64(number)) }
  mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }
  mutating func write(_ instant: Instant) { write(instant.milliseconds) }

  mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func write<Wrapped>(_ value: Wrapped?, _ body: (inout StateWriter, Wrapped) -> Void) {
    write(value != nil)
    if let value { body(&self, value) }
  }

  mutating func write<Element>(_ list: [Element], _ body: (inout StateWriter, Element) -> Void) {
    write(list.count)
    for element in list { body(&self, element) }
  }
}

/// Reads what `StateWriter` wrote and refuses anything else.
struct StateReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8], version: UInt8) throws(StateDecodingFailure) {
    guard let first = bytes.first else { throw .truncated }
    guard first == version else { throw .version(first) }
    rest = bytes.dropFirst()
  }

  mutating func number() throws(StateDecodingFailure) -> Int64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw .truncated }
      guard shift < 63 || byte <= 1 else { throw .malformed }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
    }
    throw .malformed
  }

  mutating func number(in range: ClosedRange<Int64>) throws(StateDecodingFailure) -> Int {
    let value = try number()
    guard range.contains(value) else { throw .malformed }
    return Int(value)
  }

  mutating func flag() throws(StateDecodingFailure) -> Bool {
    guard let byte = rest.popFirst() else { throw .truncated }
    guard byte <= 1 else { throw .malformed }
    return byte == 1
  }

  mutating func instant() throws(StateDecodingFailure) -> Instant {
    let value = Instant(milliseconds: try number())
    guard StateLimits.instants.contains(value) else { throw .malformed }
    return value
  }

  mutating func text() throws(StateDecodingFailure) -> String {
    let count = try number(in: 0...Int64(StateLimits.textBytesMax))
    guard rest.count >= count else { throw .truncated }
    defer { rest.removeFirst(count) }
    guard let text = String(validating: rest.prefix(count), as: UTF8.self) else { throw .malformed }
    return text
  }

  mutating func optional<Wrapped>(
    _ body: (inout StateReader) throws(StateDecodingFailure) -> Wrapped
  ) throws(StateDecodingFailure) -> Wrapped? {
    try flag() ? try body(&self) : nil
  }

  mutating func list<Element>(
    _ body: (inout StateReader) throws(StateDecodingFailure) -> Element
  ) throws(StateDecodingFailure) -> [Element] {
    let count = try number(in: 0...Int64(StateLimits.itemsMax))
    // Every element takes at least a byte, so a false count cannot reserve memory.
    guard rest.count >= count else { throw .truncated }
    var list: [Element] = []
    for _ in 0..<count { list.append(try body(&self)) }
    return list
  }

  func end() throws(StateDecodingFailure) {
    guard rest.isEmpty else { throw .trailing }
  }
}
