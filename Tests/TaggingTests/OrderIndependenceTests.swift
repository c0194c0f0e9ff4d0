import EventModel
import Foundation
import Playbook
import Tagging
import Testing

/// One record of a log, or a tick.
enum LogItem {
  case event(Event)
  case tick(Instant)
}

/// All that a log gave, as text.
struct Run {
  var state = TaggingState()
  var changes: [String] = []
  var accepted: [Event] = []
  var conflicts = 0
  private var published: [Int: (String, Int64)] = [:]

  /// Folds a log; with `storing`, the state goes through its stored form before about every third item.
  init(_ log: [LogItem], _ program: TaggingProgram, storing seed: UInt64?) throws {
    var random = SeededGenerator(seed: seed ?? 0)
    for item in log {
      if seed != nil, random.chance(35) {
        let bytes = state.encoded()
        state = try TaggingState(decoding: bytes)
        #expect(state.encoded() == bytes)
      }
      switch item {
      case .tick(let instant): note(state.advance(through: instant, program: program), program)
      case .event(let event):
        note(state.advance(through: event.receivedAt, program: program), program)
        let outcome = state.apply(event, program: program)
        if outcome.acceptance == .accepted { accepted.append(event) }
        if outcome.acceptance == .duplicateConflict { conflicts += 1 }
        note(outcome.tags, outcome.signals, program)
      }
    }
  }

  private mutating func note(_ firings: [Firing], _ program: TaggingProgram) {
    for firing in firings {
      changes.append("at \(firing.at.text)")
      note(firing.tags, firing.signals, program)
    }
  }

  private mutating func note(_ tags: [TagChange], _ signals: [SignalChange], _ program: TaggingProgram) {
    for change in tags {
      note(change.tag, change.value, change.was, change.since, "\(change.cause) \(change.deciding)")
    }
    for change in signals {
      let index = change.signal + program.program.tags.count
      note(index, change.value, change.was, change.since, "\(change.cause) \(change.deciding)")
    }
  }

  private mutating func note(_ index: Int, _ value: Value, _ was: Value, _ since: Instant, _ rest: String) {
    #expect(text(was) == published[index]?.0 ?? "null")
    published[index] = (text(value), since.milliseconds)
    changes.append("\(index) \(text(was)) > \(text(value)) since \(since.text) \(rest)")
  }

  /// What a subscriber holds, from the changes alone.
  func published(_ index: Int) -> Oracle.Standing? {
    published[index].map { Oracle.Standing(value: $0.0, since: $0.1) }
  }

  func standing(_ program: TaggingProgram) -> [Oracle.Standing] {
    (state.tagValues(program: program) + state.signalValues(program: program)).map {
      Oracle.Standing(value: text($0.value), since: $0.since?.milliseconds ?? .min)
    }
  }
}

/// Canonical JSON in ASCII, so that texts are compared byte by byte.
func text(_ value: Value) -> String {
  value.canonicalJSON.map { $0 < 128 ? String(UnicodeScalar($0)) : "<\($0)>" }.joined()
}

@Suite("Order independence")
struct OrderIndependenceTests {
  private static let cases = 40 * (ProcessInfo.processInfo.environment["HEARTH_CASES"].flatMap(Int.init) ?? 1)
  private static let seed = ProcessInfo.processInfo.environment["HEARTH_SEED"].flatMap(UInt64.init) ?? 20_261

  @Test("Values and their starts are what the definition gives, whatever the order, the copies and the restarts")
  func law1() throws {
    var late = 0
    var ties = 0
    var total = 0
    for number in 0..<Self.cases {
      let seed = Self.seed &+ UInt64(number)
      var random = SeededGenerator(seed: seed)
      let one = try #require(RandomCase(&random))
      let program = TaggingProgram(program: one.program, zone: one.zone)
      let end =
        (one.events.map { max($0.receivedAt, $0.time).milliseconds }.max() ?? 0) + 73 * 3_600_000
        + Int64(random.below(700_000_000))
      let first = log(one.events, end, &random)
      let second = log(one.events, end, &random)
      let plain = try Run(first, program, storing: nil)
      let stored = try Run(first, program, storing: seed)
      let other = try Run(second, program, storing: nil)
      #expect(plain.changes == stored.changes, "seed \(seed): changes with and without restarts")
      #expect(plain.accepted.count == one.events.count, "seed \(seed): accepted")
      let oracle = Oracle(program: one.program, zone: one.zone, events: one.events)
      let expected = oracle.standing(at: end, spans: one.spans, units: one.units)
      for (name, run) in [("plain", plain), ("stored", stored), ("other", other)] {
        #expect(run.standing(program) == expected, "seed \(seed): \(name)")
        let metrics = run.state.metricValues(program: program).map { text($0.value) }
        #expect(
          metrics == one.program.metrics.indices.map { text(oracle.metric($0, at: end)) },
          "seed \(seed): \(name)"
        )
        for (index, standing) in expected.enumerated() where standing.value != "null" || run.published(index) != nil {
          if standing.value == "null" { continue }
          #expect(run.published(index) == standing, "seed \(seed): \(name), published \(index)")
        }
      }
      let cut = first.count / 2
      try checkPrefix(Array(first.prefix(cut)), one, program, seed)
      let order = Dictionary(grouping: one.events, by: \.time)
      total += one.events.count
      ties += order.values.filter { $0.count > 1 }.map(\.count).reduce(0, +)
      late += one.events.filter { ($0.receivedAt - $0.time) > .minutes(30) }.count
    }
    #expect(late * 100 >= total * 20, "too few late events: \(late) of \(total)")
    #expect(ties * 100 >= total * 10, "too few ties: \(ties) of \(total)")
  }

  private func checkPrefix(_ log: [LogItem], _ one: RandomCase, _ program: TaggingProgram, _ seed: UInt64) throws {
    let run = try Run(log, program, storing: nil)
    guard let clock = run.state.clock else { return }
    let oracle = Oracle(program: one.program, zone: one.zone, events: run.accepted)
    let expected = oracle.standing(at: clock.milliseconds, spans: one.spans, units: one.units)
    let actual = run.standing(program)
    #expect(expected.isEmpty ? actual.allSatisfy { $0.since == .min } : actual == expected, "seed \(seed): prefix")
  }

  /// The events in an order within the bounds, with copies and ticks between.
  private func log(_ events: [Event], _ end: Int64, _ random: inout SeededGenerator) -> [LogItem] {
    var items: [(at: Int64, item: LogItem)] = []
    for event in events {
      let at = event.receivedAt.milliseconds + Int64(random.below(240_000))
      items.append((at, .event(event)))
      guard random.chance(30) else { continue }
      var copy = event
      let delay = Int64(random.below(random.chance(50) ? 60_000 : 72 * 3_600_000))
      copy.receivedAt = Instant(milliseconds: event.receivedAt.milliseconds + 240_000 + delay)
      if random.chance(30) { copy.time = Instant(milliseconds: copy.time.milliseconds + 3) }
      items.append((copy.receivedAt.milliseconds, .event(copy)))
    }
    for _ in 0..<random.below(8) {
      let at = Int64.random(in: (items.first?.at ?? 0)...end, using: &random)
      items.append((at, .tick(Instant(milliseconds: at))))
    }
    items.sort { $0.at < $1.at }
    // A tick never runs ahead of records still to come by more than the slack.
    return items.map(\.item) + [.tick(Instant(milliseconds: end))]
  }
}
