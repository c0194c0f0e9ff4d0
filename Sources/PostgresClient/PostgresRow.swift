/// One row, read by column number and type. A wrong type, a NULL that the reader does not allow, or a column that is
/// not there is a fault of the program: it throws `.fatal`.
package struct PostgresRow: Sendable {
  let result: PostgresResult
  let index: Int

  package func int8(_ column: Int) throws(PostgresFailure) -> Int64 { try whole(column, int8OrNull(column)) }
  package func int4(_ column: Int) throws(PostgresFailure) -> Int32 { try whole(column, int4OrNull(column)) }
  package func bool(_ column: Int) throws(PostgresFailure) -> Bool { try whole(column, boolOrNull(column)) }
  package func text(_ column: Int) throws(PostgresFailure) -> String { try whole(column, textOrNull(column)) }
  /// Of a `bytea`, a `text` (UTF-8) or a `jsonb` (its text).
  package func bytes(_ column: Int) throws(PostgresFailure) -> [UInt8] { try whole(column, bytesOrNull(column)) }
  /// A `timestamptz` as microseconds since 1970-01-01T00:00:00Z; ±infinity are the extremes of `Int64`.
  package func microseconds(_ column: Int) throws(PostgresFailure) -> Int64 {
    try whole(column, microsecondsOrNull(column))
  }
  /// A `date` as days since 1970-01-01.
  package func days(_ column: Int) throws(PostgresFailure) -> Int32 { try whole(column, daysOrNull(column)) }

  package func int8OrNull(_ column: Int) throws(PostgresFailure) -> Int64? {
    try result.withField(index, column, as: [.int8]) { bytes throws(PostgresFailure) in try bigEndian(bytes) }
  }
  package func int4OrNull(_ column: Int) throws(PostgresFailure) -> Int32? {
    try result.withField(index, column, as: [.int4]) { bytes throws(PostgresFailure) in try bigEndian(bytes) }
  }
  package func boolOrNull(_ column: Int) throws(PostgresFailure) -> Bool? {
    try result.withField(index, column, as: [.bool]) { bytes throws(PostgresFailure) in
      let value: UInt8 = try bigEndian(bytes)
      return value != 0
    }
  }
  package func textOrNull(_ column: Int) throws(PostgresFailure) -> String? {
    try bytesOrNull(column).map { String(decoding: $0, as: UTF8.self) }
  }
  package func bytesOrNull(_ column: Int) throws(PostgresFailure) -> [UInt8]? {
    let isJSON = result.type(of: column) == .jsonb
    return try result.withField(index, column, as: [.bytea, .text, .jsonb]) { bytes throws(PostgresFailure) in
      Array(isJSON ? bytes.dropFirst() : bytes[...])
    }
  }
  package func microsecondsOrNull(_ column: Int) throws(PostgresFailure) -> Int64? {
    try result.withField(index, column, as: [.timestamptz]) { bytes throws(PostgresFailure) in
      let value: Int64 = try bigEndian(bytes)
      if value == .max || value == .min { return value }
      let (shifted, overflow) = value.addingReportingOverflow(PostgresEpoch.microsecondsAfter1970)
      return overflow ? .max : shifted
    }
  }
  package func daysOrNull(_ column: Int) throws(PostgresFailure) -> Int32? {
    try result.withField(index, column, as: [.date]) { bytes throws(PostgresFailure) in
      let value: Int32 = try bigEndian(bytes)
      return value &+ PostgresEpoch.daysAfter1970
    }
  }

  package func int8Array(_ column: Int) throws(PostgresFailure) -> [Int64?] {
    try elements(column, .int8Array) { bytes throws(PostgresFailure) in try bigEndian(bytes) }
  }
  package func int4Array(_ column: Int) throws(PostgresFailure) -> [Int32?] {
    try elements(column, .int4Array) { bytes throws(PostgresFailure) in try bigEndian(bytes) }
  }
  package func textArray(_ column: Int) throws(PostgresFailure) -> [String?] {
    try elements(column, .textArray) { bytes throws(PostgresFailure) in String(decoding: bytes, as: UTF8.self) }
  }
  package func byteaArray(_ column: Int) throws(PostgresFailure) -> [[UInt8]?] {
    try elements(column, .byteaArray) { bytes throws(PostgresFailure) in Array(bytes) }
  }

  private func whole<Value>(_ column: Int, _ value: Value?) throws(PostgresFailure) -> Value {
    guard let value else { throw .unexpectedResult("column \(column) is NULL") }
    return value
  }

  private func elements<Value>(
    _ column: Int,
    _ type: PostgresType,
    _ read: (UnsafeRawBufferPointer) throws(PostgresFailure) -> Value
  ) throws(PostgresFailure) -> [Value?] {
    let values = try result.withField(index, column, as: [type]) { bytes throws(PostgresFailure) in
      try arrayElements(bytes, of: type, read)
    }
    return try whole(column, values)
  }
}

private func bigEndian<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) throws(PostgresFailure) -> Number {
  guard bytes.count == MemoryLayout<Number>.size else {
    throw .unexpectedResult("number of \(bytes.count) bytes, expected \(MemoryLayout<Number>.size)")
  }
  return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
}

/// Reads the form that `PostgresArrayBuilder` describes; one dimension only.
private func arrayElements<Value>(
  _ bytes: UnsafeRawBufferPointer,
  of type: PostgresType,
  _ read: (UnsafeRawBufferPointer) throws(PostgresFailure) -> Value
) throws(PostgresFailure) -> [Value?] {
  var place = 0
  func word() throws(PostgresFailure) -> Int32 {
    guard place + 4 <= bytes.count else { throw .unexpectedResult("array ends early") }
    defer { place += 4 }
    return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int32.self))
  }
  let dimensions = try word()
  _ = try word()
  guard UInt32(bitPattern: try word()) == type.element?.rawValue else {
    throw .unexpectedResult("array of another element type")
  }
  guard dimensions > 0 else { return [] }
  guard dimensions == 1 else { throw .unexpectedResult("array of \(dimensions) dimensions, expected 1") }
  let count = try word()
  _ = try word()
  // Each element takes at least its length word: a count past that is not believed.
  guard count >= 0, Int(count) <= (bytes.count - place) / 4 else { throw .unexpectedResult("array count is false") }
  var values: [Value?] = []
  values.reserveCapacity(Int(count))
  for _ in 0..<count {
    let length = Int(try word())
    if length < 0 {
      values.append(nil)
      continue
    }
    guard place + length <= bytes.count else { throw .unexpectedResult("array ends early") }
    values.append(try read(UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])))
    place += length
  }
  return values
}
