import EventModel

/// Pages and goods looked at, wishes made, and what members answer in surveys.
extension EventScript {
  /// Of an average day: that she looks at something; that she says what she wishes.
  private static let viewChance = 300_000
  private static let wishChance = 2_500
  private static let surveyShare = 30

  mutating func writeBrowsing() {
    for plan in plans where plan.joinedAt != nil {
      guard !plan.isTold else {
        view(.nappies, yuan: 129, at: FollowedMember.last(period), by: plan)
        continue
      }
      var stream = stream(.browsing, plan.index)
      for day in days(of: plan) {
        let looks = stream.chance(perMillion: Self.viewChance * period.liveliness(of: day) / 1000)
        let at = period.instant(day: day, second: second(of: plan.profile.persona, &stream))
        let goods = Goods.allCases[stream.weighted(plan.profile.persona.goods)]
        let yuan = stream.between(goods.prices)
        let isPage = stream.chance(percent: 40)
        if looks, plan.isHeard(at: at) {
          if isPage { viewPage(of: goods, at: at, by: plan) } else { view(goods, yuan: yuan, at: at, by: plan) }
        }
        guard stream.chance(perMillion: Self.wishChance), plan.isHeard(at: at + .seconds(40)) else { continue }
        drafts.add(
          "wish.made",
          at: at + .seconds(40),
          of: .member(plan.id),
          community: communityID(of: plan),
          [("category", .string(goods.rawValue)), ("wish", .string("想要更多\(goods.rawValue)活动"))]
        )
      }
    }
  }

  private mutating func viewPage(of goods: Goods, at: Instant, by plan: MemberPlan) {
    drafts.add(
      "page.viewed",
      at: at,
      of: .member(plan.id),
      [("category", .string(goods.rawValue)), ("page", .string("guide/\(goods.rawValue)"))]
    )
  }

  /// Sundays at noon the communities are asked; after an order some are asked too.
  mutating func writeSurveys() {
    for plan in plans where plan.joinedAt != nil {
      var stream = stream(.survey, plan.index)
      for day in 0..<settings.days where period.date(of: day).isoWeekday == 7 {
        let isAnswered = stream.chance(percent: Self.surveyShare)
        let at = period.instant(day: day, second: 12 * 3600 + stream.below(8 * 3600))
        let score = score(of: plan, &stream)
        if isAnswered { answer("weekly", score, at: at, by: plan) }
      }
      for order in plan.orders {
        let isAnswered = stream.chance(percent: 40)
        let at = order.at + .hours(Int64(stream.between(40...90)))
        let score = score(of: plan, &stream)
        if isAnswered { answer("order", score, at: at, by: plan) }
      }
    }
  }

  private func score(of plan: MemberPlan, _ stream: inout RandomStream) -> Int {
    min(10, max(0, (plan.satisfaction + stream.between(-130...130) + 50) / 100))
  }

  private mutating func answer(_ survey: String, _ score: Int, at: Instant, by plan: MemberPlan) {
    guard plan.isHeard(at: at), !plan.isTold else { return }
    drafts.add(
      "survey.answered",
      at: at,
      of: .member(plan.id),
      community: communityID(of: plan),
      [("question", .string("would_recommend")), ("score", .count(score)), ("survey", .string(survey))]
    )
  }

  private func second(of persona: Persona, _ stream: inout RandomStream) -> Int {
    stream.weighted(persona.hours) * 3600 + stream.below(3600)
  }
}
