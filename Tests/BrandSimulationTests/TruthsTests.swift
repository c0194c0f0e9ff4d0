import EventModel
import Simulation
import Testing

@Suite("Planted truths")
struct TruthsTests {
  /// Everything but an event's number.
  private struct Content: Hashable {
    var type: String
    var time: Instant
    var subject: Subject
    var data: Value
  }

  private static func content(_ events: [Event]) -> [Content: Int] {
    Dictionary(events.map { (Content(type: $0.type, time: $0.time, subject: $0.subject, data: $0.data), 1) }) {
      $0 + $1
    }
  }

  @Test("Only what was planted is told, and the followed member always", arguments: PlantedTruth.allCases)
  func told(planted: PlantedTruth) throws {
    #expect(try brand(1, planted: [planted]).truths.map(\.name) == [planted.rawValue, "followed_member"])
    #expect(try brand(1, planted: []).truths.map(\.name) == ["followed_member"])
    #expect(try brand(1).truths.count == PlantedTruth.allCases.count + 1)
  }

  @Test("What a seed plants does not depend on what else is planted", arguments: [1, 2, 3] as [UInt64])
  func independent(seed: UInt64) throws {
    let all = try brand(seed).truths.map(\.value)
    for planted in PlantedTruth.allCases {
      let alone = try brand(seed, planted: [planted]).truths.map(\.value)
      #expect(alone.allSatisfy(all.contains), "seed \(seed), \(planted)")
    }
  }

  @Test("A cooling community says less, and nothing but talk is another", arguments: [1, 2, 3] as [UInt64])
  func cooling(seed: UInt64) throws {
    let plain = Self.content(try brand(seed, planted: []).events())
    let cooled = Self.content(try brand(seed, planted: [.coolingCommunity]).events())
    let talk: Set<String> = ["message.posted", "question.asked", "question.answered", "thanks.given"]
    #expect(plain.filter { !talk.contains($0.key.type) } == cooled.filter { !talk.contains($0.key.type) })
    func messages(_ content: [Content: Int]) -> Int {
      content.reduce(0) { $0 + ($1.key.type == "message.posted" ? $1.value : 0) }
    }
    #expect(messages(cooled) < messages(plain) - 50, "seed \(seed)")
  }

  @Test("A broken step changes nothing before its first day", arguments: [1, 2, 3] as [UInt64])
  func broken(seed: UInt64) throws {
    let plain = try brand(seed, planted: [])
    let broken = try brand(seed, planted: [.brokenStep])
    let truth = try #require(broken.truths.first)
    guard case .string(let from)? = truth.value["from"], let date = LocalDate(text: from) else {
      Issue.record("seed \(seed): no first day")
      return
    }
    let first = broken.period.instant(day: date.daysSinceEpoch - broken.period.start.daysSinceEpoch, second: 0)
    func steps(_ events: [Event]) -> [Content: Int] {
      Self.content(events.filter { ["contact.added", "order.paid"].contains($0.type) && $0.time < first })
    }
    let before = steps(plain.events())
    #expect(!before.isEmpty && before == steps(broken.events()), "seed \(seed)")
  }

  @Test("The followed member is welcomed, checks in for seven days, orders with her coupon, and is last there at 23:40")
  func followed() throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      let brand = try brand(seed, days: 30)
      let truth = try #require(brand.truths.last)
      guard case .string(let member)? = truth.value["member"], case .string(let community)? = truth.value["community"]
      else {
        Issue.record("seed \(seed): no member")
        return
      }
      let events = brand.events()
      let own = events.filter { $0.subject.kind == .member && $0.subject.id == member }
      #expect(
        own.map(\.type)
          == [
            "account.followed", "member.identified", "contact.added", "community.joined", "coupon.granted",
            "lesson.attended", "keyword.sent", "checkin.done", "checkin.done", "checkin.done", "checkin.done",
            "checkin.done", "checkin.done", "checkin.done", "homework.submitted", "coupon.granted", "product.viewed",
            "order.placed", "order.paid", "coupon.redeemed", "product.viewed",
          ].filter { type in type != "homework.submitted" || own.contains { $0.type == type } },
        "seed \(seed)"
      )
      #expect(own.first?.channel == "store_qr")
      let welcome = events.first { $0.data["mentions"] == .list([.string(member)]) }
      #expect(welcome?.community == community && welcome?.actor == .operator, "seed \(seed)")
      #expect(own.last?.time == brand.period.instant(day: 12, hour: 23, minute: 40), "seed \(seed)")
      #expect(truth.value["recall_due"] == .time(brand.period.instant(day: 19, hour: 23, minute: 40)), "seed \(seed)")
    }
  }

  @Test("With a stream times are those of sending, in the same order, and totals of a day add up")
  func live() throws {
    let events = try brand(3).events()
    let now = Instant(milliseconds: 1_800_000_000_123)
    var times = LiveTimes(first: now, ratePerSecond: 250)
    let sent = events.map { times.next($0) }
    #expect(sent.map(\.type) == events.map(\.type))
    #expect(sent.first?.time == now && sent[250].time == now + .seconds(1))
    #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.time <= $1.time && $0.id != $1.id })
    let totals = sent.filter { $0.type == "channel.exposed" && $0.subject.id == "store_qr" }
    var sum: Int64 = 0
    let single = events.filter { $0.type == "channel.exposed" && $0.subject.id == "store_qr" }
    for (total, event) in zip(totals, single) {
      if case .number(let count)? = event.data["count"] { sum += count.millionths / FixedDecimal.scale }
      #expect(total.data["count"] == .whole(sum))
      #expect(total.data["day"] == .string("2027-01-15"))
    }
    #expect(totals.count == 20)
  }
}
