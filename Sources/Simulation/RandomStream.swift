/// A stream of random numbers of its own for every purpose and person, so that planting one truth leaves everything
/// else of a simulation as it was. SplitMix64 (Steele, Lea, Flood 2014): the same on every machine.
package struct RandomStream: Sendable {
  /// What the numbers are for. Raw values are part of what a seed means: never renumber them.
  package enum Purpose: UInt64, Sendable {
    case planting = 1, exposure, arrival, profile, path, presence, programme, orders, talk, replies, trade, referral,
      operation, campaign, survey, browsing, benchmark
  }

  private var state: UInt64

  /// `index` tells persons, communities or days of one purpose apart.
  package init(seed: UInt64, _ purpose: Purpose, _ index: Int = 0) {
    let keyed = Self.mixed(seed ^ Self.mixed(purpose.rawValue))
    state = Self.mixed(keyed &+ UInt64(truncatingIfNeeded: index) &* 0xd134_2543_de82_ef95)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// 64 random bits.
  package mutating func next() -> UInt64 {
    let number = Self.mixed(state)
    state &+= 0x9e37_79b9_7f4a_7c15
    return number
  }

  /// 0 ..< `bound`; 0 for a bound below 2. The bias is below bound / 2^64.
  package mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
  }

  /// One of the range, both ends included.
  package mutating func between(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True in `perMillion` of 1,000,000 cases.
  package mutating func chance(perMillion: Int) -> Bool { below(1_000_000) < perMillion }

  /// True in `percent` of 100 cases.
  package mutating func chance(percent: Int) -> Bool { below(100) < percent }

  /// An index of `weights`, each as often as its weight says; 0 where all are 0.
  package mutating func weighted(_ weights: [Int]) -> Int {
    var rest = below(weights.reduce(0, +))
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return 0
  }
}
