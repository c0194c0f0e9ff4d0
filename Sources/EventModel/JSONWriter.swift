/// Canonical JSON written straight to bytes (SEMANTICS "Settled details"): no spaces, names by code point, unescaped UTF-8
/// but for `\"`, `\\` and control characters. Times are RFC 3339 texts; spans are milliseconds.
package enum JSONWriter {
  /// Appends `value` in canonical form.
  package static func write(_ value: Value, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(true): bytes.append(contentsOf: "true".utf8)
    case .bool(false): bytes.append(contentsOf: "false".utf8)
    case .number(let number): write(number, to: &bytes)
    case .string(let text): write(text, to: &bytes)
    case .time(let instant): write(instant, to: &bytes)
    case .span(let span): writeDigits(span.milliseconds, to: &bytes)
    case .list(let values): writeList(values, to: &bytes)
    case .object(let members): writeObject(members, to: &bytes)
    }
  }

  private static func writeList(_ values: [Value], to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "["))
    for index in values.indices {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(values[index], to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private static func writeObject(_ members: [Value.Member], to bytes: inout [UInt8]) {
    var sorted = members
    if !isSorted(members) { sorted.sort { precedesBytewise($0.name, $1.name) } }
    bytes.append(UInt8(ascii: "{"))
    for index in sorted.indices {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(sorted[index].name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      write(sorted[index].value, to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private static func isSorted(_ members: [Value.Member]) -> Bool {
    for index in members.indices.dropFirst() where !precedesBytewise(members[index - 1].name, members[index].name) {
      return false
    }
    return true
  }

  /// A quoted string.
  package static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    writeContent(text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// The inside of a quoted string.
  package static func writeContent(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { utf8 in
      guard utf8.contains(where: needsEscape) else { return bytes.append(contentsOf: utf8) }
      var plainFrom = 0
      for index in 0..<utf8.count where needsEscape(utf8[index]) {
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plainFrom..<index]))
        writeEscape(utf8[index], to: &bytes)
        plainFrom = index + 1
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plainFrom...]))
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func writeEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 8: bytes.append(UInt8(ascii: "b"))
    case 9: bytes.append(UInt8(ascii: "t"))
    case 10: bytes.append(UInt8(ascii: "n"))
    case 12: bytes.append(UInt8(ascii: "f"))
    case 13: bytes.append(UInt8(ascii: "r"))
    default:
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(hexDigit(byte >> 4))
      bytes.append(hexDigit(byte & 15))
    }
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

  /// Plain decimal without exponent or trailing zeros.
  package static func write(_ number: FixedDecimal, to bytes: inout [UInt8]) { number.write(to: &bytes) }

  package static func writeDigits(_ number: Int64, to bytes: inout [UInt8]) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    writeDigits(magnitude: number.magnitude, to: &bytes)
  }

  /// Digits are found from the last; `UInt64.max` has 20.
  static func writeDigits(magnitude: UInt64, to bytes: inout [UInt8]) {
    if magnitude < 10 { return bytes.append(UInt8(48 + magnitude)) }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var rest = magnitude
      var start = 20
      repeat {
        start -= 1
        digits[start] = UInt8(48 + rest % 10)
        rest /= 10
      } while rest != 0
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
    }
  }

  /// A quoted RFC 3339 time; years 0 to 9999.
  package static func write(_ instant: Instant, to bytes: inout [UInt8]) {
    let (days, milliseconds) = floorDivide(instant.milliseconds, 86_400_000)
    let (year, month, day) = LocalDate(daysSinceEpoch: Int(days)).components
    guard (0...9999).contains(year) else { return write(instant.text, to: &bytes) }
    let rest = Int(milliseconds)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 26) { text in
      func put(_ number: Int, at place: Int) {
        text[place] = UInt8(48 + number / 10)
        text[place + 1] = UInt8(48 + number % 10)
      }
      text[0] = UInt8(ascii: "\"")
      put(year / 100, at: 1)
      put(year % 100, at: 3)
      text[5] = UInt8(ascii: "-")
      put(month, at: 6)
      text[8] = UInt8(ascii: "-")
      put(day, at: 9)
      text[11] = UInt8(ascii: "T")
      put(rest / 3_600_000, at: 12)
      text[14] = UInt8(ascii: ":")
      put(rest / 60_000 % 60, at: 15)
      text[17] = UInt8(ascii: ":")
      put(rest / 1000 % 60, at: 18)
      text[20] = UInt8(ascii: ".")
      text[21] = UInt8(48 + rest % 1000 / 100)
      put(rest % 100, at: 22)
      text[24] = UInt8(ascii: "Z")
      text[25] = UInt8(ascii: "\"")
      bytes.append(contentsOf: UnsafeBufferPointer(text))
    }
  }
}
