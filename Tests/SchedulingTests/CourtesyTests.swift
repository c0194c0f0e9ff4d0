import EventModel
import Playbook
import Scheduling
import Testing

private func quiet(_ from: Int64, _ to: Int64, _ zone: CalendarZone) -> QuietHours? {
  QuietHours(Courtesy.QuietHours(from: .minutes(from), to: .minutes(to)), zone: zone)
}

@Suite struct QuietHoursTests {
  @Test("The first allowed instant equals a minute-by-minute search, in every zone's odd days too")
  func equalBruteForce() throws {
    let days: [(String, String)] = [
      ("America/New_York", "2026-03-07T12:00:00Z"), ("America/New_York", "2026-10-31T12:00:00Z"),
      ("Asia/Shanghai", "2026-03-07T00:00:00Z"), ("America/Sao_Paulo", "2018-11-03T12:00:00Z"),
      ("America/Sao_Paulo", "2018-02-17T12:00:00Z"), ("Pacific/Apia", "2011-12-29T12:00:00Z"),
      ("Australia/Lord_Howe", "2026-10-03T06:00:00Z"),
    ]
    for (index, day) in days.enumerated() {
      let zone = try zone(day.0)
      let start = try instant(day.1)
      var random = SeededGenerator(seed: UInt64(index))
      for _ in 0..<40 {
        let from = Int64(random.chance(1, in: 2) ? random.below(1441) : random.below(240))
        let to = Int64(random.chance(1, in: 2) ? random.below(1441) : random.below(240))
        guard let window = quiet(from, to, zone) else { continue }
        let at = start + .minutes(Int64(random.below(1440)))
        var expected = at
        while isQuiet(expected, from, to, zone) { expected = expected + .minutes(1) }
        #expect(window.firstAllowed(atOrAfter: at) == expected, "\(day.0) \(from)–\(to) at \(at.text), seed \(index)")
        #expect(window.holds(at: at) == isQuiet(at, from, to, zone))
      }
    }
  }

  private func isQuiet(_ instant: Instant, _ from: Int64, _ to: Int64, _ zone: CalendarZone) -> Bool {
    let minute = zone.timeOfDay(at: instant).milliseconds / 60_000
    let window = (from % 1440)..<((from % 1440) < to ? to : to + 1440)
    return window.contains(minute) || window.contains(minute + 1440)
  }

  @Test("The window begins at its first millisecond and is over at its last")
  func boundaries() throws {
    let window = try #require(quiet(23 * 60, 8 * 60, zone("Asia/Shanghai")))
    let eleven = try instant("2026-06-01T15:00:00Z")
    let morning = try instant("2026-06-02T00:00:00Z")
    let moment = TimeSpan(milliseconds: 1)
    #expect(!window.holds(at: eleven - moment) && window.holds(at: eleven))
    #expect(window.holds(at: morning - moment) && !window.holds(at: morning))
    #expect(window.firstAllowed(atOrAfter: eleven - moment) == eleven - moment)
    #expect(window.firstAllowed(atOrAfter: eleven) == morning)
  }

  @Test("An empty window, a whole day and times outside the day are refused")
  func refused() throws {
    let zone = try zone("Asia/Shanghai")
    #expect(quiet(60, 60, zone) == nil)
    #expect(quiet(0, 1440, zone) == nil)
    #expect(quiet(1440, 0, zone) == nil)
    #expect(quiet(-1, 60, zone) == nil)
    #expect(quiet(0, 1441, zone) == nil)
    #expect(quiet(23 * 60, 0, zone) != nil)
  }
}

@Suite struct TouchCapsTests {
  private let start = Instant(milliseconds: 1_780_000_000_000)

  @Test("A touch leaves a cap exactly at its time plus the span, and only its kind counts where a kind is named")
  func sliding() {
    let caps = TouchCaps([
      Courtesy.Cap(kind: nil, touches: 2, per: .days(7)), Courtesy.Cap(kind: "promotion", touches: 1, per: .days(1)),
    ])
    let sent = [SentTouch(at: start, kind: "promotion"), SentTouch(at: start + .hours(2), kind: "care")]
    let now = start + .hours(3)
    #expect(caps.firstAllowed(kind: "care", atOrAfter: now, sent: sent).instant == start + .days(7))
    let one = Array(sent.prefix(1))
    #expect(caps.firstAllowed(kind: "promotion", atOrAfter: now, sent: one).instant == start + .days(1))
    #expect(caps.firstAllowed(kind: "promotion", atOrAfter: now, sent: one).cap?.kind == "promotion")
    #expect(caps.firstAllowed(kind: "care", atOrAfter: now, sent: one).instant == now)
    let opening = start + .days(1)
    #expect(caps.firstAllowed(kind: "promotion", atOrAfter: opening, sent: one).cap == nil)
  }

  @Test("Sending at each first allowed instant never exceeds a cap, and nothing earlier would have been allowed")
  func greedy() {
    for seed in 0..<30 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let definitions = (0..<3).map { _ in
        Courtesy.Cap(
          kind: random.chance(1, in: 2) ? nil : "k\(random.below(2))",
          touches: 1 + random.below(3),
          per: .minutes(Int64(1 + random.below(200)))
        )
      }
      let caps = TouchCaps(definitions)
      var sent: [SentTouch] = []
      var clock = start
      for _ in 0..<60 {
        clock = clock + .minutes(Int64(random.below(40)))
        let kind = "k\(random.below(3))"
        let first = caps.firstAllowed(kind: kind, atOrAfter: clock, sent: sent).instant
        var expected = clock
        while !fits(kind, expected, sent, definitions) { expected = expected + .minutes(1) }
        #expect(first == expected, "seed \(seed)")
        clock = first
        sent.append(SentTouch(at: clock, kind: kind))
        if random.chance(1, in: 4) { caps.prune(&sent, at: clock) }
      }
    }
  }

  private func fits(_ kind: String, _ at: Instant, _ sent: [SentTouch], _ caps: [Courtesy.Cap]) -> Bool {
    caps.allSatisfy { cap in
      if let named = cap.kind, named != kind { return true }
      return sent.filter { ($0.kind == cap.kind || cap.kind == nil) && $0.at > at - cap.per && $0.at <= at }.count
        < cap.touches
    }
  }

  @Test("A cap of no touches never opens")
  func closed() {
    let caps = TouchCaps([Courtesy.Cap(kind: nil, touches: 0, per: .days(1))])
    #expect(caps.firstAllowed(kind: "x", atOrAfter: start, sent: []).instant == .distantFuture)
  }
}

@Suite struct CourtesyDecisionTests {
  @Test("Quiet hours stand after the caps' opening, and the first allowed instant must lie before the expiry")
  func together() throws {
    let zone = try zone("Asia/Shanghai")
    let rules = CourtesyRules(
      quietHours: quiet(23 * 60, 8 * 60, zone),
      caps: TouchCaps([Courtesy.Cap(kind: nil, touches: 1, per: .hours(12))])
    )
    let noon = try instant("2026-06-01T04:00:00Z")
    let sent = [SentTouch(at: noon, kind: "a")]
    let morning = try instant("2026-06-02T00:00:00Z")
    let at = noon + .hours(1)
    func judge(_ expiry: Instant) -> CourtesyDecision {
      rules.decide(kind: "a", at: at, expiresAt: expiry, sent: sent)
    }
    #expect(judge(morning + .hours(1)) == .deferred(until: morning, reason: .cap(kind: nil)))
    #expect(judge(morning + TimeSpan(milliseconds: 1)) == .deferred(until: morning, reason: .cap(kind: nil)))
    #expect(judge(morning) == .dropped(reason: .cap(kind: nil)))
    #expect(judge(at) == .dropped(reason: .expired))
    #expect(rules.decide(kind: "a", at: at, expiresAt: morning, sent: []) == .allowed)
    let night = try instant("2026-06-01T16:00:00Z")
    #expect(
      rules.decide(kind: "a", at: night, expiresAt: morning + .hours(1), sent: [])
        == .deferred(until: morning, reason: .quietHours)
    )
    #expect(
      rules.decide(kind: "a", at: night, expiresAt: morning, sent: []) == .dropped(reason: .quietHours)
    )
  }
}
