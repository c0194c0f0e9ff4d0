import EventModel
import Folding
import PipelineTestSupport
import Testing

@Suite("Totals of channels and campaigns")
struct AggregateFoldTests {
  private let utc: CalendarZone
  private let subject = Subject(tenant: "demo", kind: .channel, id: "qr")

  init() throws { utc = try #require(CalendarZone(identifier: "UTC")) }

  private func event(_ id: String, _ type: String, day: String?, _ field: String, _ number: Int, received: Int64)
    -> Event
  {
    var data: [Value.Member] = [.init(field, .whole(Int64(number)))]
    if let day { data.append(.init("day", .string(day))) }
    return Event(
      id: id,
      source: "test",
      tenant: "demo",
      type: type,
      time: Instant(milliseconds: received),
      receivedAt: Instant(milliseconds: received),
      actor: .system,
      subject: subject,
      data: .object(data)
    )
  }

  /// What stands after the events in this order, by type and day.
  private func standing(_ events: [Event], reloading: Bool = false) throws -> [String: String] {
    var fold = AggregateFold(subject: subject)
    var table: [String: String] = [:]
    for event in events {
      if reloading { fold = try AggregateFold(decoding: fold.encoded()) }
      guard let total = fold.apply(event, zone: utc) else { continue }
      table["\(total.type) \(total.day.text)"] = total.value.text
    }
    return table
  }

  @Test("the newest by receivedAt, then id, stands whatever the order and however often it comes")
  func newestStands() throws {
    for seed in UInt64(1)...40 {
      var random = SeededGenerator(seed: seed)
      let events = (0..<30).map { index in
        event(
          "e\(Int.random(in: 0..<20, using: &random))-\(index)",
          Bool.random(using: &random) ? "channel.exposed" : "channel.spent",
          day: "2026-03-0\(Int.random(in: 1...4, using: &random))",
          Bool.random(using: &random) ? "count" : "amount",
          index,
          received: Int64.random(in: 0...6, using: &random)
        )
      }
      var expected: [String: String] = [:]
      let sorted = events.sorted {
        ($0.receivedAt.milliseconds, $0.id) < ($1.receivedAt.milliseconds, $1.id)
      }
      for event in sorted {
        guard case .string(let day)? = event.data["day"] else { continue }
        let number = event.data["count"] ?? event.data["amount"]
        if case .number(let number)? = number { expected["\(event.type) \(day)"] = number.text }
      }
      let shuffled = (events + events).shuffled(using: &random)
      #expect(try standing(shuffled) == expected, "seed \(seed)")
      #expect(try standing(shuffled, reloading: true) == expected, "seed \(seed)")
    }
  }

  @Test("without a day it is the tenant's local one, without a number it says nothing")
  func dayAndNumber() throws {
    let late = event("a", "channel.exposed", day: nil, "count", 7, received: 86_400_000 - 1)
    #expect(try standing([late]) == ["channel.exposed 1970-01-01": "7"])
    #expect(try standing([event("a", "channel.exposed", day: nil, "views", 7, received: 0)]).isEmpty)
  }

  @Test("memory is bounded: past its limit the oldest days are forgotten")
  func bound() throws {
    var fold = AggregateFold(subject: subject)
    for day in 0..<(AggregateFold.totalsMax + 10) {
      _ = fold.apply(event("e", "channel.exposed", day: nil, "count", 1, received: Int64(day) * 86_400_000), zone: utc)
    }
    // An older copy of a forgotten day is taken for new; of a remembered one it is not.
    #expect(fold.apply(event("d", "channel.exposed", day: nil, "count", 2, received: 0), zone: utc) != nil)
    let remembered = Int64(AggregateFold.totalsMax) * 86_400_000
    #expect(fold.apply(event("d", "channel.exposed", day: nil, "count", 2, received: remembered), zone: utc) == nil)
  }

  @Test("bytes that are not its own are refused")
  func refused() {
    #expect(throws: ByteReader.Failure.self) { try AggregateFold(decoding: [1, 2, 3]) }
    #expect(throws: ByteReader.Failure.self) { try AggregateFold(decoding: []) }
  }
}
