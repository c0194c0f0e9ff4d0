import EventModel
import Playbook
import Tagging
import Testing

@Suite("Stored states")
struct StoredStateTests {
  private let start = instant("2026-03-02T10:00:00Z")

  /// The first metric's events are kept for the third; the second's, of another type, stand between.
  private func shared() -> TaggingProgram {
    program(
      [
        metric("everA", .count), metric("weekB", .sum, "b", field: "n", .sliding(.days(7))),
        metric("weekA", .count, .sliding(.days(7))), metric("monthA", .count, .sliding(.days(30))),
        metric("lastKind", .last, "b", field: "kind"), metric("kinds", .distinct, "b", field: "kind"),
      ],
      [
        tag("often", .rule(.compare(.greaterOrEqual, .metric(2), .literal(decimal(2))))),
        tag("kind", .value(.metric(4)), .string),
      ]
    )
  }

  private func metric(_ name: String, _ fold: Fold, _ window: Window) -> MetricDefinition {
    TaggingTests.metric(name, fold, "a", window)
  }

  private func metric(
    _ name: String,
    _ fold: Fold,
    _ type: String = "a",
    field: String? = nil,
    _ window: Window = .lifetime
  ) -> MetricDefinition {
    TaggingTests.metric(name, fold, type, field: field, window)
  }

  @Test("Windows over the same events stay themselves through every store, as pending events and as settled ones")
  func sharedSeries() throws {
    let program = shared()
    var plain = Subject1(program)
    var stored = Subject1(program)
    for number in 0..<60 {
      let at = start + .hours(Int64(number) * 11)
      let type = number % 3 == 0 ? "b" : "a"
      let kind = Value.string("k\(number % 7)")
      let one = event("e\(number)", type, at, [("n", decimal(number)), ("kind", kind)])
      plain.fold(one)
      stored.fold(one)
      let bytes = stored.state.encoded()
      stored.state = try TaggingState(decoding: bytes)
      #expect(stored.state.encoded() == bytes)
      #expect(stored.metrics == plain.metrics, "after \(number)")
      #expect(stored.tags == plain.tags, "after \(number)")
      stored.state.prepare(program: program)
      #expect(!stored.state.wasUnsound)
    }
    // The window of 7 days before the last event, at 649 h, begins behind 481 h: 16 events from number 44 on, of which
    // 45, 48, 51, 54 and 57 are of type b.
    #expect(plain.metrics.prefix(4) == ["40", "255", "11", "40"])
    plain.tick(start + .days(90))
    stored.tick(start + .days(90))
    #expect(stored.metrics == plain.metrics)
    #expect(plain.metrics.prefix(4) == ["40", "0", "0", "0"])
  }

  @Test("A run of days that ended yesterday stands where the settled fold is found again, and ends at its own instant")
  func runOfYesterday() throws {
    let program = program(
      [metric("run", .streak), metric("others", .count, "b")],
      [tag("running", .rule(.compare(.greaterOrEqual, .metric(0), .literal(decimal(1)))))]
    )
    var subject = Subject1(program)
    subject.fold(event("a", "a", start))
    subject.fold(event("b", "b", start + .days(1)))
    // What is settled by now ends with b; the run's end, at midnight after it, can still be overtaken.
    subject.tick(start + .days(4) + .hours(2))
    #expect(subject.tags == ["false"])
    subject.state = try TaggingState(decoding: subject.state.encoded())
    #expect(subject.tags == ["false"])
    #expect(subject.metrics == ["0", "1"])
    let since = subject.state.tagValues(program: program)[0].since
    #expect(since == instant("2026-03-03T16:00:00Z"))
  }

  @Test("A state that no program of its kind can have written is begun anew, and says so")
  func unsound() throws {
    let program = shared()
    var subject = Subject1(program)
    subject.fold(event("e", "a", start))
    subject.tick(start + .days(4))
    let bytes = subject.state.encoded()
    var found = 0
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= 1
      guard var state = try? TaggingState(decoding: changed), state.fits(program) else { continue }
      state.prepare(program: program)
      if state.wasUnsound { found += 1 }
    }
    #expect(found > 0)
  }

  @Test("Values that nothing refers to any more are not kept")
  func values() throws {
    let program = shared()
    var subject = Subject1(program)
    var bytes: [Int] = []
    for number in 0..<600 {
      let kind = Value.string("a rather long kind of thing, number \(number % 5)")
      subject.fold(event("e\(number)", "b", start + .hours(Int64(number) * 100), [("n", decimal(1)), ("kind", kind)]))
      bytes.append(subject.state.encoded().count)
    }
    #expect(try #require(bytes.suffix(300).max()) <= 2 * (try #require(bytes.dropFirst(10).first)))
    #expect(subject.tags[1] == "\"a rather long kind of thing, number 4\"")
  }
}
