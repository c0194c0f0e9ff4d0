import EventModel

/// Who brought whom: for everybody who came by referral, a member who was there before her.
struct ReferralPlanner {
  let settings: SimulationSettings
  let plans: [MemberPlan]

  private static let payerShare = 75
  private static let triesMax = 12

  /// Inviter by invitee, both as indices. Nobody invites before an hour has passed since her order or her joining.
  func inviters() -> [Int: Int] {
    let payers = sorted { $0.orders.first?.at }
    let joined = sorted { $0.joinedAt }
    var inviters: [Int: Int] = [:]
    for plan in plans where plan.channel == .referral {
      guard let followedAt = plan.followedAt else { continue }
      var stream = RandomStream(seed: settings.seed, .referral, plan.index)
      let wantsPayer = stream.chance(percent: Self.payerShare)
      let before = followedAt - .hours(1)
      let payer = wantsPayer ? pick(payers.prefix { $0.since < before }, at: before, &stream) : nil
      inviters[plan.index] = payer ?? pick(joined.prefix { $0.since < before }, at: before, &stream)
    }
    return inviters
  }

  private func sorted(_ since: (MemberPlan) -> Instant?) -> [(since: Instant, index: Int)] {
    plans.filter { !$0.isTold }
      .compactMap { plan in since(plan).map { ($0, plan.index) } }
      .sorted { $0 < $1 }
  }

  private func pick(
    _ choice: ArraySlice<(since: Instant, index: Int)>,
    at instant: Instant,
    _ stream: inout RandomStream
  ) -> Int? {
    guard !choice.isEmpty else { return nil }
    for _ in 0..<Self.triesMax {
      let index = choice[choice.startIndex + stream.below(choice.count)].index
      if plans[index].isHeard(at: instant) { return index }
    }
    return nil
  }
}
