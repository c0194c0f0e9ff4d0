import EventModel

/// The forms of an envelope's attributes.
package enum EnvelopeForms {
  /// 1 to 128 bytes of `[a-z0-9_]+(\.[a-z0-9_]+)+`: `order.paid`.
  package static func isType(_ bytes: some Collection<UInt8>) -> Bool {
    guard (1...AcceptanceLimits.nameBytesMax).contains(bytes.count) else { return false }
    var parts = 1
    var length = 0
    for byte in bytes {
      if byte == UInt8(ascii: ".") {
        guard length > 0 else { return false }
        parts += 1
        length = 0
      } else {
        guard isLowerOrDigit(byte) || byte == UInt8(ascii: "_") else { return false }
        length += 1
      }
    }
    return parts > 1 && length > 0
  }

  /// `[a-z0-9][a-z0-9-]{0,62}`.
  package static func isTenant(_ bytes: some Collection<UInt8>) -> Bool {
    guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-") else { return false }
    return bytes.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
  }

  /// 1 to `bytesMax` bytes without control characters.
  package static func isText(_ bytes: some Collection<UInt8>, bytesMax: Int = AcceptanceLimits.idBytesMax) -> Bool {
    guard (1...bytesMax).contains(bytes.count) else { return false }
    var previous: UInt8 = 0
    for byte in bytes {
      if byte < 32 || byte == 127 || (previous == 0xC2 && byte < 0xA0) { return false }
      previous = byte
    }
    return true
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57)
  }

  /// Times of an envelope: the years 1970 to 9999.
  package static let times = Instant(milliseconds: 0)...Instant(milliseconds: 253_402_300_799_999)

  /// RFC 3339 of the years 1970 to 9999; `nil` for anything else.
  static func time(_ bytes: UnsafeBufferPointer<UInt8>) -> Instant? {
    if let instant = plainTime(bytes) { return times.contains(instant) ? instant : nil }
    guard let instant = Instant(bytes: Array(bytes)), times.contains(instant) else { return nil }
    return instant
  }

  /// `YYYY-MM-DDTHH:MM:SSZ` or with three places, days to the 28th, without the general reader's work.
  private static func plainTime(_ bytes: UnsafeBufferPointer<UInt8>) -> Instant? {
    let count = bytes.count
    guard count == 20 || count == 24, bytes[count - 1] == 90, bytes[4] == 45, bytes[7] == 45, bytes[10] == 84,
      bytes[13] == 58, bytes[16] == 58, count == 20 || bytes[19] == 46
    else { return nil }
    var bad = false
    func two(_ index: Int) -> Int {
      let tens = Int(bytes[index]) - 48
      let ones = Int(bytes[index + 1]) - 48
      if tens < 0 || tens > 9 || ones < 0 || ones > 9 { bad = true }
      return tens * 10 + ones
    }
    let year = two(0) * 100 + two(2)
    let (month, day, hour, minute, second) = (two(5), two(8), two(11), two(14), two(17))
    var fraction = 0
    if count == 24 {
      fraction = two(20) * 10 + Int(bytes[22]) - 48
      if bytes[22] < 48 || bytes[22] > 57 { bad = true }
    }
    guard !bad, month >= 1, month <= 12, day >= 1, day <= 28, hour < 24, minute < 60, second < 60 else { return nil }
    // Days from civil (Howard Hinnant), for years of the common era.
    let shifted = month <= 2 ? year - 1 : year
    guard shifted >= 0 else { return nil }
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return Instant(milliseconds: Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + Int64(fraction))
  }
}
