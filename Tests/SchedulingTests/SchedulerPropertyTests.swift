import EventModel
import Foundation
import Playbook
import Scheduling
import Testing

/// Random cases of a suite; `HEARTH_CASES` sets more by hand.
private let cases = ProcessInfo.processInfo.environment["HEARTH_CASES"].flatMap { UInt64($0) } ?? 8

/// An input of a member, minute by minute from the run's start.
private enum Input {
  case entered(String)
  case event(String)
}

/// A random playbook and a random life of one member, all at whole minutes.
private struct Scenario {
  var journeys: [JourneyDefinition]
  var courtesy: Courtesy
  var inputs: [(minute: Int, input: Input)]
  let start: Instant
  let zone: CalendarZone
  /// Whether the minute is quiet, by the wall clock's reading; one entry beyond the run for touches still pending.
  var quietMinutes: [Bool] = []
  static let minutes = 3 * 1440

  init(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    zone = try SchedulingTests.zone(["America/New_York", "Asia/Shanghai", "America/Sao_Paulo"][random.below(3)])
    start = try instant(random.chance(1, in: 2) ? "2026-03-07T10:00:00Z" : "2018-11-03T01:00:00Z")
    journeys = (0..<3).map { Scenario.journey($0, &random) }
    let from = random.below(1440)
    let quiet = Courtesy.QuietHours(
      from: .minutes(Int64(from)),
      to: .minutes(Int64((from + 1 + random.below(900)) % 1440))
    )
    courtesy = Courtesy(
      quietHours: random.chance(2, in: 3) ? quiet : nil,
      caps: (0..<random.below(3)).map { _ in
        Courtesy.Cap(
          kind: random.chance(1, in: 2) ? nil : "k\(random.below(2))",
          touches: 1 + random.below(2),
          per: .minutes(Int64(30 + random.below(900)))
        )
      }
    )
    inputs = (0..<25).map { _ in
      let minute = random.below(Scenario.minutes)
      return (minute, random.chance(1, in: 2) ? .entered("s\(random.below(2))") : .event("e\(random.below(2))"))
    }
    inputs.sort { $0.minute < $1.minute }
    quietMinutes = (0...(Scenario.minutes + 1500)).map { readsQuiet($0) }
  }

  private func readsQuiet(_ minute: Int) -> Bool {
    guard let quiet = courtesy.quietHours, quiet.from != quiet.to else { return false }
    let reading = zone.timeOfDay(at: at(minute))
    return quiet.from < quiet.to
      ? reading >= quiet.from && reading < quiet.to : reading >= quiet.from || reading < quiet.to
  }

  private static func journey(_ index: Int, _ random: inout SeededGenerator) -> JourneyDefinition {
    let steps = (0..<(1 + random.below(5))).map { _ -> JourneyDefinition.Step in
      switch random.below(5) {
      case 0: .delay(.minutes(Int64(1 + random.below(400))))
      case 1: .wait(types: ["e\(random.below(2))"], atMost: .minutes(Int64(1 + random.below(900))))
      default:
        .send(template: "t\(random.below(2))", channel: "c", expires: .minutes(Int64(1 + random.below(1500))))
      }
    }
    var journey = JourneyDefinition(
      name: "j\(index)",
      label: noText,
      startSegment: "s\(random.below(2))",
      againAfter: random.chance(1, in: 3) ? nil : .minutes(Int64(1 + random.below(1000))),
      steps: steps
    )
    journey.priority = random.below(2)
    return journey
  }

  func program(_ clock: TenantClock) -> SchedulerProgram {
    SchedulerProgram(
      zone: zone,
      clock: clock,
      courtesy: courtesy,
      templates: (0..<2).map { TemplateDefinition(name: "t\($0)", kind: "k\($0)", voice: nil, text: "") },
      journeys: journeys
    )
  }

  func at(_ minute: Int) -> Instant { start + .minutes(Int64(minute)) }

  func apply(_ input: Input, at minute: Int, to state: inout SchedulerMemberState, program: SchedulerProgram) {
    switch input {
    case .entered(let segment):
      state.segmentChanged(segment, entered: true, at: at(minute), mode: .live, program: program)
    case .event(let type): state.eventSeen(behaviour(type, at: at(minute)), program: program)
    }
  }
}

/// The rules read aloud, one minute at a time, without any look-up of a next instant.
private struct NaiveScheduler {
  struct Run {
    var journey: JourneyDefinition
    var started: Int
    var step = 0
    var since: Int
    var attempt: Int?
    var over = false
  }

  let scenario: Scenario
  var runs: [Run] = []
  var lastStart: [String: Int] = [:]
  var sent: [(minute: Int, kind: String)] = []
  var log: [String] = []

  mutating func simulate() -> [String] {
    let inputs = Dictionary(grouping: scenario.inputs, by: \.minute)
    for minute in 0...Scenario.minutes {
      for (_, input) in inputs[minute] ?? [] {
        if case .entered(let segment) = input { enter(segment, minute) }
      }
      // Steps of no length follow at once, so repeat until nothing moves.
      var moved = true
      while moved {
        moved = false
        for index in runs.indices where !runs[index].over { moved = pass(index, minute) || moved }
        for index in touches(minute) { moved = judge(index, minute) || moved }
      }
      runs.removeAll(where: \.over)
    }
    return log
  }

  private mutating func enter(_ segment: String, _ minute: Int) {
    for journey in scenario.journeys where journey.startSegment == segment {
      if runs.contains(where: { $0.journey.name == journey.name }) { continue }
      if let last = lastStart[journey.name] {
        guard let again = journey.againAfter, minute > last, minute >= last + inMinutes(again) else { continue }
      }
      lastStart[journey.name] = minute
      runs.append(Run(journey: journey, started: minute, since: minute))
    }
  }

  private func inMinutes(_ span: TimeSpan) -> Int { Int(span.milliseconds / 60_000) }

  private mutating func pass(_ index: Int, _ minute: Int) -> Bool {
    let run = runs[index]
    guard run.step < run.journey.steps.count else {
      runs[index].over = true
      return false
    }
    switch run.journey.steps[run.step] {
    case .end: runs[index].over = true
    case .delay(let span) where minute >= run.since + inMinutes(span): return go(index, minute)
    case .wait(let types, let span):
      let answered = scenario.inputs.contains {
        if case .event(let type) = $0.input {
          types.contains(type) && $0.minute >= run.since && $0.minute <= minute
        } else {
          false
        }
      }
      if answered {
        runs[index].over = true
      } else if minute >= run.since + inMinutes(span) {
        return go(index, minute)
      }
    default: break
    }
    return false
  }

  private mutating func go(_ index: Int, _ minute: Int) -> Bool {
    runs[index].step += 1
    runs[index].since = minute
    runs[index].attempt = nil
    if runs[index].step >= runs[index].journey.steps.count { runs[index].over = true }
    return true
  }

  private func touches(_ minute: Int) -> [Int] {
    runs.indices.filter {
      guard !runs[$0].over, case .send = runs[$0].journey.steps[runs[$0].step] else { return false }
      return (runs[$0].attempt ?? runs[$0].since) <= minute
    }.sorted {
      let names = scenario.journeys.map(\.name)
      let left = runs[$0], right = runs[$1]
      return (-left.journey.priority, left.since, names.firstIndex(of: left.journey.name) ?? 0)
        < (-right.journey.priority, right.since, names.firstIndex(of: right.journey.name) ?? 0)
    }
  }

  private mutating func judge(_ index: Int, _ minute: Int) -> Bool {
    let run = runs[index]
    guard case .send(let template, _, let expires) = run.journey.steps[run.step] else { return false }
    let kind = template == "t0" ? "k0" : "k1"
    let end = run.since + inMinutes(expires)
    let first = (minute..<max(minute, end)).first { isAllowed(kind, $0) }
    let key = "\(run.journey.name)/\(run.step)/\(run.started)"
    guard let first else {
      log.append("\(minute) dropped \(key)")
      return go(index, minute)
    }
    guard first == minute else {
      if run.attempt == nil { log.append("\(minute) deferred \(key)") }
      runs[index].attempt = first
      return false
    }
    log.append("\(minute) decided \(key)")
    sent.append((minute, kind))
    return go(index, minute)
  }

  private func isAllowed(_ kind: String, _ minute: Int) -> Bool {
    let capped = scenario.courtesy.caps.contains { cap in
      guard cap.kind == nil || cap.kind == kind else { return false }
      let inside = sent.filter {
        (cap.kind == nil || $0.kind == cap.kind) && $0.minute > minute - inMinutes(cap.per)
      }
      return inside.count >= cap.touches
    }
    return !capped && !scenario.isQuiet(minute)
  }
}

extension Scenario {
  fileprivate func isQuiet(_ minute: Int) -> Bool { quietMinutes[minute] }

  fileprivate func line(_ touch: TouchDecision) -> String {
    func minute(_ instant: Instant) -> Int64 { (instant - start).milliseconds / 60_000 }
    let started = inputs.first { touch.occurrence == at($0.minute).text }?.minute ?? -1
    let name = touch.source.dropFirst("journey/".count)
    return "\(minute(touch.decidedAt)) \(touch.status.rawValue) \(name)/\(touch.step)/\(started)"
  }

}

@Suite struct SchedulerPropertyTests {
  private let seeds = 0..<cases

  /// Runs the scenario with advances at random points, storing and reading the state at some of them.
  private func run(
    _ scenario: Scenario,
    clock: TenantClock,
    seed: UInt64,
    step: Int,
    ahead: Int = 0
  ) throws -> [TouchDecision] {
    var random = SeededGenerator(seed: seed &* 7919 &+ 1)
    let program = scenario.program(clock)
    var state = SchedulerMemberState(subject: member)
    var touches: [TouchDecision] = []
    var next = 0
    var minute = 0
    while minute <= Scenario.minutes {
      while next < scenario.inputs.count, scenario.inputs[next].minute <= minute + ahead {
        let (at, input) = scenario.inputs[next]
        // The caller's duty: the clock reaches a record before the record is applied.
        touches += state.advance(through: scenario.at(min(at, minute)) - TimeSpan(milliseconds: 1), program: program)
        scenario.apply(input, at: at, to: &state, program: program)
        // Any event may come again, and an entry at once (older ones the caller knows by their sequence).
        let (again, repeated) = scenario.inputs[random.below(next + 1)]
        if case .event = repeated { scenario.apply(repeated, at: again, to: &state, program: program) }
        if random.chance(1, in: 2) { scenario.apply(input, at: at, to: &state, program: program) }
        next += 1
      }
      touches += state.advance(through: scenario.at(minute), program: program)
      if random.chance(1, in: 3) { state = try SchedulerMemberState(decoding: state.encoded(), subject: member) }
      minute += 1 + random.below(step)
    }
    touches += state.advance(through: scenario.at(Scenario.minutes), program: program)
    return touches
  }

  @Test("A log-clock member's touches equal a naive minute-by-minute run of the rules, however the clock steps")
  func equalNaive() throws {
    var statuses: Set<String> = []
    for seed in seeds {
      let scenario = try Scenario(seed: seed)
      var naive = NaiveScheduler(scenario: scenario)
      let expected = naive.simulate()
      statuses.formUnion(expected.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
      for (step, ahead) in [(15, 0), (90, 90), (700, 700)] {
        let got = try run(scenario, clock: .log, seed: seed, step: step, ahead: ahead).map(scenario.line)
        #expect(got == expected, "seed \(seed), steps up to \(step)")
      }
    }
    #expect(statuses == ["decided", "deferred", "dropped"], "the cases reach every outcome")
  }

  @Test("Under a live clock with pauses no touch is settled twice, none outside quiet hours and caps, none expired")
  func invariants() throws {
    for seed in seeds {
      let scenario = try Scenario(seed: seed)
      let touches = try run(scenario, clock: .live, seed: seed, step: 300, ahead: Int(seed % 3) * 100)
      var deferred: Set<String> = []
      var settled: Set<String> = []
      for touch in touches {
        if touch.status == .deferred {
          #expect(deferred.insert(touch.id).inserted && !settled.contains(touch.id), "seed \(seed)")
        } else {
          #expect(settled.insert(touch.id).inserted, "seed \(seed)")
        }
        guard touch.status == .decided else { continue }
        #expect(touch.decidedAt >= touch.dueAt && touch.decidedAt < touch.expiresAt, "seed \(seed)")
        #expect(!scenario.isQuiet(Int((touch.decidedAt - scenario.start).milliseconds / 60_000)), "seed \(seed)")
      }
      expectCaps(scenario, touches.filter { $0.status == .decided }, seed: seed)
    }
  }

  private func expectCaps(_ scenario: Scenario, _ touches: [TouchDecision], seed: UInt64) {
    for cap in scenario.courtesy.caps {
      let counted = touches.filter { cap.kind == nil || $0.kind == cap.kind }.map(\.decidedAt)
      for end in counted {
        #expect(counted.count { $0 > end - cap.per && $0 <= end } <= cap.touches, "seed \(seed) \(cap)")
      }
    }
  }
}

@Suite struct SchedulerCodingTests {
  @Test("A member's state reads back equal, and cut, lengthened or altered bytes never trap")
  func hostile() throws {
    for seed in 0..<4 as Range<UInt64> {
      let scenario = try Scenario(seed: seed)
      let program = scenario.program(.log)
      var state = SchedulerMemberState(subject: member)
      state.tagChanged("zone", value: .string("Asia/Shanghai"), program: program)
      for (minute, input) in scenario.inputs { scenario.apply(input, at: minute, to: &state, program: program) }
      _ = state.advance(through: scenario.at(Scenario.minutes / 2), program: program)
      let bytes = state.encoded()
      #expect(try SchedulerMemberState(decoding: bytes, subject: member) == state)
      for count in bytes.indices {
        #expect(throws: StateCodingFailure.self) {
          try SchedulerMemberState(decoding: Array(bytes.prefix(count)), subject: member)
        }
      }
      #expect(throws: StateCodingFailure.trailing) {
        try SchedulerMemberState(decoding: bytes + [0], subject: member)
      }
      #expect(throws: StateCodingFailure.version(9)) {
        try SchedulerMemberState(decoding: [9] + bytes.dropFirst(), subject: member)
      }
      var random = SeededGenerator(seed: seed)
      for _ in 0..<300 {
        var altered = bytes
        altered[random.below(altered.count)] = UInt8(random.below(256))
        guard var read = try? SchedulerMemberState(decoding: altered, subject: member) else { continue }
        _ = read.advance(through: scenario.at(Scenario.minutes), program: program)
      }
    }
  }

  @Test("A community's state reads back equal, and cut or altered bytes never trap")
  func community() throws {
    let noon = try instant("2026-06-01T04:00:00Z")
    let calendar = CalendarDefinition(
      name: "d",
      label: noText,
      slot: .daily(at: .hours(20)),
      audience: .communityTag("hot"),
      template: "t",
      channel: "c",
      misfire: .all
    )
    let program = SchedulerProgram(zone: try zone("Asia/Shanghai"), calendars: [calendar])
    var state = SchedulerCommunityState(subject: village)
    let kind = Value.object([Value.Member(name: "kind", value: .string("会员群"))])
    state.eventSeen(behaviour("community.created", at: noon, of: village, data: kind), program: program)
    state.tagChanged("hot", value: .bool(true), at: noon, program: program)
    state.tagChanged("hot", value: .bool(false), at: noon + .days(2), program: program)
    _ = state.advance(through: noon + .days(1), program: program)
    let bytes = state.encoded()
    #expect(try SchedulerCommunityState(decoding: bytes, subject: village) == state)
    var random = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      var altered = bytes
      altered[random.below(altered.count)] = UInt8(random.below(256))
      guard var read = try? SchedulerCommunityState(decoding: altered, subject: village) else { continue }
      _ = read.advance(through: noon + .days(3), program: program)
    }
    for count in bytes.indices {
      #expect(throws: StateCodingFailure.self) {
        try SchedulerCommunityState(decoding: Array(bytes.prefix(count)), subject: village)
      }
    }
  }
}
