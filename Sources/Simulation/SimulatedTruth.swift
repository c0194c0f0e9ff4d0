import EventModel

/// One thing that is true of a simulated brand, told in words and in fields.
package struct SimulatedTruth: Sendable {
  /// A planted truth's raw value, or `followed_member`.
  package let name: String
  package let chinese: String
  package let english: String
  /// What it is about: step, days, community, channel, behaviour, member.
  package let fields: [Value.Member]

  /// As one object, for programs.
  package var value: Value {
    .object(
      [.init("name", .string(name)), .init("zh", .string(chinese)), .init("en", .string(english))] + fields
    )
  }
}

extension SimulatedBrand {
  /// What was planted, in the order of `PlantedTruth`, then the member whose life is told, who is always there.
  package var truths: [SimulatedTruth] {
    PlantedTruth.allCases.filter(settings.planted.contains).map(truth) + [followedMember]
  }

  private func truth(_ planted: PlantedTruth) -> SimulatedTruth {
    switch planted {
    case .brokenStep: brokenStep
    case .coolingCommunity: coolingCommunity
    case .bestChannel: bestChannel
    case .helpfulBehaviour: helpfulBehaviour
    }
  }

  private var brokenStep: SimulatedTruth {
    let from = period.date(of: planted.brokenFrom).text
    let to = period.date(of: planted.brokenFrom + PlantedPlan.brokenDays - 1).text
    let isContact = planted.brokenStep == .contact
    return SimulatedTruth(
      name: PlantedTruth.brokenStep.rawValue,
      chinese: "\(from) 至 \(to):\(isContact ? "关注→加企微" : "加企微→入群")几乎断了(二维码失效)",
      english:
        "From \(from) to \(to) hardly anybody got from \(isContact ? "followed to contact" : "contact to joined")",
      fields: [
        .init("from", .string(from)), .init("funnel", .string("path")),
        .init("step", .string(planted.brokenStep.rawValue)), .init("to", .string(to)),
      ]
    )
  }

  private var coolingCommunity: SimulatedTruth {
    let community = communities[planted.coolingCommunity]
    let from = period.date(of: planted.coolingFrom).text
    return SimulatedTruth(
      name: PlantedTruth.coolingCommunity.rawValue,
      chinese: "\(community.id)(\(community.name))从 \(from) 起一周内冷下来",
      english: "\(community.id) falls silent within a week from \(from)",
      fields: [.init("community", .string(community.id)), .init("from", .string(from))]
    )
  }

  private var bestChannel: SimulatedTruth {
    SimulatedTruth(
      name: PlantedTruth.bestChannel.rawValue,
      chinese: "渠道 \(planted.bestChannel.rawValue)(\(planted.bestChannel.label))来的人下单最多",
      english: "Those who came by \(planted.bestChannel.rawValue) order several times as often",
      fields: [.init("channel", .string(planted.bestChannel.rawValue)), .init("funnel", .string("path"))]
    )
  }

  private var helpfulBehaviour: SimulatedTruth {
    let isIntroduced = planted.helpfulBehaviour == .introduced
    return SimulatedTruth(
      name: PlantedTruth.helpfulBehaviour.rawValue,
      chinese: "打卡前\(isIntroduced ? "报到过" : "听过开营课")的人之后下单更多;另一种行为没有差别",
      english:
        "Those who \(isIntroduced ? "introduced themselves" : "took the opening lesson") before the first check-in "
        + "order more afterwards; the other behaviour makes no difference",
      fields: [
        .init("behaviour", .string(planted.helpfulBehaviour.rawValue)),
        .init("funnel", .string(isIntroduced ? "programme_introduced" : "programme_lesson")),
      ]
    )
  }

  /// The recall falls due a week after she was last there, in quiet hours.
  private var followedMember: SimulatedTruth {
    let plan = plans.first(where: \.isTold)
    let last = FollowedMember.last(period)
    let recall = last + .days(7)
    let id = plan?.id ?? ""
    return SimulatedTruth(
      name: "followed_member",
      chinese: "\(id)(\(plan?.profile.nickname ?? "")):门店扫码入群→叫名字欢迎→连续打卡七天→领券→下单→沉默;"
        + "召回落在 23:00–08:00 免打扰内,所以没发",
      english:
        "\(id): joined by the code of a shop, welcomed by name, seven check-ins in a row, coupon, order, silent; "
        + "the recall fell into quiet hours and was not sent",
      fields: [
        .init("community", (plan?.community).map { .string(communities[$0].id) } ?? .null),
        .init("last_active", .time(last)), .init("member", .string(id)), .init("recall_due", .time(recall)),
      ]
    )
  }
}
