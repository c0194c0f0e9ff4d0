import Testing
import EventModel
import Funnels
import Playbook

/// A funnel, a zone and events, all of one seed.
struct FunnelScenario {
  var definition: FunnelDefinition
  var zone: CalendarZone
  /// Ids are unique.
  var events: [Event]
  /// At or after the arrival of all.
  var end: Instant

  private static let types = ["a", "b", "c", "d", "x", "touch.opened"]
  static let anchor = Instant(milliseconds: 1_710_036_000_000)

  init(order: FunnelDefinition.Order, seed: UInt64, eventsMax: Int = 9) throws {
    var random = SeededGenerator(seed: seed)
    let names = ["Asia/Shanghai", "America/New_York", "UTC"]
    zone = try #require(CalendarZone(identifier: names[Int.random(in: 0..<3, using: &random)]))
    // Half of the scenarios are dense: one long window, few types, exclusions between later steps.
    let isDense = seed % 2 == 0
    definition = Self.definition(order: order, isDense: isDense, random: &random)
    events = []
    // A coarse grid makes ties; the spread of a day and a half around midnight makes days.
    let grid = [1, 5, 60].randomElement(using: &random) ?? 1
    for index in 0..<Int.random(in: 1...eventsMax, using: &random) {
      events.append(Self.event(index: index, grid: Int64(grid), isDense: isDense, random: &random))
    }
    let last = events.map(\.receivedAt).max() ?? Self.anchor
    end = last + .minutes(Int64.random(in: 0...600, using: &random))
  }

  private static func definition(
    order: FunnelDefinition.Order,
    isDense: Bool,
    random: inout SeededGenerator
  ) -> FunnelDefinition {
    let label = LocalizedText(texts: [])
    let count = isDense ? 4 : Int.random(in: 1...4, using: &random)
    let steps = (0..<count).map { index in
      var types = [Self.types[index]]
      if chance(isDense ? 6 : 3, &random) { types.append(Self.types.randomElement(using: &random) ?? "a") }
      return FunnelDefinition.Step(
        name: "s\(index)",
        label: label,
        types: types,
        filter: chance(isDense ? 9 : 4, &random) ? filter : nil
      )
    }
    var exclusions: [FunnelDefinition.Exclusion] = []
    if order != .any, count > 1, isDense || Bool.random(using: &random) {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let from = Int.random(in: (isDense ? 2 : 1)..<count, using: &random)
        let type = isDense || Bool.random(using: &random) ? "x" : Self.types.randomElement(using: &random) ?? "x"
        exclusions.append(
          .init(
            types: [type],
            filter: chance(4, &random) ? filter : nil,
            from: from,
            to: Int.random(in: (from + 1)...count, using: &random)
          )
        )
      }
    }
    let attributions: [FunnelDefinition.Breakdown.Attribution] = [
      .step(Int.random(in: 1...count, using: &random)), .first, .last,
    ]
    let breakdowns: [FunnelDefinition.Breakdown?] = [
      nil, .init(by: .field("channel"), attribution: attributions.randomElement(using: &random) ?? .first),
      .init(by: .tag(0), attribution: .step(1)),
    ]
    let minutes = isDense ? 1500 : [1, 30, 300, 1500].randomElement(using: &random) ?? 30
    return FunnelDefinition(
      name: "path",
      label: label,
      window: .minutes(Int64(minutes)),
      order: order,
      steps: steps,
      exclusions: exclusions,
      breakdown: breakdowns.randomElement(using: &random) ?? nil
    )
  }

  private static let filter = Formula.compare(.greater, .field("amount"), .literal(.number(.zero)))

  /// True once in `times`.
  private static func chance(_ times: Int, _ random: inout SeededGenerator) -> Bool {
    Int.random(in: 0..<times, using: &random) == 0
  }

  private static func event(index: Int, grid: Int64, isDense: Bool, random: inout SeededGenerator) -> Event {
    let minutes = Int64.random(in: 0...(2160 / grid), using: &random) * grid
    let near = Int64.random(in: 0...40, using: &random) * grid
    let time = anchor + .minutes(!isDense && Bool.random(using: &random) ? minutes : near)
    let delay = chance(4, &random) ? Int64.random(in: -5...2000, using: &random) : 0
    let amount = FixedDecimal(Int.random(in: -1...1, using: &random)).map(Value.number) ?? .null
    let types = isDense ? Self.types.prefix(5) : Self.types[...]
    return Event(
      id: "\(Int.random(in: 0...9, using: &random))-\(index)",
      source: "test",
      tenant: "t",
      type: types.randomElement(using: &random) ?? "a",
      time: time,
      receivedAt: time + .minutes(delay),
      actor: chance(isDense ? 12 : 5, &random) ? .operator : .member,
      subject: Subject(tenant: "t", kind: .member, id: "m"),
      channel: [nil, "red", "blue"].randomElement(using: &random) ?? nil,
      data: .object([.init(name: "amount", value: amount)])
    )
  }

  static func event(
    _ id: String,
    _ type: String,
    at time: Instant,
    receivedAt: Instant? = nil,
    channel: String? = nil
  ) -> Event {
    Event(
      id: id,
      source: "test",
      tenant: "t",
      type: type,
      time: time,
      receivedAt: receivedAt ?? time,
      actor: .member,
      subject: Subject(tenant: "t", kind: .member, id: "m"),
      channel: channel,
      data: .object([])
    )
  }

  var program: FunnelProgram {
    get throws { try FunnelProgram(funnels: [definition], zone: zone) }
  }

  /// A tag that counts `a` events up to an instant among those known.
  static func tag(_ known: [Event], at instant: Instant) -> Value {
    FixedDecimal(known.filter { $0.type == "a" && $0.time <= instant }.count).map(Value.number) ?? .null
  }

  func expected(_ known: [Event], at clock: Instant) -> [FunnelOracle.Entry] {
    FunnelOracle(definition, events: known, zone: zone, clock: clock) { Self.tag(known, at: $0) }.entries()
  }
}

/// Applies changes as a reader does: replaces by day, and checks that revisions are gapless and `was` is what is held.
struct FunnelReader {
  private(set) var held: [LocalDate: FunnelEntry] = [:]
  private(set) var faults: [String] = []

  mutating func read(_ changes: [FunnelChange]) {
    for change in changes {
      let before = held[change.entry.day]
      if change.was != before { faults.append("was of revision \(change.entry.revision)") }
      if change.entry.revision != (before?.revision ?? 0) + 1 { faults.append("revision \(change.entry.revision)") }
      held[change.entry.day] = change.entry
    }
  }

  var entries: [FunnelOracle.Entry] {
    held.values.filter { $0.status != .withdrawn }.sorted { $0.day < $1.day }.map(FunnelOracle.Entry.init)
  }
}

extension FunnelOracle.Entry {
  init(_ entry: FunnelEntry) {
    self.init(
      day: entry.day,
      level: entry.level,
      status: entry.status,
      times: entry.times,
      breakdown: entry.breakdown
    )
  }
}
