import EventCodec
import EventModel
import PipelinePorts
import Simulation

/// The workload of `hearth bench`: members' events of eight types over 120 days, about 330 bytes each, 3 % of them out
/// of order, and a playbook of 17 metrics and 3 tags over windows of 7 and 30 days.
///
/// A function of the seed: members are chosen with a skew (a tenth of them does about a third), types by fixed shares.
struct BenchWorkload {
  private static let types: [(name: String, share: Int)] = [
    ("page.viewed", 36), ("product.viewed", 22), ("community.joined", 12), ("order.paid", 8),
    ("referral.succeeded", 5), ("message.posted", 9), ("survey.answered", 5), ("community.left", 3),
  ]
  private static let begins: Int64 = 1_704_067_200_000
  private static let span: Int64 = 120 * 86_400_000

  let tenant: String
  let members: Int
  let total: Int
  private var random: RandomStream
  private var index = 0

  init(seed: UInt64, tenant: String = "bench", members: Int, total: Int) {
    self.tenant = tenant
    self.members = members
    self.total = total
    random = RandomStream(seed: seed, .benchmark)
  }

  /// A member: the square of a uniform number, so that low ones come more often.
  private mutating func member() -> Int {
    let uniform = Double(random.below(1 << 30)) / Double(1 << 30)
    return min(members - 1, Int(uniform * uniform * Double(members)))
  }

  private mutating func type() -> String {
    var place = random.below(100)
    for (name, share) in Self.types {
      if place < share { return name }
      place -= share
    }
    return Self.types[0].name
  }

  /// The next event; `live` gives its time, else the history's own.
  mutating func next(live: Instant? = nil) -> Event {
    defer { index += 1 }
    let type = type()
    let member = member()
    var time = Self.begins + Int64(Double(index) / Double(max(1, total)) * Double(Self.span))
    if random.chance(percent: 3) { time -= Int64(random.below(7_200_000)) }
    let at = live ?? Instant(milliseconds: time)
    let cents = type == "order.paid" ? Int64(random.between(1_000...20_999)) : 0
    let data: [Value.Member] = [
      .init("amount", .number(FixedDecimal(millionths: Int128(cents) * 10_000) ?? .zero)),
      .init("campaign", .string("c-\(random.below(500))")),
      .init("currency", .string("CNY")),
      .init("device", .string("android 14")),
      .init("page", .string("/community/board/\(random.below(100_000))")),
      .init("visitor", .string("v-\(random.below(1_000_000_000_000))")),
    ]
    return Event(
      id: "b\(index)-\(random.below(1 << 32))",
      source: "bench",
      tenant: tenant,
      type: type,
      time: at,
      receivedAt: at,
      actor: .member,
      subject: Subject(tenant: tenant, kind: .member, id: "m\(member)"),
      data: .object(data)
    )
  }

  /// The next `count` events as records of the members' topic.
  mutating func records(_ count: Int) -> [OutboundRecord] {
    (0..<count).map { _ in Self.record(of: next()) }
  }

  static func record(of event: Event) -> OutboundRecord {
    OutboundRecord(
      topic: Topic.events,
      key: event.subject.keyBytes,
      value: EventCodec.encode(event)
    )
  }

  /// The playbook, for a tenant with history (`clock: log`) or a live one.
  static func playbook(live: Bool) -> String {
    var text = "playbook: bench\nlabel: {zh: 基准, en: Benchmark}\nzone: Asia/Shanghai\nclock: \(live ? "live" : "log")\n"
    text += "metrics:\n  member:\n    spend: {sum: order.paid.amount}\n"
    for (name, _) in types {
      let word = name.replacing(".", with: "_")
      text += "    \(word)_7d: {count: \(name), window: 7d}\n    \(word)_30d: {count: \(name), window: 30d}\n"
    }
    let sum = types.map { $0.name.replacing(".", with: "_") + "_7d" }.joined(separator: " + ")
    text += """
      tags:
        member:
          active:         {label: {zh: 活跃, en: Active}, rule: "\(sum) >= 5"}
          buyer:          {label: {zh: 买家, en: Buyer}, rule: order_paid_30d >= 2 and spend >= 100}
          window_shopper: {label: {zh: 逛客, en: Window shopper}, rule: product_viewed_30d >= 6 and order_paid_30d == 0}

      """
    return text
  }
}
