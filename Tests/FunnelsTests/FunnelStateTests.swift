import EventModel
import Funnels
import Playbook
import Testing

/// The rules one by one.
@Suite("Funnel state")
struct FunnelStateTests {
  private static let label = LocalizedText(texts: [])
  /// 2024-03-10, 10:00 in Shanghai.
  private let start = FunnelScenario.anchor

  private func definition(
    _ types: [String] = ["a", "b", "c"],
    window: TimeSpan = .hours(1),
    order: FunnelDefinition.Order = .ordered,
    exclusions: [FunnelDefinition.Exclusion] = [],
    name: String = "path"
  ) -> FunnelDefinition {
    FunnelDefinition(
      name: name,
      label: Self.label,
      window: window,
      order: order,
      steps: types.map { .init(name: $0, label: Self.label, types: [$0]) },
      exclusions: exclusions
    )
  }

  /// A state with its program.
  private struct Member {
    var state = FunnelState()
    let program: FunnelProgram

    init(_ definitions: FunnelDefinition...) throws {
      let zone = try #require(CalendarZone(identifier: "Asia/Shanghai"))
      program = try FunnelProgram(funnels: definitions, zone: zone)
    }

    mutating func apply(_ event: Event) -> [FunnelChange] {
      state.apply(event, program: program) { _, _ in .null }
    }

    mutating func advance(through instant: Instant) -> [(at: Instant, changes: [FunnelChange])] {
      state.advance(through: instant, program: program) { _, _ in .null }
    }
  }

  private func event(_ id: String, _ type: String, _ minutes: Int64, receivedAt: Int64? = nil) -> Event {
    FunnelScenario.event(
      id,
      type,
      at: start + .minutes(minutes),
      receivedAt: start + .minutes(receivedAt ?? minutes)
    )
  }

  @Test("An entry is dropped one millisecond after its window, and that is when it is due")
  func dropsAtDeadline() throws {
    var member = try Member(definition())
    _ = member.apply(event("1", "a", 0))
    let due = start + .hours(1) + TimeSpan(milliseconds: 1)
    #expect(member.state.nextDue(program: member.program) == due)
    #expect(member.advance(through: start + .hours(1)).isEmpty)
    let steps = member.advance(through: start + .hours(9))
    #expect(steps.map(\.at) == [due])
    #expect(steps.first?.changes.map(\.kind) == [.dropped])
    #expect(member.state.nextDue(program: member.program) == nil)
  }

  @Test("An entry is still open at the last instant of its window, when a late event changes it there")
  func openAtDeadline() throws {
    var member = try Member(definition())
    _ = member.apply(event("1", "a", 0))
    let changes = member.apply(event("2", "b", 30, receivedAt: 60))
    #expect(changes.map(\.entry.level) == [2])
    #expect(changes.map(\.entry.status) == [.open])
  }

  @Test("A later start on the same day reopens a dropped entry and moves its first step when it gets as far")
  func reopens() throws {
    var member = try Member(definition())
    _ = member.apply(event("1", "a", 0))
    _ = member.apply(event("2", "b", 1))
    _ = member.advance(through: start + .minutes(100))
    let reopened = member.apply(event("3", "a", 100))
    #expect(reopened.map(\.kind) == [.reopened])
    #expect(reopened.first?.entry.times.first == start)
    let moved = member.apply(event("4", "b", 101))
    #expect(moved.map(\.kind) == [.corrected])
    #expect(moved.first?.entry.times.first == start + .minutes(100))
    #expect(moved.first?.entry.revision == 5)
  }

  @Test("An event dated ahead of the clock counts from its time on")
  func waitsForFuture() throws {
    var member = try Member(definition(["a", "b"]))
    _ = member.apply(event("1", "a", 0))
    #expect(member.apply(event("2", "b", 5, receivedAt: 1)).isEmpty)
    #expect(member.advance(through: start + .minutes(4)).isEmpty)
    let steps = member.advance(through: start + .minutes(6))
    #expect(steps.map(\.at) == [start + .minutes(5)])
    #expect(steps.first?.changes.map(\.kind) == [.converted])
  }

  @Test("A late exclusion takes a conversion back; the next conversion is not the first")
  func unconverts() throws {
    let exclusion = FunnelDefinition.Exclusion(types: ["x"], from: 1, to: 2)
    var member = try Member(definition(["a", "b"], exclusions: [exclusion]))
    _ = member.apply(event("1", "a", 0))
    let converted = member.apply(event("2", "b", 10))
    #expect(converted.map(\.isFirstConversion) == [true])
    let back = member.apply(event("3", "x", 5, receivedAt: 12))
    #expect(back.map(\.kind) == [.unconverted])
    #expect(back.first?.entry.level == 1)
    #expect(back.first?.entry.status == .dropped)
    _ = member.apply(event("4", "a", 13))
    let again = member.apply(event("5", "b", 14))
    #expect(again.map(\.kind) == [.converted])
    #expect(again.map(\.isFirstConversion) == [false])
  }

  @Test("In a strict funnel another act of the member's closes the chain at once, a receipt does not")
  func strictEndsByBehaviour() throws {
    var member = try Member(definition(["a", "b"], order: .strict))
    _ = member.apply(event("1", "a", 0))
    #expect(member.apply(event("2", "touch.opened", 1)).isEmpty)
    #expect(member.apply(event("3", "message.posted", 2)).map(\.kind) == [.dropped])
    #expect(member.apply(event("4", "b", 3)).isEmpty)
  }

  @Test("An `any` entry inside an earlier one is withdrawn, and comes back with the next revision")
  func withdrawsContained() throws {
    var member = try Member(definition(["a", "b", "c"], window: .days(2), order: .any))
    // b stands on the following local day; a, late, reaches it.
    _ = member.apply(event("2", "b", 1200))
    let late = member.apply(event("1", "a", 0, receivedAt: 1201))
    #expect(late.map(\.kind) == [.entered, .withdrawn])
    #expect(late.last?.entry.level == 0)
    #expect(late.last?.entry.revision == 2)
    _ = member.advance(through: start + .minutes(1200 + 2000))
    let later = member.apply(event("3", "c", 1200 + 2000))
    #expect(later.map(\.kind) == [.entered])
    #expect(later.first?.entry.revision == 3)
    #expect(later.first?.entry.level == 2)
  }

  @Test("The changes of one event are in the order of the funnels' names")
  func ordersByName() throws {
    var member = try Member(definition(name: "zeta"), definition(name: "alpha"), definition(name: "中"))
    #expect(member.apply(event("1", "a", 0)).map(\.entry.funnel) == [1, 0, 2])
  }

  @Test("An event of a day that is final changes nothing")
  func ignoresFinal() throws {
    var member = try Member(definition())
    _ = member.apply(event("1", "a", 0))
    _ = member.advance(through: start + .days(30))
    #expect(member.apply(event("2", "b", 1, receivedAt: 30 * 1440)).isEmpty)
    #expect(member.state.entries(program: member.program).isEmpty)
    #expect(member.state.isEmpty)
  }

  @Test("A tag's value at the start follows late events until the entry is final")
  func readsTags() throws {
    var definition = definition()
    definition.breakdown = .init(by: .tag(3), attribution: .step(1))
    let zone = try #require(CalendarZone(identifier: "UTC"))
    let program = try FunnelProgram(funnels: [definition], zone: zone)
    var state = FunnelState()
    _ = state.apply(event("1", "a", 10), program: program) { _, _ in .string("old") }
    #expect(
      state.apply(event("2", "other", 11), program: program) { _, _ in .string("later") }.isEmpty
    )
    let changes = state.apply(event("3", "other", 9, receivedAt: 12), program: program) { tag, instant in
      tag == 3 && instant == start + .minutes(10) ? .string("new") : .null
    }
    #expect(changes.map(\.kind) == [.corrected])
    #expect(changes.first?.entry.breakdown == "new")
  }

  @Test("A tag is asked about a start once, at its time, also where the entry falls back to it much later")
  func keepsTagOfStart() throws {
    var definition = definition(["a", "b", "c"], window: .days(30))
    definition.exclusions = [.init(types: ["x"], from: 1, to: 2)]
    definition.breakdown = .init(by: .tag(0), attribution: .step(1))
    let zone = try #require(CalendarZone(identifier: "UTC"))
    let program = try FunnelProgram(funnels: [definition], zone: zone)
    var state = FunnelState()
    var asked: [Instant] = []
    var changes: [FunnelChange] = []
    let day: Int64 = 1440
    for (id, type, minutes): (String, String, Int64) in [
      ("1", "a", 0), ("2", "b", 1), ("3", "a", 2), ("4", "x", 10 * day), ("5", "c", 20 * day),
    ] {
      changes += state.apply(event(id, type, minutes), program: program) { _, instant in
        asked.append(instant)
        return .string(id)
      }
    }
    #expect(asked == [start, start + .minutes(2)])
    #expect(changes.last?.entry.status == .converted)
    #expect(changes.last?.entry.breakdown == "1")
  }

  @Test("Step numbers and sizes outside the bounds are refused by the funnel's name")
  func refusesUnsound() throws {
    #expect(throws: FunnelProgram.Failure.steps(funnel: "path")) { try Member(definition([])) }
    #expect(throws: FunnelProgram.Failure.steps(funnel: "path")) {
      try Member(definition(Array(repeating: "a", count: 33)))
    }
    #expect(throws: FunnelProgram.Failure.exclusions(funnel: "path")) {
      try Member(definition(exclusions: [.init(types: ["x"], from: 2, to: 4)]))
    }
  }

  @Test("With distinct types the best level is that of a window funnel")
  func matchesWindowFunnel() throws {
    for seed: UInt64 in 0..<300 {
      var random = SeededGenerator(seed: seed)
      var member = try Member(definition(["a", "b", "c", "d"], window: .minutes(6)))
      let events = (0..<Int.random(in: 1...30, using: &random)).map { index in
        event(
          "\(index)",
          ["a", "b", "c", "d"].randomElement(using: &random) ?? "a",
          Int64.random(in: 0...25, using: &random),
          receivedAt: 30
        )
      }
      for event in events { _ = member.apply(event) }
      let best = member.state.entries(program: member.program).map(\.level).max() ?? 0
      #expect(best == Self.windowFunnel(events, types: ["a", "b", "c", "d"], window: .minutes(6)), "seed \(seed)")
    }
  }

  /// ClickHouse's `windowFunnel` in its default mode: per level, the start of the newest chain that reached it.
  private static func windowFunnel(_ events: [Event], types: [String], window: TimeSpan) -> Int {
    let sorted = events.compactMap { event in types.firstIndex(of: event.type).map { (event.time, $0) } }
      .sorted { $0 < $1 }
    var starts: [Instant?] = Array(repeating: nil, count: types.count)
    for (time, level) in sorted {
      if level == 0 {
        starts[0] = time
      } else if let start = starts[level - 1], time <= start + window {
        starts[level] = start
      }
    }
    return (starts.lastIndex { $0 != nil } ?? -1) + 1
  }
}
