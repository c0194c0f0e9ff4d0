import EventModel

/// Canonical JSON written straight to bytes; the fast twin of `Value.writeCanonical`.
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
    if !isSorted(members) { sorted.sort { precedes($0.name, $1.name) } }
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
    for index in members.indices.dropFirst() where !precedes(members[index - 1].name, members[index].name) {
      return false
    }
    return true
  }

  /// Order by code point, which for UTF-8 is the order of the bytes.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  /// A quoted string.
  package static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    writeContent(text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// The inside of a quoted string.
  static func writeContent(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { utf8 in
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
  static func write(_ number: FixedDecimal, to bytes: inout [UInt8]) {
    let (whole, fraction) = number.millionths.quotientAndRemainder(dividingBy: FixedDecimal.scale)
    guard fraction != 0 else { return writeDigits(whole, to: &bytes) }
    if number.millionths < 0 { bytes.append(UInt8(ascii: "-")) }
    writeDigits(Int64(whole.magnitude), to: &bytes)
    bytes.append(UInt8(ascii: "."))
    var rest = fraction.magnitude
    var unit: UInt64 = 100_000
    while rest != 0 {
      bytes.append(UInt8(48 + rest / unit))
      rest %= unit
      unit /= 10
    }
  }

  static func writeDigits(_ number: Int64, to bytes: inout [UInt8]) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(48 + rest % 10))
      rest /= 10
    } while rest != 0
    bytes[start...].reverse()
  }

  /// A quoted RFC 3339 time; years 0 to 9999.
  static func write(_ instant: Instant, to bytes: inout [UInt8]) {
    let (days, milliseconds) = floorDivide(instant.milliseconds, 86_400_000)
    let (year, month, day) = LocalDate(daysSinceEpoch: Int(days)).components
    guard (0...9999).contains(year) else { return write(instant.text, to: &bytes) }
    let rest = Int(milliseconds)
    bytes.append(UInt8(ascii: "\""))
    writeTwo(year / 100, to: &bytes)
    writeTwo(year % 100, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    writeTwo(month, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    writeTwo(day, to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    writeTwo(rest / 3_600_000, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    writeTwo(rest / 60_000 % 60, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    writeTwo(rest / 1000 % 60, to: &bytes)
    bytes.append(UInt8(ascii: "."))
    bytes.append(UInt8(48 + rest % 1000 / 100))
    writeTwo(rest % 100, to: &bytes)
    bytes.append(UInt8(ascii: "Z"))
    bytes.append(UInt8(ascii: "\""))
  }

  private static func writeTwo(_ number: Int, to bytes: inout [UInt8]) {
    bytes.append(UInt8(48 + number / 10))
    bytes.append(UInt8(48 + number % 10))
  }
}
