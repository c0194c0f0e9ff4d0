import EventModel
import Foundation
import Testing

@Suite("Calendar zone")
struct CalendarZoneTests {
  /// A zone and the days around something odd in it.
  struct Place: Sendable, CustomTestStringConvertible {
    let zone: String
    let from: String
    let days: Int
    var testDescription: String { "\(zone) from \(from)" }
  }

  static let places: [Place] = [
    // No 2011-12-30 at all.
    Place(zone: "Pacific/Apia", from: "2011-12-27T00:00:00Z", days: 6),
    // Days that begin at 01:00.
    Place(zone: "America/Sao_Paulo", from: "2018-11-02T00:00:00Z", days: 4),
    Place(zone: "Africa/Cairo", from: "2026-04-22T00:00:00Z", days: 4),
    // 24:00 is 23:00 again.
    Place(zone: "America/Sao_Paulo", from: "2018-02-16T00:00:00Z", days: 4),
    Place(zone: "Africa/Cairo", from: "2026-10-28T00:00:00Z", days: 4),
    // At 00:01 it is 23:01 of the day before again.
    Place(zone: "America/St_Johns", from: "2010-11-05T00:00:00Z", days: 4),
    Place(zone: "Europe/Berlin", from: "2026-03-27T00:00:00Z", days: 4),
    Place(zone: "Europe/Berlin", from: "2026-10-23T00:00:00Z", days: 4),
    Place(zone: "Australia/Lord_Howe", from: "2026-04-03T00:00:00Z", days: 4),
    Place(zone: "Asia/Shanghai", from: "2026-01-30T00:00:00Z", days: 4),
    Place(zone: "Asia/Kathmandu", from: "1985-12-30T00:00:00Z", days: 4),
  ]

  @Test("Offsets, dates and first readings are those found minute by minute", arguments: places)
  func bruteForce(place: Place) throws {
    let zone = try #require(CalendarZone(identifier: place.zone))
    let rules = try #require(TimeZone(identifier: place.zone))
    let from = try #require(Instant(text: place.from)).milliseconds
    let minutes = (0..<(place.days * 1440)).map { from + Int64($0) * 60_000 }
    let offsets = minutes.map {
      Int64(rules.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0) / 1000))) * 1000
    }
    let readings = zip(minutes, offsets).map { $0 + $1 }
    var latest = Int.min
    for (index, minute) in minutes.enumerated() {
      let instant = Instant(milliseconds: minute)
      if zone.offset(at: instant).milliseconds != offsets[index] { Issue.record("offset at \(instant.text)") }
      // A date lasts until a later one begins.
      latest = max(latest, Int(floorDivide(readings[index], 86_400_000).quotient))
      if zone.date(at: instant).daysSinceEpoch != latest { Issue.record("date at \(instant.text)") }
    }
    let firstDay = Int(floorDivide(readings[0], 86_400_000).quotient) + 1
    for day in firstDay..<(firstDay + place.days - 2) {
      for time in stride(from: Int64(0), to: 86_400_000, by: 15 * 60_000) {
        let wall = Int64(day) * 86_400_000 + time
        let expected = try #require(readings.firstIndex { $0 >= wall })
        let found = zone.instant(of: LocalDate(daysSinceEpoch: day), at: TimeSpan(milliseconds: time))
        #expect(found.milliseconds == minutes[expected], "day \(day) at \(time)")
      }
    }
  }

  @Test("A skipped date does not exist; its neighbours meet")
  func skipped() throws {
    let zone = try #require(CalendarZone(identifier: "Pacific/Apia"))
    let skipped = try #require(LocalDate(text: "2011-12-30"))
    let before = skipped.adding(days: -1)
    let after = skipped.adding(days: 1)
    #expect(!zone.exists(skipped) && zone.exists(before) && zone.exists(after))
    #expect(zone.nextDate(after: before) == after && zone.previousDate(before: after) == before)
    #expect(zone.instant(of: skipped) == zone.instant(of: after))
    #expect(zone.startOfNextDay(after: zone.instant(of: before)) == zone.instant(of: after))
  }

  @Test("Weeks begin on Monday and months on their first")
  func weeksAndMonths() throws {
    let zone = try #require(CalendarZone(identifier: "Europe/Berlin"))
    let instant = try #require(Instant(text: "2026-03-29T10:00:00Z"))
    #expect(zone.startOfWeek(at: instant).text == "2026-03-22T23:00:00.000Z")
    #expect(zone.startOfNextWeek(after: instant).text == "2026-03-29T22:00:00.000Z")
    #expect(zone.startOfMonth(at: instant).text == "2026-02-28T23:00:00.000Z")
    #expect(zone.startOfNextMonth(after: instant).text == "2026-03-31T22:00:00.000Z")
    let january = try #require(Instant(text: "2026-01-31T10:00:00Z"))
    #expect(zone.startOfNextMonth(after: january).text == "2026-01-31T23:00:00.000Z")
  }

  @Test("Outside the table the nearest offset stands")
  func outside() throws {
    let zone = try #require(CalendarZone(identifier: "Asia/Shanghai"))
    for text in ["1950-06-01T16:00:00Z", "2150-06-01T16:00:00Z"] {
      let instant = try #require(Instant(text: text))
      #expect(zone.date(at: instant).text.hasSuffix("06-02"))
      #expect(zone.startOfDay(at: instant) == instant)
    }
  }

  @Test("An unknown zone is none, and zones compare by name")
  func names() {
    #expect(CalendarZone(identifier: "Mars/Olympus") == nil)
    #expect(CalendarZone(identifier: "Asia/Tokyo") == CalendarZone(identifier: "Asia/Tokyo"))
    #expect(CalendarZone(identifier: "Asia/Tokyo") != CalendarZone(identifier: "Asia/Seoul"))
  }

  @Test("A date is found in well under a microsecond")
  func speed() throws {
    let zone = try #require(CalendarZone(identifier: "America/St_Johns"))
    let clock = ContinuousClock()
    var sum = 0
    let taken = clock.measure {
      for step in 0..<20_000 { sum += zone.date(at: Instant(milliseconds: Int64(step) * 86_400_000)).daysSinceEpoch }
    }
    // Generous: without optimisation and on a busy machine it is some hundreds of nanoseconds.
    #expect(sum > 0 && taken < .seconds(2))
  }
}
