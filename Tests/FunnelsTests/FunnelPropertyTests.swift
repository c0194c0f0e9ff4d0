import EventModel
import Foundation
import Funnels
import Playbook
import Testing

@Suite("Funnels against the definition")
struct FunnelPropertyTests {
  /// Seeds of each order; by hand `HEARTH_CASES` sets their number and `HEARTH_SEED` the first.
  private static let seeds: Range<UInt64> = {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["HEARTH_SEED"].flatMap(UInt64.init) ?? 0
    return first..<(first + (environment["HEARTH_CASES"].flatMap(UInt64.init) ?? 80))
  }()

  @Test(
    "After every arrival and every deadline, entries are those of the definition",
    arguments: [FunnelDefinition.Order.ordered, .strict, .any]
  )
  func matchesDefinition(order: FunnelDefinition.Order) throws {
    for seed in Self.seeds {
      let scenario = try FunnelScenario(order: order, seed: seed)
      var random = SeededGenerator(seed: seed &+ 0xABCD)
      let fault = try Self.firstFault(scenario, arrivals: scenario.events.shuffled(using: &random), random: &random)
      #expect(fault == nil, "seed \(seed), order \(order.rawValue)")
      if fault != nil { return }
    }
  }

  /// Runs the arrivals with pauses and restarts at random places; says where the entries first differ.
  private static func firstFault(
    _ scenario: FunnelScenario,
    arrivals: [Event],
    random: inout SeededGenerator
  ) throws -> String? {
    let program = try scenario.program
    var state = FunnelState()
    var reader = FunnelReader()
    var known: [Event] = []
    func advance(through instant: Instant) -> String? {
      for step in state.advance(
        through: instant,
        program: program,
        tagValue: { FunnelScenario.tag(known, at: $1) }
      ) {
        reader.read(step.changes)
        if reader.entries != scenario.expected(known, at: step.at) { return "deadline at \(step.at.text)" }
      }
      return nil
    }
    for event in arrivals {
      if let fault = advance(through: max(state.clock, event.receivedAt)) { return fault }
      known.append(event)
      reader.read(state.apply(event, program: program) { FunnelScenario.tag(known, at: $1) })
      let expected = scenario.expected(known, at: state.clock)
      if reader.entries != expected { return "after \(event.id): \(reader.entries) expected \(expected)" }
      if Int.random(in: 0..<3, using: &random) == 0 { state = try FunnelState(decoding: state.encoded()) }
      if Int.random(in: 0..<4, using: &random) == 0 {
        let pause = state.clock + .minutes(Int64.random(in: 0...400, using: &random))
        if let fault = advance(through: pause) { return fault }
        if reader.entries != scenario.expected(known, at: pause) { return "pause until \(pause.text)" }
      }
    }
    if let fault = advance(through: max(scenario.end, state.clock)) { return fault }
    if reader.entries != scenario.expected(known, at: state.clock) { return "end" }
    let kept = state.entries(program: program)
    if kept != reader.held.values.sorted(by: { $0.day < $1.day }) { return "kept differs from published" }
    return reader.faults.first
  }

  @Test(
    "Any order of arrival ends in the same entries",
    arguments: [FunnelDefinition.Order.ordered, .strict, .any]
  )
  func isIndependentOfOrder(order: FunnelDefinition.Order) throws {
    for seed in Self.seeds {
      let scenario = try FunnelScenario(order: order, seed: seed, eventsMax: 40)
      let program = try scenario.program
      var random = SeededGenerator(seed: seed)
      let sorted = scenario.events.sorted { $0.receivedAt < $1.receivedAt }
      let one = Self.final(sorted, end: scenario.end, program: program)
      let other = Self.final(sorted.shuffled(using: &random), end: scenario.end, program: program)
      #expect(one == other, "seed \(seed), order \(order.rawValue)")
      if one != other { return }
    }
  }

  private static func final(_ arrivals: [Event], end: Instant, program: FunnelProgram) -> [FunnelOracle.Entry] {
    var state = FunnelState()
    var known: [Event] = []
    for event in arrivals {
      _ = state.advance(through: event.receivedAt, program: program) { FunnelScenario.tag(known, at: $1) }
      known.append(event)
      _ = state.apply(event, program: program) { FunnelScenario.tag(known, at: $1) }
    }
    _ = state.advance(through: end, program: program) { FunnelScenario.tag(known, at: $1) }
    return state.entries(program: program).filter { $0.status != .withdrawn }.map(FunnelOracle.Entry.init)
  }
}
