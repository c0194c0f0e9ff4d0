import EventModel
import Playbook
import Segmentation
import Testing

@Suite("A member's segments")
struct SegmentStateTests {
  private static let refresh = TimeSpan.hours(1)
  private static let origin = Instant(milliseconds: 1_800_000_000_000)

  private static func program() throws -> SegmentProgram {
    let label = LocalizedText(texts: [])
    let share = try #require(FixedDecimal(millionths: 300_000 as Int64))
    return SegmentProgram(segments: [
      .init(name: "super", label: label, rule: .top(share: share, refresh: refresh)),
      .init(name: "silent_vip", label: label, rule: .rule), .init(name: "new", label: label, rule: .rule),
    ])
  }

  private func signal(
    _ name: String,
    _ value: Value,
    _ minutes: Int64,
    _ sequence: Int64,
    reason: Value = .null
  ) -> SignalChange {
    let instant = Self.origin + .minutes(minutes)
    return SignalChange(
      signal: name,
      value: value,
      since: instant - .minutes(1),
      decidedAt: instant,
      sequence: sequence,
      reason: reason
    )
  }

  @Test("A signal that begins to hold enters, one that ends or is null exits, with its start and its reason")
  func followsRules() throws {
    let program = try Self.program()
    var state = SegmentState()
    let entered = state.apply(
      signal("silent_vip", .bool(true), 5, 1, reason: .string("because")),
      program: program
    )
    let change = SegmentChange(
      segment: "silent_vip",
      kind: .entered,
      since: Self.origin + .minutes(4),
      decidedAt: Self.origin + .minutes(5),
      reason: .string("because")
    )
    #expect(entered == .applied([change], missing: 0))
    #expect(state.rules.segments == ["silent_vip"])
    let exited = state.apply(signal("silent_vip", .null, 9, 2), program: program)
    guard case .applied(let changes, 0) = exited else {
      Issue.record("not applied")
      return
    }
    #expect(changes.map(\.kind) == [.exited])
    #expect(state.memberships.isEmpty)
  }

  @Test("Repeats are dropped, gaps are counted, signals of unknown segments only count")
  func followsSequence() throws {
    let program = try Self.program()
    var state = SegmentState()
    #expect(state.apply(signal("gone", .bool(true), 1, 1), program: program) == .applied([], missing: 0))
    #expect(state.apply(signal("new", .bool(true), 1, 1), program: program) == .duplicate)
    guard case .applied(let changes, let missing) = state.apply(signal("new", .bool(true), 2, 4), program: program)
    else {
      Issue.record("not applied")
      return
    }
    #expect(changes.count == 1)
    #expect(missing == 2)
    // The value stays, its start was corrected: no change, but the new start is kept.
    #expect(state.apply(signal("new", .bool(true), 9, 5), program: program) == .applied([], missing: 0))
    #expect(state.rules.since(of: "new") == Self.origin + .minutes(8))
  }

  @Test("Whatever is repeated or restarted, a log of signals and cuts gives the same changes and memberships")
  func replays() throws {
    let program = try Self.program()
    for seed: UInt64 in 0..<200 {
      var random = SeededGenerator(seed: seed)
      let log = Self.log(&random)
      var (one, other) = (SegmentState(), SegmentState())
      var (changes, repeated): ([SegmentChange], [SegmentChange]) = ([], [])
      for (index, record) in log.enumerated() {
        changes += Self.apply(record, to: &one, program: program)
        repeated += Self.apply(record, to: &other, program: program)
        if Bool.random(using: &random) { other = try SegmentState(decoding: other.encoded()) }
        for earlier in log[...index].suffix(Int.random(in: 0...4, using: &random)) {
          repeated += Self.apply(earlier, to: &other, program: program)
        }
      }
      #expect(changes == repeated, "seed \(seed)")
      #expect(one.lastSequence == other.lastSequence, "seed \(seed)")
      #expect(one.memberships.map(\.since) == other.memberships.map(\.since), "seed \(seed)")
      #expect(Self.expected(log) == one.memberships.map(\.segment), "seed \(seed)")
    }
  }

  private enum Record {
    case signal(SignalChange)
    case cut(PopulationCut, at: Instant)
  }

  private static func log(_ random: inout SeededGenerator) -> [Record] {
    var clock = origin
    var sequence: Int64 = 0
    return (0..<Int.random(in: 1...40, using: &random)).map { _ in
      clock = clock + .minutes(Int64.random(in: 0...50, using: &random))
      if Int.random(in: 0..<3, using: &random) == 0 {
        // The cut comes some while after its instant, later values may have been decided meanwhile.
        let asOf = SnapshotSchedule.boundary(
          atOrAfter: clock - .hours(Int64.random(in: 1...3, using: &random)),
          refresh: refresh
        )
        let value = FixedDecimal(Int.random(in: 0...3, using: &random)) ?? .zero
        let member = ["a", "m", "z"].randomElement(using: &random) ?? "m"
        return .cut(PopulationCut(segment: "super", asOf: asOf, last: .init(value: value, member: member)), at: clock)
      }
      sequence += 1
      let name = ["super", "super", "silent_vip", "new"].randomElement(using: &random) ?? "new"
      let number = FixedDecimal(Int.random(in: 0...3, using: &random)).map(Value.number) ?? .null
      let value: Value = name == "super" ? number : .bool(Bool.random(using: &random))
      return .signal(
        SignalChange(
          signal: name,
          value: Int.random(in: 0..<6, using: &random) == 0 ? .null : value,
          since: clock,
          decidedAt: clock,
          sequence: sequence
        )
      )
    }
  }

  private static func apply(
    _ record: Record,
    to state: inout SegmentState,
    program: SegmentProgram
  ) -> [SegmentChange] {
    switch record {
    case .signal(let signal):
      guard case .applied(let changes, _) = state.apply(signal, program: program) else { return [] }
      return changes
    case .cut(let cut, let clock):
      return state.apply(cut, member: "m", decidedAt: clock).map { [$0] } ?? []
    }
  }

  /// The segments at the end by the letter: the last signal of each rule; the newest cut over the value as of it.
  private static func expected(_ log: [Record]) -> [String] {
    var holds: Set<String> = []
    var values: [(at: Instant, value: Value)] = []
    var newest: Instant?
    for record in log {
      switch record {
      case .signal(let signal) where signal.signal == "super": values.append((signal.decidedAt, signal.value))
      case .signal(let signal):
        if signal.value == .bool(true) { holds.insert(signal.signal) } else { holds.remove(signal.signal) }
      case .cut(let cut, _):
        // Before its first value a member has no part in the segment, and no cut to remember.
        guard !values.isEmpty, cut.asOf > newest ?? .distantPast else { continue }
        newest = cut.asOf
        let value = values.last { $0.at <= cut.asOf }?.value ?? .null
        let number: FixedDecimal? = if case .number(let number) = value { number } else { nil }
        if cut.includes(member: "m", value: number) { holds.insert("super") } else { holds.remove("super") }
      }
    }
    return holds.sorted()
  }

  @Test("A value that nobody ranked for long keeps its newest 48 instants")
  func boundsHistory() throws {
    let program = try Self.program()
    var state = SegmentState()
    for index in 1...200 {
      let value = FixedDecimal(index).map(Value.number) ?? .null
      _ = state.apply(signal("super", value, Int64(index) * 30, Int64(index)), program: program)
    }
    #expect(state.encoded().count < 1024)
    let end = SnapshotSchedule.boundary(atOrAfter: Self.origin + .minutes(6000), refresh: Self.refresh)
    #expect(state.rankingValue(segment: "super", asOf: end) == FixedDecimal(200))
    let before = end - Self.refresh
    #expect(state.rankingValue(segment: "super", asOf: before) == FixedDecimal(198))
  }

  @Test("Damaged bytes are refused or give a state that can be worked with")
  func survivesDamage() throws {
    let program = try Self.program()
    var random = SeededGenerator(seed: 11)
    var state = SegmentState()
    for record in Self.log(&random) { _ = Self.apply(record, to: &state, program: program) }
    let bytes = state.encoded()
    #expect(throws: StateCodingFailure.trailing) { try SegmentState(decoding: bytes + [0]) }
    for length in 0..<bytes.count {
      #expect(throws: StateCodingFailure.self) { try SegmentState(decoding: Array(bytes.prefix(length))) }
    }
    for _ in 0..<1000 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      guard var read = try? SegmentState(decoding: damaged) else { continue }
      _ = read.apply(signal("super", .number(.zero), 9000, read.lastSequence + 1), program: program)
    }
  }
}
