import EventModel
import Playbook
import Scheduling
import Testing

/// Zones and the days around one of their oddities.
private let oddities: [(zone: String, from: String, days: Int)] = [
  ("America/New_York", "2026-03-05T00:00:00Z", 6),  // 02:00 → 03:00 on 8 March
  ("America/New_York", "2026-10-29T00:00:00Z", 6),  // 02:00 → 01:00 on 1 November
  ("Asia/Shanghai", "2026-02-25T00:00:00Z", 6),
  ("America/Sao_Paulo", "2018-11-01T00:00:00Z", 6),  // 00:00 → 01:00 on 4 November: no midnight
  ("America/Sao_Paulo", "2018-02-15T00:00:00Z", 6),  // 24:00 → 23:00 on 17 February: 23:00 comes twice
  ("Australia/Lord_Howe", "2026-10-01T00:00:00Z", 6),  // half an hour
  ("Pacific/Apia", "2011-12-27T00:00:00Z", 6),  // 30 December does not exist
  ("America/St_Johns", "2010-11-04T00:00:00Z", 6),  // 00:01 → 23:01 on 7 November
]

/// The wall clock read minute by minute.
private struct Readings {
  /// Minutes since 1970 by the wall clock, minute after minute from `start`.
  let walls: [Int]
  let start: Instant
  /// First minute that reads so.
  private let first: [Int: Int]

  init(_ zone: CalendarZone, from start: Instant, minutes: Int) {
    self.start = start
    walls = (0..<minutes).map { minute in
      let instant = start + .minutes(Int64(minute))
      return Int((instant + zone.offset(at: instant)).milliseconds / 60_000)
    }
    first = Dictionary(walls.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// Occurrences with the rule's own words.
  func occurrences(_ slot: CalendarDefinition.Slot) -> [Instant] {
    let gaps = walls.indices.dropFirst().filter { walls[$0] > walls[$0 - 1] + 1 }
    let minutes = Set(walls.map { $0 / 1440 }).compactMap { date -> Int? in
      guard let time = time(of: slot, on: LocalDate(daysSinceEpoch: date)) else { return nil }
      let wall = date * 1440 + Int(time.milliseconds / 60_000)
      return first[wall] ?? gaps.first { walls[$0 - 1] < wall && walls[$0] > wall }
    }
    return minutes.sorted().map { start + .minutes(Int64($0)) }
  }
}

private func time(of slot: CalendarDefinition.Slot, on date: LocalDate) -> TimeSpan? {
  switch slot {
  case .daily(let at): at
  case .weekly(let days, let at): days.contains(date.isoWeekday) ? at : nil
  case .monthly(let days, let at): days.contains(date.components.day) ? at : nil
  }
}

@Suite struct WallClockSlotsTests {
  @Test("Occurrences equal a minute-by-minute reading of the wall clock around every oddity of the zones")
  func equalBruteForce() throws {
    for (index, oddity) in oddities.enumerated() {
      var random = SeededGenerator(seed: UInt64(index))
      let zone = try zone(oddity.zone)
      let start = try instant(oddity.from)
      let end = start + .days(Int64(oddity.days))
      let readings = Readings(zone, from: start - .days(2), minutes: (oddity.days + 4) * 1440)
      for round in 0..<12 {
        // Half of the slots fall where the oddity is.
        let minute =
          round.isMultiple(of: 2) ? random.below(1440) : [0, 1, 30, 61, 90, 119, 120, 150, 1400, 1439][round % 10]
        let at = TimeSpan.minutes(Int64(minute))
        let days = (0..<3).map { _ in 1 + random.below(7) }
        let slot: CalendarDefinition.Slot = [
          .daily(at: at), .weekly(days: days, at: at), .monthly(days: [28, 29, 30, 31, 1, 4, 8, 7], at: at),
        ][round % 3]
        let slots = WallClockSlots(slot: slot, zone: zone)
        let expected = readings.occurrences(slot).filter { $0 > start && $0 <= end }
        let got = slots.occurrences(after: start, through: end).map(\.instant)
        #expect(got == expected, "\(oddity.zone) \(slot) seed \(index)")
        var walked: [Instant] = []
        var cursor = start
        while let next = slots.next(after: cursor)?.instant, next <= end {
          walked.append(next)
          cursor = next
        }
        #expect(walked == expected, "\(oddity.zone) \(slot) seed \(index), walking by next(after:)")
      }
    }
  }

  @Test("A slot's own instant is not after itself and is at or before itself, to the millisecond")
  func boundaries() throws {
    let slots = WallClockSlots(slot: .weekly(days: [2], at: .hours(20)), zone: try zone("Asia/Shanghai"))
    let tuesday = try instant("2026-06-02T12:00:00Z")
    let moment = TimeSpan(milliseconds: 1)
    #expect(slots.next(after: tuesday - moment)?.instant == tuesday)
    #expect(slots.next(after: tuesday)?.instant == tuesday + .days(7))
    #expect(slots.previous(atOrBefore: tuesday)?.instant == tuesday)
    #expect(slots.previous(atOrBefore: tuesday - moment)?.instant == tuesday - .days(7))
    #expect(slots.occurrences(after: tuesday, through: tuesday + .days(7)).map(\.instant) == [tuesday + .days(7)])
    #expect(slots.next(after: tuesday - moment)?.date.text == "2026-06-02")
  }

  @Test("A time skipped in spring falls at the first instant after the gap, one doubled in autumn at the first")
  func daylightSaving() throws {
    let newYork = try zone("America/New_York")
    let spring = WallClockSlots(slot: .daily(at: .minutes(150)), zone: newYork)
    #expect(spring.next(after: try instant("2026-03-08T00:00:00Z"))?.instant == (try instant("2026-03-08T07:00:00Z")))
    let autumn = WallClockSlots(slot: .daily(at: .minutes(90)), zone: newYork)
    let first = try instant("2026-11-01T05:30:00Z")
    #expect(autumn.next(after: first - .hours(1))?.instant == first)
    #expect(autumn.next(after: first)?.instant == (try instant("2026-11-02T06:30:00Z")))
  }

  @Test("A day of the month that the month lacks is skipped, and a date that the zone lacks")
  func missingDays() throws {
    let monthly = WallClockSlots(slot: .monthly(days: [31], at: .hours(0)), zone: try zone("Asia/Shanghai"))
    let dates = monthly.occurrences(
      after: try instant("2026-01-01T00:00:00Z"),
      through: try instant("2027-01-01T00:00:00Z")
    )
    #expect(dates.map(\.date.text) == ["01", "03", "05", "07", "08", "10", "12"].map { "2026-\($0)-31" })
    let apia = WallClockSlots(slot: .daily(at: .hours(20)), zone: try zone("Pacific/Apia"))
    let around = apia.occurrences(
      after: try instant("2011-12-29T00:00:00Z"),
      through: try instant("2012-01-01T00:00:00Z")
    )
    #expect(around.map(\.date.text) == ["2011-12-28", "2011-12-29", "2011-12-31"])
  }

  @Test("29 February is found across the century's gap, and an impossible slot ends the search")
  func rareDays() throws {
    let zone = try zone("Asia/Shanghai")
    let none = WallClockSlots(slot: .monthly(days: [32], at: .hours(1)), zone: zone)
    #expect(none.next(after: try instant("2026-01-01T00:00:00Z")) == nil)
    #expect(none.previous(atOrBefore: try instant("2026-01-01T00:00:00Z")) == nil)
    #expect(
      WallClockSlots(slot: .weekly(days: [], at: .hours(1)), zone: zone).occurrences(
        after: .distantPast,
        through: try instant("2026-01-01T00:00:00Z")
      ).isEmpty
    )
  }

  @Test("Misfires: skip keeps what is at most five minutes late, once the newest, all each one")
  func misfire() throws {
    let slots = WallClockSlots(slot: .daily(at: .hours(20)), zone: try zone("Asia/Shanghai"))
    let start = try instant("2026-06-01T00:00:00Z")
    let fourth = try instant("2026-06-04T12:00:00Z")
    let limit = WallClockSlots.missedAfter
    let moment = TimeSpan(milliseconds: 1)
    #expect(slots.due(after: start, clock: fourth + limit, misfire: .skip).map(\.instant) == [fourth])
    #expect(slots.due(after: start, clock: fourth + limit + moment, misfire: .skip).isEmpty)
    #expect(slots.due(after: start, clock: fourth + .hours(9), misfire: .once).map(\.instant) == [fourth])
    #expect(slots.due(after: start, clock: fourth, misfire: .all).count == 4)
    #expect(slots.due(after: .distantPast, clock: fourth, misfire: .all).count == WallClockSlots.occurrencesMax)
  }
}
