import EventModel
import Playbook
import Tagging
import Testing

@Suite("Boundaries in time")
struct BoundaryTests {
  private let start = instant("2026-03-02T04:00:00Z")
  private let millisecond = TimeSpan(milliseconds: 1)

  @Test("An event leaves a sliding window exactly at its time + w")
  func leaves() {
    var subject = Subject1(program([metric("n", .count, "a", .sliding(.days(7)))]))
    subject.fold(event("1", "a", start))
    #expect(subject.state.nextDue(program: subject.program) == start + .days(7))
    subject.tick(start + .days(7) - millisecond)
    #expect(subject.metrics == ["1"])
    subject.tick(start + .days(7))
    #expect(subject.metrics == ["0"])
    #expect(subject.state.nextDue(program: subject.program) == nil)
  }

  @Test("A late event dated exactly T − w is outside, one millisecond later inside")
  func lateAtTheEdge() {
    var subject = Subject1(program([metric("n", .count, "a", .sliding(.days(2)))]))
    let now = start + .days(2)
    subject.fold(event("1", "a", start, received: now))
    #expect(subject.metrics == ["0"])
    subject.fold(event("2", "a", start + millisecond, received: now))
    #expect(subject.metrics == ["1"])
  }

  @Test("A two-sided window is entered at time + near edge and left at time + far edge")
  func twoSided() {
    var subject = Subject1(program([metric("n", .count, "a", .between(from: .days(60), to: .days(30)))]))
    subject.fold(event("1", "a", start))
    for (at, count) in [
      (start + .days(30) - millisecond, "0"), (start + .days(30), "1"), (start + .days(60) - millisecond, "1"),
      (start + .days(60), "0"),
    ] {
      subject.tick(at)
      #expect(subject.metrics == [count])
    }
  }

  @Test("An absolute window is half-open")
  func absolute() {
    let window = Window.absolute(from: start, to: start + .days(1))
    var subject = Subject1(program([metric("n", .count, "a", window)]))
    subject.fold(event("1", "a", start - millisecond))
    #expect(subject.metrics == ["0"])
    subject.fold(event("2", "a", start))
    subject.fold(event("3", "a", start + .days(1) - millisecond))
    subject.fold(event("4", "a", start + .days(1)))
    #expect(subject.metrics == ["2"])
  }

  @Test("A calendar window begins anew with the local day, week and month, across a change of the clock")
  func calendar() {
    // Berlin: Sunday 2026-03-29 has 23 hours; the week ends with it, the month two days later.
    let program = program(
      [metric("d", .count, "a", .today), metric("w", .count, "a", .thisWeek), metric("m", .count, "a", .thisMonth)],
      zone: zone("Europe/Berlin")
    )
    var subject = Subject1(program)
    subject.fold(event("1", "a", instant("2026-03-28T23:30:00Z")))
    for (at, counts) in [
      ("2026-03-29T21:59:59.999Z", ["1", "1", "1"]), ("2026-03-29T22:00:00Z", ["0", "0", "1"]),
      ("2026-03-31T21:59:59.999Z", ["0", "0", "1"]), ("2026-03-31T22:00:00Z", ["0", "0", "0"]),
    ] {
      subject.tick(instant(at))
      #expect(subject.metrics == counts, "\(at)")
    }
  }

  @Test("A day that the zone skipped does not break a streak, and a late event joins two runs")
  func streak() {
    // Apia had no 2011-12-30; local days begin at 10:00 UTC before it and after.
    var subject = Subject1(program([metric("s", .streak)], zone: zone("Pacific/Apia")))
    subject.fold(event("1", "a", instant("2011-12-29T12:00:00Z")))
    #expect(subject.metrics == ["1"])
    subject.fold(event("2", "a", instant("2011-12-30T12:00:00Z")))
    #expect(subject.metrics == ["2"])
    subject.fold(event("4", "a", instant("2012-01-01T12:00:00Z")))
    #expect(subject.metrics == ["1"])
    subject.fold(event("3", "a", instant("2011-12-31T12:00:00Z"), received: instant("2012-01-01T13:00:00Z")))
    #expect(subject.metrics == ["4"])
    // It stands through the next day and breaks as the one after begins.
    subject.tick(instant("2012-01-03T09:59:59.999Z"))
    #expect(subject.metrics == ["4"])
    subject.tick(instant("2012-01-03T10:00:00Z"))
    #expect(subject.metrics == ["0"])
  }

  @Test("A tag changes at its instant when nothing arrives, and says why")
  func elapsed() {
    let lost = Formula.elapsed(.greater, time: .metric(0), span: .literal(.span(.days(60))))
    var subject = Subject1(program([metric("last", .last)], [tag("lost", .rule(lost))]))
    let first = subject.fold(event("1", "a", start))
    let was = [DecidingValue(name: "last", value: .time(start), approximate: false)]
    #expect(
      first.tags == [
        TagChange(tag: 0, value: .bool(false), was: .null, since: start, cause: .event(id: "1"), deciding: was)
      ]
    )
    let due = start + .days(60) + millisecond
    #expect(subject.state.nextDue(program: subject.program) == due)
    let change = TagChange(
      tag: 0,
      value: .bool(true),
      was: .bool(false),
      since: due,
      cause: .clock,
      deciding: was
    )
    #expect(subject.tick(due + .days(1)) == [Firing(at: due, tags: [change], signals: [])])
  }

  @Test("An event dated ahead is invisible until the clock reaches it")
  func ahead() {
    let some = Formula.compare(.greater, .metric(0), .literal(decimal(0)))
    var subject = Subject1(program([metric("n", .count)], [tag("some", .rule(some))]))
    let outcome = subject.fold(event("1", "a", start + .minutes(5), received: start))
    #expect(outcome == SubjectOutcome(acceptance: .accepted))
    #expect(subject.tags == ["null"] && subject.state.nextDue(program: subject.program) == start + .minutes(5))
    let firings = subject.tick(start + .minutes(5))
    #expect(firings.map(\.at) == [start + .minutes(5)] && firings.first?.tags.first?.cause == .event(id: "1"))
    #expect(subject.tags == ["true"])
  }

  @Test("A late event that moves only the start of a value is a correction")
  func correction() {
    let many = Formula.compare(.greaterOrEqual, .metric(0), .literal(decimal(2)))
    var subject = Subject1(program([metric("n", .count)], [tag("many", .rule(many))]))
    subject.fold(event("1", "a", start))
    subject.fold(event("3", "a", start + .hours(3)))
    let outcome = subject.fold(event("2", "a", start + .hours(2), received: start + .hours(4)))
    #expect(outcome.tags.map(\.since) == [start + .hours(2)])
    #expect(outcome.tags.map(\.cause) == [.correction(id: "2")] && outcome.tags.map(\.was) == [.bool(true)])
  }

  @Test("Two events of one millisecond that undo each other change nothing in the end")
  func undone() {
    var subject = Subject1(program([], [tag("city", .fact([EventSelector(type: "a", field: "city")]), .string)]))
    subject.fold(event("1", "a", start, [("city", .string("x"))]))
    subject.fold(event("2", "a", start + .hours(1), [("city", .string("y"))]))
    let outcome = subject.fold(event("3", "a", start + .hours(1), [("city", .string("x"))]))
    #expect(outcome.tags.map(\.since) == [start])
    #expect(subject.state.tagValues(program: subject.program) == [StandingValue(value: .string("x"), since: start)])
  }

  @Test("A sum is exact in any order")
  func exactSum() {
    let amounts = [100_000, 200_000, 300_000].map { FixedDecimal(millionths: Int64($0)).map(Value.number) ?? .null }
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
      var subject = Subject1(program([metric("s", .sum, field: "amount")]))
      for (place, index) in order.enumerated() {
        subject.fold(event("\(index)", "a", start + .seconds(Int64(place)), [("amount", amounts[index])]))
      }
      #expect(subject.metrics == ["0.6"])
    }
  }

  @Test("A sum past 10^12 is null and recovers")
  func overflow() {
    var subject = Subject1(program([metric("s", .sum, field: "amount", .sliding(.hours(1)))]))
    let most = decimal(999_999_999_999)
    subject.fold(event("1", "a", start, [("amount", most)]))
    subject.fold(event("2", "a", start + .minutes(30), [("amount", most)]))
    #expect(subject.metrics == ["null"])
    subject.tick(start + .hours(1))
    #expect(subject.metrics == ["999999999999"])
  }

  @Test("Copies are known for 72 h 5 min after arrival; a differing one is told apart, another time is no difference")
  func duplicates() {
    var subject = Subject1(program([metric("n", .count)]))
    let first = event("1", "a", start, [("amount", decimal(1))])
    #expect(subject.fold(first).acceptance == .accepted)
    var copy = first
    copy.time = start + .seconds(2)
    copy.receivedAt = start + .hours(72) + .minutes(5)
    #expect(subject.fold(copy).acceptance == .duplicate)
    copy.data = .object([Value.Member(name: "amount", value: decimal(2))])
    #expect(subject.fold(copy).acceptance == .duplicateConflict)
    copy.receivedAt = copy.receivedAt + millisecond
    #expect(subject.fold(copy).acceptance == .accepted)
    #expect(subject.metrics == ["2"])
  }

  @Test("Copies are known as long where a subject's ids are many")
  func duplicatesAmongMany() {
    var subject = Subject1(program([metric("n", .count)]))
    for index in 0..<40 { subject.fold(event("x\(index)", "a", start + .minutes(Int64(index)))) }
    let first = event("1", "a", start + .hours(1))
    #expect(subject.fold(first).acceptance == .accepted)
    var copy = first
    copy.receivedAt = first.receivedAt + .hours(72) + .minutes(5)
    #expect(subject.fold(copy).acceptance == .duplicate)
    copy.receivedAt = copy.receivedAt + millisecond
    #expect(subject.fold(copy).acceptance == .accepted)
  }

  @Test("Of two facts of one millisecond the one with the larger id stands, whichever came first")
  func tiedFacts() {
    for order in [["1", "2"], ["2", "1"]] {
      var subject = Subject1(program([], [tag("city", .fact([EventSelector(type: "a", field: "city")]), .string)]))
      for id in order { subject.fold(event(id, "a", start, [("city", .string("of \(id)"))])) }
      #expect(subject.tags == ["\"of 2\""], "\(order)")
    }
  }

  @Test("Scores are clamped and the quadrant is the first label that holds, else 未分类")
  func scores() {
    let hundred = Formula.arithmetic(.multiply, .metric(0), .literal(decimal(60)))
    let label = Quadrant.Label(
      value: "loyal",
      label: LocalizedText(texts: []),
      condition: .compare(.greater, .tag(0), .literal(decimal(60))),
      strategy: nil
    )
    var subject = Subject1(
      program(
        [metric("n", .count)],
        [
          tag("loyalty", .score(hundred, cut: .zero), .decimal),
          tag("quadrant", .quadrant(Quadrant(x: "loyalty", y: "loyalty", labels: [label])), .enum),
        ]
      )
    )
    subject.fold(event("1", "a", start))
    #expect(subject.tags == ["60", text(.string("未分类"))])
    let outcome = subject.fold(event("2", "a", start + .seconds(1)))
    #expect(subject.tags == ["100", "\"loyal\""])
    #expect(outcome.tags.map(\.tag) == [0, 1])
    #expect(outcome.tags.last?.deciding == [DecidingValue(name: "loyalty", value: decimal(100), approximate: false)])
  }

  @Test("Only the member's own events count unless the playbook says otherwise; a fact comes from anyone")
  func actors() {
    var subject = Subject1(
      program([metric("n", .count)], [tag("city", .fact([EventSelector(type: "a", field: "city")]), .string)])
    )
    subject.fold(event("1", "a", start, actor: .operator, [("city", .string("x"))]))
    #expect(subject.metrics == ["0"] && subject.tags == ["\"x\""])
  }

  @Test("Changed or cut bytes of a stored state fail or load, and never trap")
  func hostileBytes() throws {
    var random = SeededGenerator(seed: 7)
    let one = try #require(RandomCase(&random))
    let program = TaggingProgram(program: one.program, zone: one.zone)
    var state = TaggingState()
    for event in one.events.sorted(by: { $0.receivedAt < $1.receivedAt }) { _ = state.apply(event, program: program) }
    _ = state.advance(through: Instant(milliseconds: one.start) + .days(30), program: program)
    let bytes = state.encoded()
    for length in 0..<bytes.count {
      #expect(throws: StateDecodeFailure.self) { try TaggingState(decoding: Array(bytes.prefix(length))) }
    }
    for _ in 0..<2000 {
      var changed = bytes
      for _ in 0..<(1 + random.below(3)) { changed[random.below(changed.count)] = UInt8(random.below(256)) }
      guard var loaded = try? TaggingState(decoding: changed), let clock = loaded.clock else { continue }
      _ = loaded.metricValues(program: program)
      if abs(clock.milliseconds - one.start) < 400 * 86_400_000 {
        _ = loaded.advance(through: clock + .days(1), program: program)
        if let event = one.events.first { _ = loaded.apply(event, program: program) }
      }
    }
  }
}
