import EventModel

/// Why bytes are not a stored state.
package enum StateDecodeFailure: Error, Equatable {
  /// Written by another version of the form.
  case version(UInt8)
  case truncated
  /// A length, count, number, kind or order that no state has.
  case malformed
  /// Longer than `TaggingLimits.stateBytes`, or nested deeper than events are.
  case tooLarge
}

/// Reads the compact form; never past the end, never more elements than bytes are left.
struct StateReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() throws(StateDecodeFailure) -> UInt8 {
    guard position < bytes.count else { throw .truncated }
    position += 1
    return bytes[position - 1]
  }

  mutating func unsigned() throws(StateDecodeFailure) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || next <= 1 else { throw .malformed }
      result |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return result }
      shift += 7
      guard shift <= 63 else { throw .malformed }
    }
  }

  /// A number of elements, each at least one byte long.
  mutating func count() throws(StateDecodeFailure) -> Int {
    let value = try unsigned()
    guard value <= UInt64(bytes.count - position) else { throw .truncated }
    return Int(value)
  }

  mutating func signed() throws(StateDecodeFailure) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  mutating func wide() throws(StateDecodeFailure) -> Int128 {
    let low = try fixed()
    let high = try signed()
    // Far past what events can sum to, far below what arithmetic on sums could overflow.
    guard high.magnitude < 1 << 56 else { throw .malformed }
    return Int128(high) << 64 | Int128(low)
  }

  mutating func fixed() throws(StateDecodeFailure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(try byte()) << shift }
    return value
  }

  mutating func text() throws(StateDecodeFailure) -> String {
    let length = try count()
    guard let text = String(validating: bytes[position..<(position + length)], as: UTF8.self) else { throw .malformed }
    position += length
    return text
  }

  /// A number of at most `magnitude` either way.
  mutating func signed(within magnitude: Int64) throws(StateDecodeFailure) -> Int64 {
    let value = try signed()
    guard value >= -magnitude, value <= magnitude else { throw .malformed }
    return value
  }

  mutating func instant() throws(StateDecodeFailure) -> Int64 { try signed(within: TaggingLimits.instantMagnitude) }

  mutating func time() throws(StateDecodeFailure) -> Int64 {
    switch try byte() {
    case 0: return Slot.none
    case 1: return try instant()
    default: throw .malformed
    }
  }

  mutating func key() throws(StateDecodeFailure) -> DistinctKey {
    let kind = try byte()
    return DistinctKey(kind: kind, text: try text())
  }

  mutating func value(depth: Int = 0) throws(StateDecodeFailure) -> Value {
    guard depth <= AcceptanceLimits.dataDepthMax else { throw .tooLarge }
    switch try byte() {
    case 0: return .null
    case 1: return .bool(true)
    case 2: return .bool(false)
    case 3:
      guard let number = FixedDecimal(millionths: try signed()) else { throw .malformed }
      return .number(number)
    case 4: return .string(try text())
    case 5: return .time(Instant(milliseconds: try instant()))
    case 6: return .span(TimeSpan(milliseconds: try signed(within: Instant.distantFuture.milliseconds)))
    case 7:
      var values: [Value] = []
      for _ in 0..<(try count()) { values.append(try value(depth: depth + 1)) }
      return .list(values)
    case 8:
      var members: [Value.Member] = []
      for _ in 0..<(try count()) {
        let name = try text()
        members.append(Value.Member(name: name, value: try value(depth: depth + 1)))
      }
      return .object(members)
    default: throw .malformed
    }
  }
}
