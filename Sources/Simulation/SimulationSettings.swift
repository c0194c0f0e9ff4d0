import EventModel

/// What a simulation is made from; the same settings give the same events, byte for byte.
package struct SimulationSettings: Sendable {
  /// Days simulated. Below 14 neither three days nor a week stand out.
  package static let dayBounds = 14...120
  /// Communities of all kinds; four hold one of each kind and a second one of members.
  package static let communityBounds = 4...60
  /// Members in all. The planted truths stand out from about 1,200 on.
  package static let memberBounds = 200...10_000
  /// The tenant unless another is named; its name says that it is simulated.
  package static let defaultTenant = "mother-and-baby-simulated"
  /// Monday, 2 March 2026.
  package static let defaultStart = LocalDate(daysSinceEpoch: 20_514)

  package let seed: UInt64
  /// The first local day, in Asia/Shanghai.
  package let start: LocalDate
  package let days: Int
  package let communities: Int
  package let members: Int
  package let planted: Set<PlantedTruth>
  package let tenant: String

  /// Throws when a number lies outside its bounds.
  package init(
    seed: UInt64,
    start: LocalDate = Self.defaultStart,
    days: Int = 30,
    communities: Int = 12,
    members: Int = 1800,
    planted: Set<PlantedTruth> = Set(PlantedTruth.allCases),
    tenant: String = Self.defaultTenant
  ) throws(SimulationFault) {
    for (name, value, bounds) in [
      ("days", days, Self.dayBounds), ("communities", communities, Self.communityBounds),
      ("members", members, Self.memberBounds),
    ] where !bounds.contains(value) {
      throw SimulationFault(setting: name, expected: "\(bounds.lowerBound) to \(bounds.upperBound)", got: "\(value)")
    }
    self.seed = seed
    self.start = start
    self.days = days
    self.communities = communities
    self.members = members
    self.planted = planted
    self.tenant = tenant
  }
}

/// A setting that a simulation cannot be made from.
package struct SimulationFault: Error, Hashable, Sendable {
  /// `days`, `communities` or `members`.
  package let setting: String
  package let expected: String
  package let got: String

  package init(setting: String, expected: String, got: String) {
    self.setting = setting
    self.expected = expected
    self.got = got
  }
}
