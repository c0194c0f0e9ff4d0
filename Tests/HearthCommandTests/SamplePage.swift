import EventModel
import HearthCommand
import Playbook
import PostgresStores
import Testing

/// A small tenant of which the numbers are known, with or without something planted.
enum SamplePage {
  static let playbook = """
    playbook: shop
    zone: Asia/Shanghai
    metrics:
      member:
        orders: {count: order.paid}
        spend: {sum: order.paid.amount}
        last_order: {last: order.paid}
      community:
        messages_7d: {count: message.posted, window: 7d}
    tags:
      member:
        nickname: {fact: member.identified.nickname}
        silent: {rule: elapsed(last_order) > 7d}
      community:
        cooling: {rule: messages_7d < 5}
    funnels:
      path:
        label: {zh: 路径, en: Path}
        window: 14d
        steps:
          - {name: exposed, label: {zh: 曝光, en: Exposed}, total: channel.exposed}
          - {name: followed, label: {zh: 关注, en: Followed}, event: account.followed}
          - {name: joined, label: {zh: 入群, en: Joined}, event: community.joined}
          - {name: paid, label: {zh: 付费, en: Paid}, event: order.paid}
        breakdown: {by: channel, attribution: first}
    """

  static let yaml = """
    page: {zh: 演示, en: Demonstration}
    sections:
      - tenant: shop
        id: shop
        provenance: simulated
        source: {zh: 编的, en: Made up}
        limits: [{zh: 不是真的, en: Not real}]
        until: 2026-03-31T16:00:00Z
        values: {qr: {zh: 二维码, en: QR code}}
        path: {funnel: path, to: paid, within: 72h, parts: {zh: 渠道, en: channel}}
        heat: {label: {zh: 说话, en: talk}, events: [message.posted]}
        health: {tag: cooling, events: [message.posted], period: 7d, show: [messages_7d]}
        rfm: {recency: last_order, frequency: orders, money: spend}
        ranking: {label: {zh: 最多, en: Most}, by: spend, show: [orders], top: 2}
        follow:
          name: nickname
          moments:
            - {label: {zh: 付费, en: Paid}, event: order.paid}
            - {label: {zh: 沉默, en: Silent}, tag: silent}
            - {label: {zh: 没发, en: Not sent}, held: true}
    """

  static func compiled() throws -> CompiledPlaybook {
    try PlaybookCompiler.compile([PlaybookFile(name: "p.yaml", text: playbook)]).playbook
  }

  static func spec() throws -> PageSpec.Section {
    try #require(try PageSpecReader(file: "page.yaml").read(yaml).sections.first)
  }

  static func report() throws -> ReportModel {
    let playbook = try compiled()
    var report = ReportBuilder(playbook: playbook, tenant: "shop").model(
      ReportRows(),
      asOf: Instant(text: "2026-03-31T16:00:00Z")
    )
    report.members = 900
    report.memberTags = [
      .init(
        name: "nickname",
        label: .init(zh: "昵称", en: SampleReport.hostile),
        category: nil,
        values: [.init(value: SampleReport.hostile, subjects: 1)]
      )
    ]
    return report
  }

  /// Thirty days of two steps, three channels, and a few money cells.
  static func rows(planted: Bool) throws -> PageRows {
    let first = try #require(LocalDate(text: "2026-03-01")).daysSinceEpoch
    var rows = PageRows()
    for day in 0..<28 {
      let isBroken = planted && (10...11).contains(day)
      let date = LocalDate(daysSinceEpoch: first + day)
      rows.stepDays.append(.init(step: 1, day: date, reached: 40, moved: isBroken ? 3 : 30 + day % 3))
      rows.stepDays.append(.init(step: 2, day: date, reached: 30, moved: 12 + day % 3))
    }
    for (value, paid) in [("ad", 40), ("qr", planted ? 120 : 42), (SampleReport.hostile, 38)] {
      rows.partLevels.append(.init(funnel: "path", value: value, level: 3, members: paid))
      rows.partLevels.append(.init(funnel: "path", value: value, level: 1, members: 300 - paid))
    }
    rows.totals = [.init(id: "ad", sum: 9000), .init(id: "qr", sum: 4000)]
    rows.communities = ["c1", "c2", "c3"].map { id in
      let cools = planted && id == "c2"
      let json =
        #"{"metrics":{"messages_7d":9},"tags":{"cooling":{"value":\#(cools),"since":"2026-03-28T00:00:00.000Z"}}}"#
      return .init(id: id, projection: Array(json.utf8))
    }
    rows.rfm = [
      .init(recency: 5, frequency: 5, money: 5, members: 10, sum: "900.5"),
      .init(recency: 1, frequency: 4, money: 2, members: 7, sum: "99.5"),
    ]
    rows.ranked = [.init(member: "m1", metrics: Array(#"{"spend":300,"orders":3}"#.utf8))]
    rows.rankedSum = "1000"
    return rows
  }

  /// Members who write in three communities on each day of two weeks; in c2 few of them in the second week.
  static func tally(planted: Bool) throws -> EventTally {
    let end = try #require(Instant(text: "2026-03-31T16:00:00Z"))
    let playbook = try compiled()
    var tally = EventTally(section: try spec(), until: end, zone: playbook.zone)
    for day in 0..<14 {
      for community in ["c1", "c2", "c3"] {
        let writers = planted && community == "c2" && day < 7 ? 5 : 30
        for member in 0..<writers {
          tally.read(event("message.posted", "m\(member)", end - .hours(Int64(24 * day + 3)), community: community))
        }
      }
    }
    return tally
  }

  static func event(
    _ type: String,
    _ id: String,
    _ time: Instant,
    kind: SubjectKind = .member,
    received: Instant? = nil,
    community: String? = nil,
    data: [Value.Member] = []
  ) -> Event {
    Event(
      id: "\(type)-\(id)-\(time.milliseconds)-\(community ?? "")",
      source: "test",
      tenant: "shop",
      type: type,
      time: time,
      receivedAt: received ?? time,
      actor: .member,
      subject: Subject(tenant: "shop", kind: kind, id: id),
      community: community,
      data: .object(data)
    )
  }
}
