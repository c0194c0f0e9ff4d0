/// A parameter, already in the server's binary form.
package struct PostgresValue: Sendable, Hashable {
  package let type: PostgresType
  /// Nil is NULL.
  package let bytes: [UInt8]?

  init(type: PostgresType, bytes: [UInt8]?) {
    self.type = type
    self.bytes = bytes
  }

  package static func null(_ type: PostgresType) -> PostgresValue { PostgresValue(type: type, bytes: nil) }
  package static func bool(_ value: Bool) -> PostgresValue { PostgresValue(type: .bool, bytes: [value ? 1 : 0]) }
  package static func int8(_ value: Int64) -> PostgresValue {
    PostgresValue(type: .int8, bytes: bigEndianBytes(value))
  }
  package static func int4(_ value: Int32) -> PostgresValue {
    PostgresValue(type: .int4, bytes: bigEndianBytes(value))
  }
  /// The server refuses U+0000 (`22021`).
  package static func text(_ value: String) -> PostgresValue { PostgresValue(type: .text, bytes: Array(value.utf8)) }
  package static func bytea(_ value: [UInt8]) -> PostgresValue { PostgresValue(type: .bytea, bytes: value) }
  /// JSON text in UTF-8. The server refuses the escape `\u0000` (`22P05`).
  package static func jsonb(_ text: [UInt8]) -> PostgresValue { PostgresValue(type: .jsonb, bytes: [1] + text) }
  /// - Parameter microseconds: since 1970-01-01T00:00:00Z; what the server cannot hold becomes ±infinity.
  package static func timestamptz(microseconds: Int64) -> PostgresValue {
    PostgresValue(type: .timestamptz, bytes: bigEndianBytes(serverMicroseconds(microseconds)))
  }
  /// - Parameter days: since 1970-01-01.
  package static func date(days: Int32) -> PostgresValue {
    PostgresValue(type: .date, bytes: bigEndianBytes(days &- PostgresEpoch.daysAfter1970))
  }

  package static func int4Array(_ values: [Int32?]) -> PostgresValue {
    var builder = PostgresArrayBuilder(.int4Array, capacity: values.count, elementBytes: 4)
    for value in values { if let value { builder.append(value) } else { builder.appendNull() } }
    return builder.value
  }
  package static func int8Array(_ values: [Int64?]) -> PostgresValue {
    var builder = PostgresArrayBuilder(.int8Array, capacity: values.count, elementBytes: 8)
    for value in values { if let value { builder.append(value) } else { builder.appendNull() } }
    return builder.value
  }
  package static func textArray(_ values: [String?]) -> PostgresValue {
    var builder = PostgresArrayBuilder(.textArray, capacity: values.count)
    for value in values { if let value { builder.append(text: value) } else { builder.appendNull() } }
    return builder.value
  }
  package static func byteaArray(_ values: [[UInt8]?]) -> PostgresValue {
    var builder = PostgresArrayBuilder(.byteaArray, capacity: values.count)
    for value in values { if let value { builder.append(bytes: value) } else { builder.appendNull() } }
    return builder.value
  }
}

/// Writes a one-dimensional array parameter element by element, so that a batch of rows becomes columns without
/// intermediate arrays. Appending is O(bytes).
///
/// The form: number of dimensions, null flag, element OID, length, lower bound, then each element's length (−1 for
/// NULL) and bytes; all big-endian 32 bit. Source: `array_send` in PostgreSQL's arrayfuncs.c.
package struct PostgresArrayBuilder {
  package let type: PostgresType
  package private(set) var count: Int32 = 0
  private var hasNull = false
  private var bytes: [UInt8]
  private static let headerBytes = 20

  /// - Parameter type: one of the array types; anything else makes an array of nothing the server would take.
  package init(_ type: PostgresType, capacity: Int = 0, elementBytes: Int = 32) {
    self.type = type
    bytes = []
    bytes.reserveCapacity(Self.headerBytes + capacity * (4 + elementBytes))
    bytes.append(contentsOf: repeatElement(0, count: Self.headerBytes))
  }

  package mutating func appendNull() {
    hasNull = true
    count += 1
    appendBigEndian(Int32(-1))
  }
  /// For `int4` and `date` (days since 2000-01-01: use `append(days:)`) arrays.
  package mutating func append(_ value: Int32) {
    count += 1
    appendBigEndian(Int32(4))
    appendBigEndian(value)
  }
  package mutating func append(_ value: Int64) {
    count += 1
    appendBigEndian(Int32(8))
    appendBigEndian(value)
  }
  package mutating func append(_ value: Bool) {
    count += 1
    appendBigEndian(Int32(1))
    bytes.append(value ? 1 : 0)
  }
  package mutating func append(text: String) {
    count += 1
    appendBigEndian(Int32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }
  /// The bytes of a `bytea`, or of a `text` in UTF-8.
  package mutating func append(bytes value: [UInt8]) {
    count += 1
    appendBigEndian(Int32(value.count))
    bytes.append(contentsOf: value)
  }
  /// JSON text in UTF-8.
  package mutating func append(json value: [UInt8]) {
    count += 1
    appendBigEndian(Int32(value.count + 1))
    bytes.append(1)
    bytes.append(contentsOf: value)
  }
  /// - Parameter microseconds: since 1970-01-01T00:00:00Z.
  package mutating func append(microseconds: Int64) { append(serverMicroseconds(microseconds)) }
  /// - Parameter days: since 1970-01-01.
  package mutating func append(days: Int32) { append(days &- PostgresEpoch.daysAfter1970) }

  package var value: PostgresValue {
    let element = type.element?.rawValue ?? 0
    guard count > 0 else {
      return PostgresValue(
        type: type,
        bytes: bigEndianBytes(Int32(0)) + bigEndianBytes(Int32(0)) + bigEndianBytes(element)
      )
    }
    var whole = bytes
    var place = 0
    for word in [1, hasNull ? 1 : 0, element, UInt32(count), 1] as [UInt32] {
      for byte in bigEndianBytes(word) {
        whole[place] = byte
        place += 1
      }
    }
    return PostgresValue(type: type, bytes: whole)
  }

  private mutating func appendBigEndian(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }
}

func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// Microseconds since 1970 as the server counts them; the extremes stand for ±infinity.
private func serverMicroseconds(_ microseconds: Int64) -> Int64 {
  // The server's first instant is in 4713 BC; its last lies past what 64 bits hold from 1970.
  if microseconds == .max { return .max }
  if microseconds <= -210_866_803_200_000_000 { return .min }
  return microseconds - PostgresEpoch.microsecondsAfter1970
}
