import EventModel
import HearthCommand
import Testing

/// A small report with everything in it: both scripts, an empty value, and data that means harm.
enum SampleReport {
  static let hostile = "<script>alert(1)</script>\u{1B}[31m\"&'"

  static func model() throws -> ReportModel {
    let zone = try #require(CalendarZone(identifier: "America/New_York"))
    let start = try #require(Instant(text: "2018-01-01T05:00:00Z"))
    var model = ReportModel(
      tenant: "shop",
      title: .init(zh: "超市会员", en: "Grocery"),
      asOf: start,
      zone: zone,
      members: 1234,
      communities: 45
    )
    model.membersWithOrders = 1200
    model.orders = 155_848
    model.revenue = "4596039.58"
    model.memberTags = [
      .init(
        name: "stage",
        label: .init(zh: "生命周期", en: "Stage"),
        category: "价值",
        values: [
          .init(value: "active", subjects: 900), .init(value: hostile, subjects: 300), .init(value: nil, subjects: 34),
        ]
      )
    ]
    model.communityTags = [
      .init(
        name: "cooling",
        label: .init(zh: "降温", en: "Cooling"),
        category: nil,
        values: [.init(value: "false", subjects: 44), .init(value: "true", subjects: 1)]
      )
    ]
    model.scores = [
      .init(
        name: "loyalty",
        label: .init(zh: "忠诚度", en: "Loyalty"),
        cut: "60",
        sum: "74044",
        atOrOverCut: 600,
        unknown: 0
      ),
      .init(
        name: "satisfaction",
        label: .init(zh: "满意度", en: "Satisfaction"),
        cut: "86",
        sum: "99000.25",
        atOrOverCut: 560,
        unknown: 34
      ),
    ]
    model.quadrants = quadrants
    model.segments = [
      .init(name: "silent_vip", label: .init(zh: "沉默高价值", en: "Silent and valuable"), members: 47, cutAt: nil),
      .init(name: "super", label: .init(zh: "超级用户", en: "Super users"), members: 371, cutAt: start),
    ]
    model.funnels = [funnel]
    model.touches = touches(at: start)
    model.flagged = [
      .init(
        tag: "cooling",
        label: .init(zh: "降温", en: "Cooling"),
        metrics: ["orders_28d", "orders_28d_before"],
        rows: [.init(id: "330", since: start, values: ["12", "40"])]
      )
    ]
    model.story = MemberStory(
      member: "900",
      tags: ["阶段 Stage active"],
      lines: [
        .init(at: start, kind: .event, text: "order.paid, community 330, amount 12.5"),
        .init(at: start, kind: .tag, text: "阶段 Stage = active (was silent)", reason: "by the event, silent false"),
        .init(at: start, kind: .touch, text: "journey/recall: recall → replay_sink, decided", reason: hostile),
      ],
      total: 80
    )
    return model
  }

  private static var quadrants: ReportModel.Quadrants {
    func place(_ value: String, _ zh: String, _ members: Int, _ xHigh: Bool, _ yHigh: Bool)
      -> ReportModel.Quadrants.Place
    {
      .init(
        value: value,
        label: .init(zh: zh, en: value),
        strategy: "a plan",
        members: members,
        corner: .init(xHigh: xHigh, yHigh: yHigh)
      )
    }
    return .init(
      x: .init(name: "satisfaction", label: .init(zh: "满意度", en: "Satisfaction"), cut: "86"),
      y: .init(name: "loyalty", label: .init(zh: "忠诚度", en: "Loyalty"), cut: "60"),
      labels: [
        place("loyal", "忠实型", 300, true, true), place("bargain", "羊毛型", 300, false, true),
        place("demand", "需求型", 260, true, false), place("low_demand", "低需求", 340, false, false),
      ],
      unclassified: 34,
      cells: [.init(x: 17, y: 12, members: 9), .init(x: 3, y: 19, members: 1)]
    )
  }

  private static var funnel: ReportModel.Funnel {
    .init(
      name: "campaign_path",
      label: .init(zh: "活动转化", en: "Campaign to coupon"),
      window: .days(60),
      steps: [
        .init(
          name: "contacted",
          label: .init(zh: "触达", en: "Contacted"),
          entries: 6589,
          members: 1559,
          medianTime: nil
        ),
        .init(
          name: "redeemed",
          label: .init(zh: "核销", en: "Redeemed"),
          entries: 1152,
          members: 410,
          medianTime: TimeSpan.hours(21 * 24 + 3)
        ),
      ],
      converted: 1152,
      open: 790,
      dropped: 4647,
      breakdownBy: "campaign",
      breakdown: [.init(value: "18", reached: [1133, 224]), .init(value: nil, reached: [10, 0])],
      months: [
        .init(first: LocalDate(daysSinceEpoch: 17_167), entries: 400, converted: 80),
        .init(first: LocalDate(daysSinceEpoch: 17_198), entries: 500, converted: 90),
      ]
    )
  }

  private static func touches(at instant: Instant) -> ReportModel.Touches {
    var touches = ReportModel.Touches()
    touches.counts = [
      .init(
        source: "journey/recall",
        label: .init(zh: "召回", en: "Recall"),
        status: "decided",
        reason: "due",
        touches: 20
      ),
      .init(
        source: "journey/recall",
        label: .init(zh: "召回", en: "Recall"),
        status: "dropped",
        reason: "expired",
        touches: 2
      ),
    ]
    touches.deliveries = [.init(value: "sent", subjects: 20)]
    touches.last = [
      .init(
        at: instant,
        source: "journey/recall",
        subject: "member/900",
        template: "recall",
        channel: "replay_sink",
        status: "decided",
        reason: "due",
        delivery: "sent"
      )
    ]
    return touches
  }
}
