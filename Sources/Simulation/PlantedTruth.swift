/// Something that is made true of a simulated brand, so that one can see whether it is found.
package enum PlantedTruth: String, Sendable, CaseIterable {
  /// On three days in a row one step of the path lets hardly anybody through.
  case brokenStep = "broken_step"
  /// The talk of one community of members dies down within a week.
  case coolingCommunity = "cooling_community"
  /// Those who came by one channel order several times as often.
  case bestChannel = "best_channel"
  /// Those who did something before their first check-in order several times as often afterwards.
  case helpfulBehaviour = "helpful_behaviour"
}
