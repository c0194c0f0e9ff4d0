import EventModel
import Funnels
import Playbook
import Testing

@Suite("Stored funnel state")
struct FunnelCodingTests {
  private static func filled(_ order: FunnelDefinition.Order, seed: UInt64) throws -> (FunnelState, FunnelScenario) {
    let scenario = try FunnelScenario(order: order, seed: seed, eventsMax: 20)
    let program = try scenario.program
    var state = FunnelState()
    for event in scenario.events { _ = state.apply(event, program: program) { FunnelScenario.tag([], at: $1) } }
    return (state, scenario)
  }

  @Test("A state reads back as it was", arguments: [FunnelDefinition.Order.ordered, .strict, .any])
  func roundTrips(order: FunnelDefinition.Order) throws {
    for seed: UInt64 in 0..<50 {
      let (state, _) = try Self.filled(order, seed: seed)
      #expect(try FunnelState(decoding: state.encoded()) == state, "seed \(seed)")
    }
    #expect(try FunnelState(decoding: FunnelState().encoded()) == FunnelState())
  }

  @Test("Bytes that end early or go on too long are refused")
  func refusesLength() throws {
    let (state, _) = try Self.filled(.any, seed: 4)
    let bytes = state.encoded()
    for length in 0..<bytes.count {
      #expect(throws: StateCodingFailure.self) { try FunnelState(decoding: Array(bytes.prefix(length))) }
    }
    #expect(throws: StateCodingFailure.trailing) { try FunnelState(decoding: bytes + [0]) }
    #expect(throws: StateCodingFailure.version(9)) { try FunnelState(decoding: [9] + bytes.dropFirst()) }
  }

  @Test("Damaged bytes are refused or give a state that can be worked with", arguments: [UInt64](0..<6))
  func survivesDamage(seed: UInt64) throws {
    let order = [FunnelDefinition.Order.ordered, .strict, .any][Int(seed % 3)]
    let (state, scenario) = try Self.filled(order, seed: seed)
    let program = try scenario.program
    let bytes = state.encoded()
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard var read = try? FunnelState(decoding: damaged) else { continue }
      for event in scenario.events.prefix(4) { _ = read.apply(event, program: program) { _, _ in .null } }
      _ = read.advance(through: scenario.end, program: program) { _, _ in .null }
    }
  }
}
