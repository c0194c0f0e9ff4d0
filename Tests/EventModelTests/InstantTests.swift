import EventModel
import Testing

@Suite("Instants and dates")
struct InstantTests {
  @Test("Dates count on day by day from 1970 through leap years and centuries")
  func dates() throws {
    var (year, month, day) = (1896, 1, 1)
    let start = try #require(LocalDate(year: year, month: month, day: day)).daysSinceEpoch
    let monday = try #require(LocalDate(text: "2026-03-02"))
    #expect(monday.isoWeekday == 1)
    for number in start..<(start + 80_000) {
      let date = LocalDate(daysSinceEpoch: number)
      let components = date.components
      let weekday = ((number - monday.daysSinceEpoch) % 7 + 7) % 7 + 1
      if components != (year, month, day) || LocalDate(year: year, month: month, day: day) != date
        || date.isoWeekday != weekday
      {
        Issue.record("\(year)-\(month)-\(day)")
      }
      day += 1
      if LocalDate(year: year, month: month, day: day) == nil {
        (month, day) = (month + 1, 1)
        if month == 13 { (year, month) = (year + 1, 1) }
      }
    }
    #expect(LocalDate(daysSinceEpoch: 0).text == "1970-01-01")
    #expect(LocalDate(text: "2026-02-29") == nil && LocalDate(text: "2100-02-29") == nil)
    #expect(LocalDate(text: "2000-02-29") != nil && LocalDate(text: "2026-2-1") == nil)
  }

  @Test("Text and reading are each other's inverse")
  func roundTrip() {
    var random = SeededGenerator(seed: 8)
    for _ in 0..<3000 {
      let instant = Instant(milliseconds: Int64.random(in: -2_000_000_000_000...4_000_000_000_000, using: &random))
      #expect(Instant(text: instant.text) == instant)
    }
  }

  @Test("Offsets, fractions of any length and a leap second are read; anything else is none")
  func reading() {
    let cases: [(String, String?)] = [
      ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00.000Z"),
      ("2026-03-01 00:00:00.1239Z", "2026-03-01T00:00:00.123Z"),
      ("2026-02-28t23:30:00-00:30", "2026-03-01T00:00:00.000Z"), ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
      ("2026-03-01T00:00:00", nil), ("2026-03-01T24:00:00Z", nil), ("2026-13-01T00:00:00Z", nil),
      ("2026-03-01T00:00:00.Z", nil), ("2026-03-01T00:00:00+0800", nil), ("2026-03-01T00:00:00Zx", nil), ("", nil),
    ]
    for (text, expected) in cases { #expect(Instant(text: text)?.text == expected, "\(text)") }
  }

  @Test("Floor division goes towards minus infinity")
  func floors() {
    for dividend in Int64(-20)...20 {
      for divisor in Int64(1)...7 {
        let (quotient, remainder) = floorDivide(dividend, divisor)
        #expect(quotient * divisor + remainder == dividend && (0..<divisor).contains(remainder))
      }
    }
  }

  @Test("An envelope word stands before a field of data with that name")
  func fields() {
    let event = Event(
      id: "1",
      source: "s",
      tenant: "t",
      type: "a",
      time: Instant(milliseconds: 0),
      receivedAt: Instant(milliseconds: 0),
      actor: .member,
      subject: Subject(tenant: "t", kind: .member, id: "900"),
      channel: "wecom",
      data: .object([
        Value.Member(name: "channel", value: .string("other")), Value.Member(name: "community", value: .string("c")),
        Value.Member(name: "nothing", value: .null),
      ])
    )
    #expect(event.field("channel") == .string("wecom") && event.field("member") == .string("900"))
    #expect(event.field("community") == .string("c") && event.field("nothing") == nil && event.field("none") == nil)
  }

  @Test("Canonical JSON sorts keys by code point and leaves text unescaped")
  func canonical() {
    let value = Value.object([
      Value.Member(name: "b", value: .list([.null, .bool(true), .string("é\"\\\n\u{1}")])),
      Value.Member(name: "a", value: .time(Instant(milliseconds: 0))),
    ])
    let text = String(decoding: value.canonicalJSON, as: UTF8.self)
    #expect(text == #"{"a":"1970-01-01T00:00:00.000Z","b":[null,true,"é\"\\\n\u0001"]}"#)
  }
}
