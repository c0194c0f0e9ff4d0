/// The standard normal distribution, without a library of mathematics: the same bits on every machine.
package enum NormalDistribution {
  /// Past this the series of the middle converges slowly and the continued fraction fast.
  private static let middle = 3.0
  /// Past this a tail is smaller than the smallest normal number.
  private static let farthest = 37.0

  /// The probability of a value over `z`, for any finite `z`; relative error below 10⁻¹².
  ///
  /// Abramowitz and Stegun 26.2.11 (series) and 26.2.14 (continued fraction).
  package static func upperTail(_ z: Double) -> Double {
    if z.isNaN { return .nan }
    if z < 0 { return 1 - upperTail(-z) }
    if z > farthest { return 0 }
    let density = exponential(-z * z / 2) / 2.506628274631000502
    return z < middle ? 0.5 - density * series(z) : density / fraction(z)
  }

  /// z + z³/3 + z⁵/(3·5) + …
  private static func series(_ z: Double) -> Double {
    var term = z
    var sum = z
    var odd = 3.0
    while term > sum * 1e-17 {
      term *= z * z / odd
      sum += term
      odd += 2
    }
    return sum
  }

  /// z + 1/(z + 2/(z + 3/(z + …))), from its far end.
  private static func fraction(_ z: Double) -> Double {
    var value = z
    for step in stride(from: 120, through: 1, by: -1) { value = z + Double(step) / value }
    return value
  }

  /// eˣ for x in [−745, 0]: a power of two times a short series.
  static func exponential(_ x: Double) -> Double {
    let half = 0.693147180559945309
    let twos = (x / half).rounded()
    let rest = x - twos * half
    var term = 1.0
    var sum = 1.0
    for step in 1...20 {
      term *= rest / Double(step)
      sum += term
    }
    return sum * Double(sign: .plus, exponent: Int(twos), significand: 1)
  }
}
