import EventModel
import Funnels
import Playbook
import Testing

/// Long lives: old events are thinned, final entries leave the state.
@Suite("Funnels over months")
struct FunnelHistoryTests {
  private static let types = ["a", "b", "c", "x"]
  private static let label = LocalizedText(texts: [])

  private static func definition(_ order: FunnelDefinition.Order, seed: UInt64) -> FunnelDefinition {
    let steps = ["a", "b", "c"].map { FunnelDefinition.Step(name: $0, label: label, types: [$0]) }
    let exclusions: [FunnelDefinition.Exclusion] =
      order == .any || seed % 2 == 0 ? [] : [.init(types: ["x"], from: 2, to: 3), .init(types: ["c"], from: 1, to: 2)]
    return FunnelDefinition(
      name: "path",
      label: label,
      window: .days(6),
      order: order,
      steps: steps,
      exclusions: exclusions,
      breakdown: .init(by: .field("channel"), attribution: .last)
    )
  }

  /// About three events a day for two months, in runs of one type; each up to three days late.
  private static func arrivals(seed: UInt64) -> [Event] {
    var random = SeededGenerator(seed: seed)
    var type = "a"
    let events = (0..<180).map { index in
      if Int.random(in: 0..<3, using: &random) == 0 { type = types.randomElement(using: &random) ?? "a" }
      let time = FunnelScenario.anchor + .minutes(Int64(index * 480 + Int.random(in: 0...600, using: &random)))
      let isLate = Int.random(in: 0..<4, using: &random) == 0
      return FunnelScenario.event(
        "\(index)",
        type,
        at: time,
        receivedAt: time + .minutes(isLate ? Int64.random(in: 0...4320, using: &random) : 0),
        channel: Bool.random(using: &random) ? "red" : "blue"
      )
    }
    return events.sorted { ($0.receivedAt, $0.id) < ($1.receivedAt, $1.id) }
  }

  @Test(
    "What was published over two months is what the definition says of the whole",
    arguments: [FunnelDefinition.Order.ordered, .strict, .any]
  )
  func matchesDefinition(order: FunnelDefinition.Order) throws {
    let zone = try #require(CalendarZone(identifier: "Asia/Shanghai"))
    for seed: UInt64 in 0..<2 {
      let definition = Self.definition(order, seed: seed)
      let program = try FunnelProgram(funnels: [definition], zone: zone)
      let events = Self.arrivals(seed: seed)
      var state = FunnelState()
      var reader = FunnelReader()
      for event in events {
        for step in state.advance(through: event.receivedAt, program: program, tagValue: { _, _ in .null }) {
          reader.read(step.changes)
        }
        reader.read(state.apply(event, program: program) { _, _ in .null })
        if event.id.hasSuffix("7") { state = try FunnelState(decoding: state.encoded()) }
      }
      let end = state.clock + .days(40)
      for step in state.advance(through: end, program: program, tagValue: { _, _ in .null }) {
        reader.read(step.changes)
      }
      let oracle = FunnelOracle(definition, events: events, zone: zone, clock: end)
      #expect(reader.entries == oracle.entries(), "seed \(seed), order \(order.rawValue)")
      #expect(reader.faults.isEmpty, "seed \(seed), order \(order.rawValue)")
      #expect(state.entries(program: program).isEmpty)
    }
  }

  @Test("A member who sends a hundred messages a day for a month stays small and exact")
  func thinsRuns() throws {
    let zone = try #require(CalendarZone(identifier: "UTC"))
    let steps = ["a", "message.posted", "c"].map { FunnelDefinition.Step(name: $0, label: Self.label, types: [$0]) }
    let definition = FunnelDefinition(name: "p", label: Self.label, window: .days(30), steps: steps)
    let program = try FunnelProgram(funnels: [definition], zone: zone)
    var state = FunnelState()
    let first = FunnelScenario.anchor
    _ = state.apply(FunnelScenario.event("0", "a", at: first), program: program) { _, _ in .null }
    for index in 1...2900 {
      let event = FunnelScenario.event("\(index)", "message.posted", at: first + .minutes(Int64(index) * 14))
      _ = state.apply(event, program: program) { _, _ in .null }
    }
    let changes = state.apply(
      FunnelScenario.event("z", "c", at: first + .days(29)),
      program: program,
      tagValue: { _, _ in .null }
    )
    let entry = try #require(changes.first?.entry)
    #expect(entry.times == [first, first + .minutes(14), first + .days(29)])
    #expect(!entry.approximate)
    #expect(state.encoded().count < 16_384)
  }

  @Test("More events than are kept mark the entries approximate and leave what was reached")
  func marksTruncation() throws {
    let zone = try #require(CalendarZone(identifier: "UTC"))
    let steps = ["a", "b", "c"].map { FunnelDefinition.Step(name: $0, label: Self.label, types: [$0]) }
    let definition = FunnelDefinition(name: "p", label: Self.label, window: .days(30), steps: steps)
    let program = try FunnelProgram(funnels: [definition], zone: zone)
    var state = FunnelState()
    var reader = FunnelReader()
    for index in 0...1500 {
      let type = index == 0 ? "a" : index % 2 == 0 ? "c" : "b"
      let event = FunnelScenario.event("\(index)", type, at: FunnelScenario.anchor + .minutes(Int64(index)))
      reader.read(state.apply(event, program: program) { _, _ in .null })
    }
    #expect(reader.faults.isEmpty)
    let entry = try #require(state.entries(program: program).first)
    #expect(entry.status == .converted)
    #expect(entry.approximate)
    #expect(state.encoded().count < 32_768)
  }
}
