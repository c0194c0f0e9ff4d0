import EventModel

/// Flash communities: who comes, and what becomes of the campaign's invitation.
extension EventScript {
  /// A member in a flash community.
  struct Visitor {
    let plan: MemberPlan
    let joinedAt: Instant
  }

  /// Of 100 members who belong when it opens: who comes.
  private static let visitorShare = 24

  /// Members who join a flash community between its opening and its campaign; only such as had joined before.
  func visitors(of community: BrandCommunity) -> [Visitor] {
    guard let campaign = community.campaign else { return [] }
    let opens = period.instant(day: community.createdDay, hour: 10)
    let span = Int((period.instant(day: campaign.day, hour: 12) - opens).milliseconds / 1000)
    return plans.compactMap { plan in
      var stream = stream(.campaign, plan.index * 1000 + community.number)
      let comes = stream.chance(percent: Self.visitorShare)
      let joinedAt = opens + .seconds(Int64(stream.below(span)))
      guard comes, !plan.isTold, plan.isHeard(at: opens), plan.isHeard(at: joinedAt) else { return nil }
      let hour = period.hour(of: joinedAt)
      let at = hour < 7 ? joinedAt + .hours(Int64(8 - hour)) : joinedAt
      return plan.isHeard(at: at) ? Visitor(plan: plan, joinedAt: at) : nil
    }
  }

  mutating func writeCampaigns() {
    for community in communities {
      guard let campaign = community.campaign else { continue }
      for visitor in visitors(of: community) {
        drafts.add(
          "community.joined",
          at: visitor.joinedAt,
          of: .member(visitor.plan.id),
          community: community.id,
          [("campaign", .string(campaign.id)), ("mode", .string("active")), ("scene", .string("campaign"))]
        )
        writeActivity(of: visitor, campaign, community)
      }
    }
  }

  /// Invited on the eve, then fewer at each step.
  private mutating func writeActivity(of visitor: Visitor, _ campaign: BrandCampaign, _ community: BrandCommunity) {
    var stream = stream(.campaign, -visitor.plan.index - 1)
    let eve = period.instant(day: campaign.day - 1, hour: 19)
    let starts = period.instant(day: campaign.day, hour: 20)
    let steps: [(type: String, at: Instant, percent: Int)] = [
      ("activity.invited", max(eve, visitor.joinedAt + .seconds(30)), 100),
      ("activity.replied", max(eve, visitor.joinedAt) + .seconds(Int64(stream.between(60...3600))), 60),
      ("activity.signed_up", max(eve, visitor.joinedAt) + .seconds(Int64(stream.between(3700...9000))), 80),
      ("activity.attended", starts + .seconds(Int64(stream.below(900))), 70),
    ]
    for step in steps {
      guard stream.chance(percent: step.percent), visitor.plan.isHeard(at: step.at) else { return }
      var data: [(String, Value)] = [("activity", .string(campaign.id)), ("kind", .string("live_sale"))]
      if step.type == "activity.replied" { data.append(("answer", .string("yes"))) }
      if step.type == "activity.attended" { data.append(("seconds", .count(stream.between(300...5400)))) }
      drafts.add(
        step.type,
        at: step.at,
        of: .member(visitor.plan.id),
        actor: step.type == "activity.invited" ? .system : .member,
        community: community.id,
        data
      )
    }
  }
}
