/// So many of so many.
package struct Proportion: Hashable, Sendable {
  /// 0 to `of`.
  package var count: Int
  package var of: Int

  package init(_ count: Int, of whole: Int) {
    self.count = count
    of = whole
  }

  /// 0 where there is nothing to be a part of.
  package var rate: Double { of > 0 ? Double(count) / Double(of) : 0 }

  package static func + (left: Proportion, right: Proportion) -> Proportion {
    Proportion(left.count + right.count, of: left.of + right.of)
  }

  package static func - (left: Proportion, right: Proportion) -> Proportion {
    Proportion(left.count - right.count, of: left.of - right.of)
  }
}

/// Whether two rates differ by more than chance: the two-proportion z-test with the pooled rate, two-sided.
package struct TwoProportions: Hashable, Sendable {
  /// Below this many expected in one of the four cells the normal curve is no fit, and the test says nothing
  /// (the usual rule of five, W. G. Cochran 1954).
  package static let expectedMin = 5.0

  /// Positive where the first rate is the larger.
  package let z: Double
  /// Probability of a difference at least as large where there is none.
  package let p: Double

  /// Nil where the counts are too small to say anything, or all or none of both were counted.
  package init?(_ first: Proportion, _ second: Proportion) {
    let pooled = (first + second).rate
    let smaller = Double(min(first.of, second.of))
    guard first.of > 0, second.of > 0, smaller * pooled >= Self.expectedMin,
      smaller * (1 - pooled) >= Self.expectedMin
    else { return nil }
    let spread = (pooled * (1 - pooled) * (1 / Double(first.of) + 1 / Double(second.of))).squareRoot()
    z = (first.rate - second.rate) / spread
    p = min(1, 2 * NormalDistribution.upperTail(abs(z)))
  }
}
