import EventModel

/// Where the planted truths lie, drawn from the seed, and what they do to the odds. Chances are per million.
struct PlantedPlan: Sendable {
  /// A step of the path that a planted break may close.
  enum Step: String, Sendable, CaseIterable { case contact, joined }

  /// What a member may do before her first check-in.
  enum Behaviour: String, Sendable, CaseIterable {
    case introduced
    case tookLesson = "took_lesson"
  }

  let planted: Set<PlantedTruth>
  let brokenStep: Step
  /// The first of three days.
  let brokenFrom: Int
  /// Index among the brand's communities.
  let coolingCommunity: Int
  /// The day on which the talk begins to fade.
  let coolingFrom: Int
  let bestChannel: AcquisitionChannel
  let helpfulBehaviour: Behaviour

  static let brokenDays = 3
  private static let contactChance = 780_000
  private static let joinedChance = 820_000
  /// What a broken step still lets through.
  private static let brokenChance = 70_000
  /// Of a member's day: that she orders.
  private static let orderChance = 20_000
  /// How much more often those of the best channel, and those who did what helps, order; in hundredths.
  private static let bestChannelFactor = 500
  private static let behaviourFactor = 350
  /// Days over which the cooling community's talk falls, and what is left of it in thousandths.
  private static let coolingSpan = 6
  private static let coolingRest = 110

  /// Draws everything, also what is not planted, so that a seed's choices do not depend on the options.
  init(settings: SimulationSettings, communities: [BrandCommunity]) {
    var stream = RandomStream(seed: settings.seed, .planting)
    planted = settings.planted
    brokenStep = Step.allCases[stream.below(Step.allCases.count)]
    brokenFrom = stream.between(settings.days / 4...max(settings.days / 4, settings.days / 2 - Self.brokenDays))
    let standing = communities.indices.filter { communities[$0].kind == .member }
    coolingCommunity = standing[stream.below(standing.count)]
    // The fall is over, and a whole week of quiet stands in the windows, when the period ends.
    coolingFrom = settings.days - Self.coolingSpan - 7 + stream.below(2)
    bestChannel = AcquisitionChannel.candidates[stream.below(AcquisitionChannel.candidates.count)]
    helpfulBehaviour = Behaviour.allCases[stream.below(Behaviour.allCases.count)]
  }

  /// Whether somebody who follows on `day` becomes a contact.
  func contactChance(day: Int) -> Int { chance(of: .contact, normal: Self.contactChance, day: day) }

  /// Whether a contact of `day` joins a community.
  func joinedChance(day: Int) -> Int { chance(of: .joined, normal: Self.joinedChance, day: day) }

  private func chance(of step: Step, normal: Int, day: Int) -> Int {
    let isBroken = planted.contains(.brokenStep) && step == brokenStep
    return isBroken && (brokenFrom..<brokenFrom + Self.brokenDays).contains(day) ? Self.brokenChance : normal
  }

  /// Whether a member orders on a day of average liveliness.
  func orderChance(channel: AcquisitionChannel?, behaviours: Set<Behaviour>) -> Int {
    var chance = Self.orderChance
    if planted.contains(.bestChannel), channel == bestChannel { chance = chance * Self.bestChannelFactor / 100 }
    if planted.contains(.helpfulBehaviour), behaviours.contains(helpfulBehaviour) {
      chance = chance * Self.behaviourFactor / 100
    }
    return chance
  }

  /// What is left of a community's talk on a day, in thousandths.
  func talk(community: Int, day: Int) -> Int {
    guard planted.contains(.coolingCommunity), community == coolingCommunity, day >= coolingFrom else { return 1000 }
    let steps = min(day - coolingFrom + 1, Self.coolingSpan)
    return 1000 - (1000 - Self.coolingRest) * steps / Self.coolingSpan
  }
}
