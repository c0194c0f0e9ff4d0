/// Why stored state was not read.
package enum StateCodingFailure: Error, Hashable, Sendable {
  /// The first byte names a version that this build does not know.
  case version(UInt8)
  /// The bytes end before the state does.
  case truncated
  /// A number, count or discriminator outside its range; the word names the field.
  case outOfRange(String)
  /// Bytes are left after the state.
  case trailing
}

/// Writes the cores' compact binary state: variable-length integers, texts and lists with their length before them.
package struct StateWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init(version: UInt8) { bytes.append(version) }

  package mutating func byte(_ value: UInt8) { bytes.append(value) }
  package mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// LEB128: seven bits a byte, least significant first.
  package mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  package mutating func count(_ value: Int) { unsigned(UInt64(max(0, value))) }

  /// Zigzag, so that small negative numbers stay short.
  package mutating func signed(_ value: Int64) {
    unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  package mutating func instant(_ value: Instant) { signed(value.milliseconds) }
  package mutating func date(_ value: LocalDate) { signed(Int64(value.daysSinceEpoch)) }

  package mutating func raw(_ value: some Collection<UInt8>) {
    count(value.count)
    bytes.append(contentsOf: value)
  }

  package mutating func text(_ value: String) { raw(value.utf8) }

  /// A flag, then the value if there is one.
  package mutating func optional<T>(_ value: T?, _ write: (inout StateWriter, T) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }
}

/// Reads what `StateWriter` wrote. Never traps and never allocates more than the input is long, whatever the bytes.
package struct StateReader: Sendable {
  private let bytes: [UInt8]
  private var index = 1

  /// Milliseconds that an instant may be away from 1970: 100,000 years, far from overflow in any sum.
  private static let instantMax: Int64 = 100_000 * 366 * 86_400_000

  package init(_ bytes: [UInt8], version: UInt8) throws(StateCodingFailure) {
    guard let first = bytes.first else { throw .truncated }
    guard first == version else { throw .version(first) }
    self.bytes = bytes
  }

  package mutating func byte() throws(StateCodingFailure) -> UInt8 {
    guard index < bytes.count else { throw .truncated }
    defer { index += 1 }
    return bytes[index]
  }

  package mutating func flag() throws(StateCodingFailure) -> Bool {
    switch try byte() {
    case 0: false
    case 1: true
    default: throw .outOfRange("flag")
    }
  }

  package mutating func unsigned() throws(StateCodingFailure) -> UInt64 {
    var value: UInt64 = 0
    for place in 0..<10 {
      let next = try byte()
      guard place < 9 || next <= 1 else { throw .outOfRange("integer") }
      value |= UInt64(next & 0x7F) << (7 * UInt64(place))
      if next < 0x80 { return value }
    }
    throw .outOfRange("integer")
  }

  package mutating func signed() throws(StateCodingFailure) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// A number of items of at least one byte each, so never more than the bytes left.
  package mutating func count(_ name: String, max: Int = .max) throws(StateCodingFailure) -> Int {
    let value = try unsigned()
    guard value <= UInt64(min(bytes.count - index, max)) else { throw .outOfRange(name) }
    return Int(value)
  }

  /// A whole number in `range`; `name` says in the failure what it was.
  package mutating func number(_ name: String, in range: ClosedRange<Int64>) throws(StateCodingFailure) -> Int64 {
    let value = try signed()
    guard range.contains(value) else { throw .outOfRange(name) }
    return value
  }

  package mutating func instant() throws(StateCodingFailure) -> Instant {
    Instant(milliseconds: try number("instant", in: -Self.instantMax...Self.instantMax))
  }

  package mutating func date() throws(StateCodingFailure) -> LocalDate {
    LocalDate(daysSinceEpoch: Int(try number("date", in: -40_000_000...40_000_000)))
  }

  package mutating func raw(_ name: String) throws(StateCodingFailure) -> [UInt8] {
    let length = try count(name)
    defer { index += length }
    return Array(bytes[index..<(index + length)])
  }

  package mutating func text(_ name: String) throws(StateCodingFailure) -> String {
    guard let text = String(validating: try raw(name), as: UTF8.self) else { throw .outOfRange(name) }
    return text
  }

  /// To be called last.
  package func finish() throws(StateCodingFailure) {
    guard index == bytes.count else { throw .trailing }
  }
}
