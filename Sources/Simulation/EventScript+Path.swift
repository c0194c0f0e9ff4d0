import EventModel

/// Channels and the path: exposed, followed, contact, joined, left.
extension EventScript {
  /// Totals of each channel and day, at the day's last second.
  mutating func writeChannels() {
    for (channel, counts) in zip(AcquisitionChannel.allCases, exposures.counts) {
      for (day, count) in counts.enumerated() {
        let at = period.instant(day: day, second: 86_399)
        let date = Value.string(period.date(of: day).text)
        drafts.add(
          "channel.exposed",
          at: at,
          of: .channel(channel.rawValue),
          [("count", .count(count)), ("day", date)]
        )
        drafts.add(
          "channel.spent",
          at: at,
          of: .channel(channel.rawValue),
          [("amount", .fen(count * channel.costPerThousand / 10)), ("currency", .string("CNY")), ("day", date)]
        )
      }
    }
  }

  mutating func writePaths() {
    for plan in plans {
      if plan.channel == nil { writeTakeover(of: plan) } else { writePath(of: plan) }
      writeEnd(of: plan)
    }
  }

  private mutating func writeTakeover(of plan: MemberPlan) {
    guard let joinedAt = plan.joinedAt, let community = communityID(of: plan) else { return }
    identify(plan, at: joinedAt - .seconds(1), source: "takeover")
    drafts.add(
      "community.joined",
      at: joinedAt,
      of: .member(plan.id),
      community: community,
      [("mode", .string("passive")), ("scene", .string("takeover"))]
    )
  }

  private mutating func writePath(of plan: MemberPlan) {
    guard let channel = plan.channel, let followedAt = plan.followedAt else { return }
    drafts.add(
      "account.followed",
      at: followedAt,
      of: .member(plan.id),
      channel: channel.rawValue,
      [("account", .string("xiaohe")), ("scene", .string(channel.rawValue))]
    )
    identify(plan, at: followedAt + .seconds(2), source: channel.rawValue)
    guard let contactAt = plan.contactAt else { return }
    let operatorID = plan.community.map { communities[$0].operatorID } ?? "op-01"
    drafts.add(
      "contact.added",
      at: contactAt,
      of: .member(plan.id),
      channel: channel.rawValue,
      operator: operatorID,
      [("hook", .string(channel.hook)), ("scene", .string(channel.rawValue)), ("way", .string("code"))]
    )
    writeJoin(of: plan, by: channel)
  }

  private mutating func writeJoin(of plan: MemberPlan, by channel: AcquisitionChannel) {
    guard let joinedAt = plan.joinedAt, let index = plan.community else { return }
    let community = communities[index]
    var data: [(String, Value)] = [
      ("hook", .string(channel.hook)), ("mode", .string("active")), ("scene", .string("path")),
      ("welcome", .string("by_name")),
    ]
    if let inviter = inviters[plan.index] { data.append(("inviter", .string(plans[inviter].id))) }
    drafts.add(
      "community.joined",
      at: joinedAt,
      of: .member(plan.id),
      community: community.id,
      channel: channel.rawValue,
      data
    )
    drafts.add(
      "coupon.granted",
      at: joinedAt + .seconds(5),
      of: .member(plan.id),
      actor: .system,
      community: community.id,
      Coupon.newcomer.granted(to: plan.id)
    )
    writeWelcome(of: plan, in: community, joinedAt: joinedAt)
  }

  /// The operator greets by name: within minutes by day, in the morning after a night.
  private mutating func writeWelcome(of plan: MemberPlan, in community: BrandCommunity, joinedAt: Instant) {
    var stream = stream(.operation, plan.index)
    var at = joinedAt + .seconds(Int64(stream.between(60...540)))
    if period.hour(of: at) >= 23 || period.hour(of: at) < 8 {
      let day = period.day(of: at) + (period.hour(of: at) >= 23 ? 1 : 0)
      at = period.instant(day: day, second: 8 * 3600 + stream.between(60...1800))
    }
    postByOperator(in: community, at: at, kind: "text", length: 30, topic: "welcome", mentions: [plan.id])
  }

  private mutating func identify(_ plan: MemberPlan, at time: Instant, source: String) {
    drafts.add(
      "member.identified",
      at: time,
      of: .member(plan.id),
      actor: .system,
      [
        ("baby_stage", .string(plan.profile.babyStage)), ("city", .string(plan.profile.city)),
        ("nickname", .string(plan.profile.nickname)), ("persona", .string(plan.profile.persona.rawValue)),
        ("source", .string(source)),
      ]
    )
  }

  private mutating func writeEnd(of plan: MemberPlan) {
    if let leavesAt = plan.leavesAt, let community = communityID(of: plan) {
      var stream = stream(.operation, -plan.index - 1)
      let reason = ["too_many_messages", "not_needed", "advertising", "unknown"][stream.below(4)]
      drafts.add(
        "community.left",
        at: leavesAt,
        of: .member(plan.id),
        community: community,
        [("by", .string("member")), ("reason", .string(reason))]
      )
    }
    if let deletesContactAt = plan.deletesContactAt {
      drafts.add("contact.deleted", at: deletesContactAt, of: .member(plan.id), [("by", .string("member"))])
    }
  }
}
