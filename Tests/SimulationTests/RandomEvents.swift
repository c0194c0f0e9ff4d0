import EventCodec
import EventModel
import PipelineTestSupport

/// One thing that somebody sends: an event, when it comes, and whether it is a copy.
struct PlannedEvent: Sendable {
  var event: Event
  /// Not sent before this instant.
  var arrival: Instant
}

/// What members do and when it arrives: at least a fifth late within the bound, at least a tenth sharing their time with
/// another, some sent twice, some with another content under a known id, some beyond the bounds.
struct RandomEvents {
  private static let members = ["a", "b", "é", "10", "9"]
  private static let communities = ["g1", "g2"]
  private static let spans: [TimeSpan] = [.hours(1), .hours(6), .hours(12), .days(1), .days(2), .days(3)]

  private var random: SeededGenerator
  private let start: Instant
  private let days: Int
  private let members: [String]
  private var times: [Instant] = []

  private init(seed: UInt64, start: Instant) {
    random = SeededGenerator(seed: seed ^ 0xe0e0)
    self.start = start
    days = random.pick([2, 5, 12])
    members = Array(Self.members.prefix(2 + random.below(4)))
  }

  /// In order of arrival. `isImport`: history, in order of its time, received when it happened.
  static func make(seed: UInt64, start: Instant, isImport: Bool) -> [PlannedEvent] {
    var maker = RandomEvents(seed: seed, start: start)
    var planned: [PlannedEvent] = []
    for index in 0..<(30 + maker.random.below(30)) {
      let event = maker.event(index)
      let arrival = isImport ? event.time : maker.arrival(of: event.time)
      planned.append(PlannedEvent(event: event, arrival: arrival))
      maker.copies(of: event, arrival: arrival, isImport: isImport, into: &planned)
    }
    // Sorting is stable only by luck: the place decides among equals.
    return planned.enumerated().sorted { ($0.element.arrival, $0.offset) < ($1.element.arrival, $1.offset) }
      .map(\.element)
  }

  private mutating func copies(of event: Event, arrival: Instant, isImport: Bool, into planned: inout [PlannedEvent]) {
    if random.chance(12) {
      let later = isImport ? arrival : arrival + TimeSpan(milliseconds: Int64(random.below(36 * 3_600_000)))
      planned.append(PlannedEvent(event: event, arrival: later))
    }
    if random.chance(3) {
      var other = event
      other.data = .object([.init("amount", .whole(7))])
      planned.append(PlannedEvent(event: other, arrival: isImport ? arrival : arrival + .minutes(3)))
    }
  }

  private mutating func event(_ index: Int) -> Event {
    let time = time()
    times.append(time)
    let type = random.chance(8) ? "member.identified" : random.pick(RandomPlaybook.types)
    let member = random.pick(members)
    let isOfCommunity = random.chance(4)
    let community = isOfCommunity || random.chance(45) ? random.pick(Self.communities) : nil
    return Event(
      id: random.pick(["e", "E", "é", ""]) + "\(index)",
      source: "simulated",
      tenant: RandomPlaybook.tenant,
      type: isOfCommunity ? random.pick(["community.created", "message.posted"]) : type,
      time: time,
      receivedAt: time,
      actor: random.pick([.member, .member, .member, .member, .member, .operator, .insider]),
      subject: Subject(
        tenant: RandomPlaybook.tenant,
        kind: isOfCommunity ? .community : .member,
        id: isOfCommunity ? community ?? "g1" : member
      ),
      community: isOfCommunity ? nil : community,
      channel: random.chance(40) ? random.pick(["ad", "qr"]) : nil,
      data: data(of: isOfCommunity ? "community.created" : type)
    )
  }

  /// Another event's time, one a window away from it, or one on a grid of half hours, now and then off by 1 ms.
  private mutating func time() -> Instant {
    let off = TimeSpan(milliseconds: random.pick([0, 0, 0, 1, -1]))
    if !times.isEmpty, random.chance(16) { return random.pick(times) }
    if !times.isEmpty, random.chance(14) { return random.pick(times) + random.pick(Self.spans) + off }
    return start + .minutes(Int64(random.below(days * 48)) * 30) + off
  }

  private mutating func arrival(of time: Instant) -> Instant {
    switch random.below(100) {
    case 0..<36: time + TimeSpan(milliseconds: 61_000 + Int64(random.below(72 * 3_600_000 - 600_000)))
    case 36..<38: time + .hours(72) + .minutes(1)
    case 38..<42: time - TimeSpan(milliseconds: Int64(random.below(240_000)))
    case 42..<43: time - .minutes(6)
    default: time + TimeSpan(milliseconds: Int64(random.below(2000)))
    }
  }

  private mutating func data(of type: String) -> Value {
    func number(_ name: String, _ millionths: Int64) -> Value.Member {
      .init(name, FixedDecimal(millionths: millionths).map(Value.number) ?? .null)
    }
    switch type {
    case "order.paid":
      var members = [number("amount", random.pick([0, 1, 1_000_000, 5_000_000, 12_500_000, 99_990_000]))]
      if random.chance(80) { members.append(.init("category", .string(random.pick(["tea", "cup", "茶"])))) }
      return .object(members)
    case "survey.answered": return .object([number("score", Int64(random.below(11)) * 1_000_000)])
    case "page.viewed": return .object([.init("page", .string(random.pick(["home", "tea"])))])
    case "member.identified": return .object([.init("city", .string(random.pick(["Rome", "上海", "tea"])))])
    case "community.created": return .object([.init("kind", .string("member"))])
    default: return .object([])
    }
  }
}
