/// An exact decimal with six places, |x| < 10^12 (SEMANTICS "Subjects, events, numbers").
///
/// Held as a count of millionths. Addition of accepted numbers is exact; every other operation rounds half-even to
/// six places. A result at or past 10^12, and division by zero, are `nil`.
package struct FixedDecimal: Hashable, Comparable, Sendable {
  /// Millionths of one; always in `-limit + 1 ... limit - 1`.
  package let millionths: Int64

  /// Millionths in 10^12: the first magnitude that is out of range.
  package static let limit: Int64 = 1_000_000_000_000_000_000
  package static let scale: Int64 = 1_000_000
  package static let zero = FixedDecimal(unchecked: 0)

  private init(unchecked millionths: Int64) {
    self.millionths = millionths
  }

  /// `nil` when the magnitude is at or past 10^12.
  package init?(millionths: Int64) {
    guard millionths > -Self.limit, millionths < Self.limit else { return nil }
    self.millionths = millionths
  }

  /// `nil` when the magnitude is at or past 10^12.
  package init?(millionths: Int128) {
    let limit = mutated(.decimalUnbounded) ? Int128(Self.limit) + 1 : Int128(Self.limit)
    guard millionths > -limit, millionths < limit else { return nil }
    self.millionths = Int64(millionths)
  }

  /// `nil` when the magnitude is at or past 10^12.
  package init?(_ whole: Int) {
    guard whole > -1_000_000_000_000, whole < 1_000_000_000_000 else { return nil }
    self.millionths = Int64(whole) * Self.scale
  }

  package static func < (left: FixedDecimal, right: FixedDecimal) -> Bool {
    left.millionths < right.millionths
  }

  package func adding(_ other: FixedDecimal) -> FixedDecimal? {
    FixedDecimal(millionths: Int128(millionths) + Int128(other.millionths))
  }

  package func subtracting(_ other: FixedDecimal) -> FixedDecimal? {
    FixedDecimal(millionths: Int128(millionths) - Int128(other.millionths))
  }

  package func multiplied(by other: FixedDecimal) -> FixedDecimal? {
    let product = Int128(millionths) * Int128(other.millionths)
    return FixedDecimal(millionths: roundedHalfEven(product, dividedBy: Int128(Self.scale)))
  }

  package func divided(by other: FixedDecimal) -> FixedDecimal? {
    guard other.millionths != 0 else { return nil }
    let scaled = Int128(millionths) * Int128(Self.scale)
    return FixedDecimal(millionths: roundedHalfEven(scaled, dividedBy: Int128(other.millionths)))
  }

  /// Rounds half-even to `places` places, 0 ... 6.
  package func rounded(places: Int) -> FixedDecimal? {
    guard places < 6 else { return self }
    var unit: Int128 = 1
    for _ in 0..<(6 - max(0, places)) { unit *= 10 }
    return FixedDecimal(millionths: roundedHalfEven(Int128(millionths), dividedBy: unit) * unit)
  }

  package var negated: FixedDecimal { FixedDecimal(unchecked: -millionths) }
  package var magnitude: FixedDecimal { FixedDecimal(unchecked: abs(millionths)) }
}

/// `dividend / divisor` rounded to the nearest whole number, ties to the even one; `divisor` is not zero.
package func roundedHalfEven(_ dividend: Int128, dividedBy divisor: Int128) -> Int128 {
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  let twice = remainder.magnitude * 2
  let whole = divisor.magnitude
  if twice < whole || (twice == whole && quotient % 2 == 0 && !mutated(.roundsHalfUp)) { return quotient }
  return (remainder < 0) == (divisor < 0) ? quotient + 1 : quotient - 1
}

extension FixedDecimal {
  /// Why a text is not a number of ours.
  package enum ParseFailure: Error, Equatable {
    case malformed
    case outOfRange
    case tooManyPlaces
  }

  /// Reads a JSON number: sign, digits, fraction, exponent. Trailing zeros after the point do not count as places.
  package init(json text: some Collection<UInt8>) throws(ParseFailure) {
    var iterator = text.makeIterator()
    var next = iterator.next()
    let negative = next == UInt8(ascii: "-")
    if negative { next = iterator.next() }
    var digits: [UInt8] = []
    var fractionDigits = 0
    var wholeDigits = 0
    while let byte = next, isDigit(byte) {
      digits.append(byte - 48)
      wholeDigits += 1
      next = iterator.next()
    }
    guard wholeDigits > 0, wholeDigits == 1 || digits[0] != 0 else { throw .malformed }
    if next == UInt8(ascii: ".") {
      next = iterator.next()
      while let byte = next, isDigit(byte) {
        digits.append(byte - 48)
        fractionDigits += 1
        next = iterator.next()
      }
      guard fractionDigits > 0 else { throw .malformed }
    }
    var exponent = 0
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      next = iterator.next()
      let exponentNegative = next == UInt8(ascii: "-")
      if exponentNegative || next == UInt8(ascii: "+") { next = iterator.next() }
      var count = 0
      while let byte = next, isDigit(byte) {
        exponent = min(exponent * 10 + Int(byte - 48), 100_000)
        count += 1
        next = iterator.next()
      }
      guard count > 0 else { throw .malformed }
      if exponentNegative { exponent = -exponent }
    }
    guard next == nil else { throw .malformed }
    // The value is 0.d1d2d3… × 10^(wholeDigits + exponent); zeros at both ends say nothing.
    while digits.last == 0 { digits.removeLast() }
    var leading = 0
    while leading < digits.count, digits[leading] == 0 { leading += 1 }
    guard leading < digits.count else {
      self.init(unchecked: 0)
      return
    }
    let pointAfter = wholeDigits + exponent
    guard pointAfter - leading <= 12 else { throw .outOfRange }
    guard digits.count - pointAfter <= 6 else { throw .tooManyPlaces }
    var value: Int64 = 0
    for digit in digits[leading...] { value = value * 10 + Int64(digit) }
    for _ in 0..<(6 - (digits.count - pointAfter)) { value *= 10 }
    self.init(unchecked: negative ? -value : value)
  }

  /// Plain decimal without exponent or trailing zeros: `0`, `-1.5`, `1200`.
  package var text: String {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  package func write(to bytes: inout [UInt8]) {
    if millionths < 0 { bytes.append(UInt8(ascii: "-")) }
    let value = millionths.magnitude
    let (whole, fraction) = value.quotientAndRemainder(dividingBy: UInt64(Self.scale))
    JSONWriter.writeDigits(magnitude: whole, to: &bytes)
    guard fraction != 0 else { return }
    bytes.append(UInt8(ascii: "."))
    var rest = fraction
    var unit: UInt64 = 100_000
    while rest != 0 {
      bytes.append(UInt8(48 + rest / unit))
      rest %= unit
      unit /= 10
    }
  }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
