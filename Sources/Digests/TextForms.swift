/// Lower-case hexadecimal, two digits a byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// Reads pairs of hexadecimal digits of either case; nil for anything else.
package func hexadecimalDecode(_ text: some StringProtocol) -> [UInt8]? {
  var bytes: [UInt8] = []
  var high: UInt8?
  for unit in text.utf8 {
    guard let digit = hexadecimalDigit(unit) else { return nil }
    if let upper = high {
      bytes.append(upper << 4 | digit)
      high = nil
    } else {
      high = digit
    }
  }
  return high == nil ? bytes : nil
}

private func hexadecimalDigit(_ unit: UInt8) -> UInt8? {
  switch unit {
  case 0x30...0x39: unit - 0x30
  case 0x41...0x46: unit - 0x41 + 10
  case 0x61...0x66: unit - 0x61 + 10
  default: nil
  }
}

/// The two alphabets of RFC 4648.
package enum Base64Alphabet: Sendable {
  /// Section 4: `+` and `/`, padded with `=`.
  case standard
  /// Section 5: `-` and `_`, no padding.
  case urlSafe
}

/// Base64 (RFC 4648) without line breaks.
package func base64Encode(_ bytes: some Sequence<UInt8>, _ alphabet: Base64Alphabet = .standard) -> String {
  let digits = base64Digits(alphabet)
  var text: [UInt8] = []
  var group: UInt32 = 0
  var held = 0
  for byte in bytes {
    group = group << 8 | UInt32(byte)
    held += 1
    if held == 3 {
      for shift in [18, 12, 6, 0] { text.append(digits[Int(group >> UInt32(shift) & 63)]) }
      group = 0
      held = 0
    }
  }
  if held > 0 {
    group <<= UInt32(8 * (3 - held))
    for shift in [18, 12, 6].prefix(held + 1) { text.append(digits[Int(group >> UInt32(shift) & 63)]) }
    if alphabet == .standard { text.append(contentsOf: repeatElement(0x3D, count: 3 - held)) }
  }
  return String(decoding: text, as: UTF8.self)
}

/// Reads base64 strictly: no white space, whole padding in the standard alphabet and none in the other, unused bits
/// zero; nil for anything else, so that each byte string has exactly one text.
package func base64Decode(_ text: some StringProtocol, _ alphabet: Base64Alphabet = .standard) -> [UInt8]? {
  var units = Array(text.utf8)
  if alphabet == .standard {
    guard units.count % 4 == 0 else { return nil }
    for _ in 0..<2 where units.last == 0x3D { units.removeLast() }
  }
  guard units.count % 4 != 1 else { return nil }
  var values = [UInt8](repeating: 64, count: 256)
  for (value, unit) in base64Digits(alphabet).enumerated() { values[Int(unit)] = UInt8(value) }
  var bytes: [UInt8] = []
  var bits: UInt32 = 0
  var held = 0
  for unit in units {
    let value = values[Int(unit)]
    guard value < 64 else { return nil }
    bits = (bits << 6 | UInt32(value)) & 0xFFFF
    held += 6
    if held >= 8 {
      held -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
    }
  }
  return bits & (1 << UInt32(held) - 1) == 0 ? bytes : nil
}

private func base64Digits(_ alphabet: Base64Alphabet) -> [UInt8] {
  let common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  return Array((common + (alphabet == .standard ? "+/" : "-_")).utf8)
}
