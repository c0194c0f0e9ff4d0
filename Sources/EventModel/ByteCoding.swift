/// Writes the compact forms in which state is stored: length-prefixed, little-endian, zigzag variable-length integers.
package struct ByteWriter: Sendable {
  package private(set) var output: [UInt8] = []

  package init() {}

  package mutating func byte(_ value: UInt8) { output.append(value) }

  package mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  package mutating func integer(_ value: Int64) {
    unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  package mutating func count(_ value: Int) { unsigned(UInt64(value)) }

  package mutating func flag(_ value: Bool) { output.append(value ? 1 : 0) }

  package mutating func bytes(_ value: [UInt8]) {
    count(value.count)
    output.append(contentsOf: value)
  }

  package mutating func text(_ value: String) {
    count(value.utf8.count)
    output.append(contentsOf: value.utf8)
  }

  package mutating func optional<T>(_ value: T?, _ write: (inout ByteWriter, T) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }

  package mutating func value(_ value: Value) {
    switch value {
    case .null: byte(0)
    case .bool(let flag): byte(flag ? 2 : 1)
    case .number(let number):
      byte(3)
      integer(number.millionths)
    case .string(let string):
      byte(4)
      text(string)
    case .time(let instant):
      byte(5)
      integer(instant.milliseconds)
    case .span(let span):
      byte(6)
      integer(span.milliseconds)
    case .list(let values):
      byte(7)
      count(values.count)
      for element in values { self.value(element) }
    case .object(let members):
      byte(8)
      count(members.count)
      for member in members {
        text(member.name)
        self.value(member.value)
      }
    }
  }
}

/// Reads what `ByteWriter` wrote; anything else is a `Failure`, never a trap, whatever the bytes say.
package struct ByteReader: Sendable {
  package struct Failure: Error, Hashable, Sendable {
    package init() {}
  }

  /// Nesting of a stored value.
  package static let depthMax = 32

  private let input: [UInt8]
  private var index = 0

  package init(_ input: [UInt8]) { self.input = input }

  package var isAtEnd: Bool { index == input.count }

  package mutating func byte() throws(Failure) -> UInt8 {
    guard index < input.count else { throw Failure() }
    index += 1
    return input[index - 1]
  }

  package mutating func unsigned() throws(Failure) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || (shift == 63 && next <= 1) else { throw Failure() }
      value |= UInt64(next & 0x7f) << shift
      if next & 0x80 == 0 { return value }
      shift += 7
    }
  }

  package mutating func integer() throws(Failure) -> Int64 {
    let raw = try unsigned()
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  /// A count of things that follow; never more than the bytes left.
  package mutating func count() throws(Failure) -> Int {
    let value = try unsigned()
    guard value <= UInt64(input.count - index) else { throw Failure() }
    return Int(value)
  }

  package mutating func flag() throws(Failure) -> Bool {
    switch try byte() {
    case 0: return false
    case 1: return true
    default: throw Failure()
    }
  }

  package mutating func bytes() throws(Failure) -> [UInt8] {
    let length = try count()
    defer { index += length }
    return Array(input[index..<(index + length)])
  }

  package mutating func text() throws(Failure) -> String {
    let length = try count()
    defer { index += length }
    return String(decoding: input[index..<(index + length)], as: UTF8.self)
  }

  package mutating func optional<T>(_ read: (inout ByteReader) throws(Failure) -> T) throws(Failure) -> T? {
    try flag() ? try read(&self) : nil
  }

  package mutating func value(depth: Int = 0) throws(Failure) -> Value {
    guard depth < Self.depthMax else { throw Failure() }
    switch try byte() {
    case 0: return .null
    case 1: return .bool(false)
    case 2: return .bool(true)
    case 3:
      guard let number = FixedDecimal(millionths: try integer()) else { throw Failure() }
      return .number(number)
    case 4: return .string(try text())
    case 5: return .time(Instant(milliseconds: try integer()))
    case 6: return .span(TimeSpan(milliseconds: try integer()))
    case 7:
      var values: [Value] = []
      for _ in 0..<(try count()) { values.append(try value(depth: depth + 1)) }
      return .list(values)
    case 8:
      var members: [Value.Member] = []
      for _ in 0..<(try count()) {
        members.append(Value.Member(name: try text(), value: try value(depth: depth + 1)))
      }
      return .object(members)
    default: throw Failure()
    }
  }
}
