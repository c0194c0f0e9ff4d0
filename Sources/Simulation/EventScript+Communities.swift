import EventModel

/// What operators do: they open and close communities, post, send red packets, and tick off their tasks.
extension EventScript {
  mutating func writeCommunities() {
    for (index, community) in communities.enumerated() {
      writeLife(of: community)
      var stream = stream(.operation, 1_000_000 + index)
      let days = max(0, community.createdDay)..<min(settings.days, community.dissolvedDay ?? settings.days)
      for day in days where community.kind != .flash { writeRoutine(of: community, day: day, &stream) }
    }
  }

  private mutating func writeLife(of community: BrandCommunity) {
    let created = period.instant(day: community.createdDay, hour: community.createdDay < 0 ? 15 : 10)
    var data: [(String, Value)] = [
      ("capacity", .count(community.capacity)), ("kind", .string(community.kind.rawValue)),
      ("name", .string(community.name)), ("number", .count(community.number)),
      ("region", .string(community.region)), ("series", .string(community.kind.rawValue)),
      ("theme", .string(community.theme)),
    ]
    if let campaign = community.campaign { data.append(("goal", .string(campaign.id))) }
    drafts.add(
      "community.created",
      at: created,
      of: .community(community.id),
      operator: community.operatorID,
      data
    )
    guard let day = community.dissolvedDay else { return }
    drafts.add(
      "community.dissolved",
      at: period.instant(day: day, hour: 10),
      of: .community(community.id),
      operator: community.operatorID,
      [("members", .count(visitors(of: community).count)), ("reason", .string("campaign_over"))]
    )
  }

  /// A day's posts and tasks: greeting, goods, topic of the evening; a call to all every other day.
  private mutating func writeRoutine(of community: BrandCommunity, day: Int, _ stream: inout RandomStream) {
    let posts: [(hour: Int, kind: String, topic: String)] = [
      (8, "text", "greeting"), (10, "mini_program", "goods"), (20, "link", "lesson"),
    ]
    for post in posts {
      let at = period.instant(day: day, second: post.hour * 3600 + 1800 + stream.below(900))
      postByOperator(in: community, at: at, kind: post.kind, length: stream.between(20...120), topic: post.topic)
    }
    if day % 2 == 0 {
      drafts.add(
        "message.mentioned_all",
        at: period.instant(day: day, second: 20 * 3600 + 3000),
        of: .operator(community.operatorID),
        community: community.id,
        operator: community.operatorID,
        [("purpose", .string("lesson"))]
      )
    }
    let outcome = ["done", "done", "done", "done", "done", "done", "done", "late", "skipped"][stream.below(9)]
    drafts.add(
      "task.done",
      at: period.instant(day: day, second: 21 * 3600 + stream.below(3600)),
      of: .operator(community.operatorID),
      community: community.id,
      operator: community.operatorID,
      [("kind", .string("routine")), ("outcome", .string(outcome)), ("task", .string("evening_round"))]
    )
    if period.date(of: day).isoWeekday == 5 { writeRedPacket(in: community, day: day, &stream) }
  }

  /// Fridays at eight: fifty yuan for twenty, taken by the quickest.
  private mutating func writeRedPacket(in community: BrandCommunity, day: Int, _ stream: inout RandomStream) {
    let sent = period.instant(day: day, hour: 20, second: stream.below(60))
    let packet = Value.string("packet-\(community.id)-\(day)")
    drafts.add(
      "red_packet.sent",
      at: sent,
      of: .operator(community.operatorID),
      community: community.id,
      operator: community.operatorID,
      [("amount", .fen(5000)), ("currency", .string("CNY")), ("packet_id", packet), ("people", .count(20))]
    )
    let present = plans.filter { plan in
      communityID(of: plan) == community.id && plan.isHeard(at: sent) && plan.isHeard(at: sent + .minutes(2))
        && !plan.isTold
    }
    for (share, plan) in sample(20, of: present, &stream).enumerated() {
      drafts.add(
        "red_packet.taken",
        at: sent + .seconds(Int64(3 + share * 4 + stream.below(4))),
        of: .member(plan.id),
        community: community.id,
        [("amount", .fen(250)), ("currency", .string("CNY")), ("packet_id", packet)]
      )
    }
  }

  /// At most `count` of `plans`, each as likely as the others.
  func sample(_ count: Int, of plans: [MemberPlan], _ stream: inout RandomStream) -> ArraySlice<MemberPlan> {
    var rest = plans
    let taken = min(count, rest.count)
    for index in 0..<taken { rest.swapAt(index, index + stream.below(rest.count - index)) }
    return rest[..<taken]
  }

  mutating func postByOperator(
    in community: BrandCommunity,
    at: Instant,
    kind: String,
    length: Int,
    topic: String,
    mentions: [String] = []
  ) {
    var data: [(String, Value)] = [
      ("kind", .string(kind)), ("length", .count(length)),
      ("message_id", .string("\(community.operatorID)-\(drafts.count)")),
      ("topic", .string(topic)),
    ]
    if !mentions.isEmpty { data.append(("mentions", .list(mentions.map(Value.string)))) }
    drafts.add(
      "message.posted",
      at: at,
      of: .operator(community.operatorID),
      community: community.id,
      operator: community.operatorID,
      data
    )
  }
}
