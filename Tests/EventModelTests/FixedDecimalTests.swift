import EventModel
import Testing

@Suite("Fixed decimal")
struct FixedDecimalTests {
  @Test("JSON numbers are read exactly, with trailing zeros and exponents")
  func reading() throws {
    let cases: [(String, Int64)] = [
      ("0", 0), ("-0", 0), ("1", 1_000_000), ("-1.5", -1_500_000), ("0.000001", 1), ("1.2000000000", 1_200_000),
      ("1e3", 1_000_000_000), ("12E-1", 1_200_000), ("1.5e+2", 150_000_000), ("0e999999999999", 0),
      ("999999999999.999999", 999_999_999_999_999_999), ("100000000000000e-6", 100_000_000_000_000),
    ]
    for (text, millionths) in cases {
      #expect(try FixedDecimal(json: text.utf8).millionths == millionths, "\(text)")
    }
  }

  @Test("What is no number, too large or too fine is told apart")
  func failures() {
    let cases: [(String, FixedDecimal.ParseFailure)] = [
      ("", .malformed), ("-", .malformed), ("01", .malformed), ("1.", .malformed), (".5", .malformed),
      ("1e", .malformed), ("1x", .malformed), ("+1", .malformed), ("1000000000000", .outOfRange), ("1e12", .outOfRange),
      ("1e99999999", .outOfRange), ("0.0000001", .tooManyPlaces), ("1.1234567", .tooManyPlaces),
    ]
    for (text, failure) in cases {
      #expect(throws: failure, "\(text)") { try FixedDecimal(json: text.utf8) }
    }
  }

  @Test("Text and reading are each other's inverse")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<5000 {
      let magnitude = Int64(1) << Int64(random.below(60))
      let millionths = Int64.random(in: -magnitude...magnitude, using: &random)
      guard let number = FixedDecimal(millionths: millionths) else { continue }
      #expect(try FixedDecimal(json: number.text.utf8) == number)
    }
  }

  @Test("Products, quotients and roundings are half-even to the last place")
  func arithmetic() {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<5000 {
      let bound = Int64(1) << Int64(1 + random.below(58))
      guard let left = FixedDecimal(millionths: Int64.random(in: -bound...bound, using: &random)),
        let right = FixedDecimal(millionths: Int64.random(in: -bound...bound, using: &random))
      else { continue }
      let (a, b) = (Int128(left.millionths), Int128(right.millionths))
      #expect(left.adding(right)?.millionths == fitting(a + b))
      #expect(left.subtracting(right)?.millionths == fitting(a - b))
      #expect(left.multiplied(by: right)?.millionths == fitting(nearest(a * b, 1_000_000)))
      if b != 0 { #expect(left.divided(by: right)?.millionths == fitting(nearest(a * 1_000_000, b))) }
      #expect(left.rounded(places: 2)?.millionths == fitting(nearest(a, 10_000) * 10_000))
    }
    #expect(FixedDecimal(1)?.divided(by: .zero) == nil)
  }

  @Test("A tie goes to the even neighbour, in every operation and on both sides of zero")
  func ties() {
    for whole in Int64(-50)...50 {
      let even = whole % 2 == 0 ? whole : whole + 1
      let cent = FixedDecimal(millionths: whole * 10_000 + 5_000)
      #expect(cent?.rounded(places: 2)?.millionths == even * 10_000, "\(whole).5 cents")
      let odd = FixedDecimal(millionths: 2 * whole + 1)
      #expect(odd?.divided(by: FixedDecimal(millionths: Int64(2_000_000)) ?? .zero)?.millionths == even)
      #expect(odd?.multiplied(by: FixedDecimal(millionths: Int64(500_000)) ?? .zero)?.millionths == even)
    }
  }

  @Test("10^12 is the first magnitude that is no number, whatever it comes from")
  func bound() {
    let largest = FixedDecimal(millionths: FixedDecimal.limit - 1)
    let least = FixedDecimal(millionths: Int64(1))
    #expect(largest != nil && FixedDecimal(millionths: FixedDecimal.limit) == nil)
    #expect(least.flatMap { largest?.adding($0) } == nil)
    #expect(least.flatMap { largest?.negated.subtracting($0) } == nil)
    #expect(FixedDecimal(1_000_000).flatMap { $0.multiplied(by: $0) } == nil)
    #expect(FixedDecimal(1_000_000).flatMap { FixedDecimal(999_999)?.multiplied(by: $0) } != nil)
  }

  /// Nearest whole number by comparing both neighbours, ties to the even one.
  private func nearest(_ dividend: Int128, _ divisor: Int128) -> Int128 {
    let (a, b) = divisor < 0 ? (-dividend, -divisor) : (dividend, divisor)
    var low = a / b
    if low * b > a { low -= 1 }
    let below = a - low * b
    let above = (low + 1) * b - a
    if below != above { return below < above ? low : low + 1 }
    return low % 2 == 0 ? low : low + 1
  }

  private func fitting(_ value: Int128) -> Int64? {
    value.magnitude < 1_000_000_000_000_000_000 ? Int64(value) : nil
  }
}
