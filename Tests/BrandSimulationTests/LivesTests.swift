import EventModel
import Simulation
import Testing

@Suite("The lives of simulated members")
struct LivesTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4]
  /// What only a member who is in a community, and heard of, does there.
  private static let done: Set<String> = [
    "message.posted", "checkin.done", "order.paid", "lesson.attended", "keyword.sent", "question.asked",
    "homework.submitted", "survey.answered", "red_packet.taken", "activity.attended", "thanks.given",
  ]

  @Test("Nobody does anything in her community before she joins it or after she leaves", arguments: seeds)
  func presence(seed: UInt64) throws {
    let events = try brand(seed).events()
    var joined: [String: Instant] = [:]
    var left: [String: Instant] = [:]
    for event in events where event.type == "community.joined" && event.data["scene"] != .string("campaign") {
      joined[event.subject.id] = event.time
    }
    for event in events where event.type == "community.left" { left[event.subject.id] = event.time }
    #expect(left.count > 5, "seed \(seed)")
    for event in events where Self.done.contains(event.type) && event.subject.kind == .member {
      let since = try #require(joined[event.subject.id], "seed \(seed), \(event.id)")
      let until = left[event.subject.id] ?? .distantFuture
      #expect(event.time > since, "seed \(seed), \(event.type) \(event.id)")
      #expect(event.time < until, "seed \(seed), \(event.type) \(event.id)")
    }
  }

  @Test("The path is walked in order, its first steps on the same day but for those near midnight", arguments: seeds)
  func path(seed: UInt64) throws {
    let brand = try brand(seed)
    var steps: [String: [(String, Instant)]] = [:]
    for event in brand.events() where ["account.followed", "contact.added", "community.joined"].contains(event.type) {
      guard event.channel != nil else { continue }
      steps[event.subject.id, default: []].append((event.type, event.time))
    }
    #expect(steps.count == 280, "seed \(seed)")
    for (member, walked) in steps {
      let order = ["account.followed", "contact.added", "community.joined"]
      #expect(walked.map(\.0) == Array(order.prefix(walked.count)), "seed \(seed), \(member)")
      if let first = walked.first, let last = walked.last {
        #expect(last.1 - first.1 < .hours(2), "seed \(seed), \(member)")
      }
    }
  }

  @Test("Check-ins are numbered from 1 without a gap, at most one a day", arguments: seeds)
  func checkins(seed: UInt64) throws {
    let brand = try brand(seed)
    var numbers: [String: Int64] = [:]
    var days: [String: Int] = [:]
    for event in brand.events() where event.type == "checkin.done" {
      let next = (numbers[event.subject.id] ?? 0) + 1
      #expect(event.data["day"] == .whole(next), "seed \(seed), \(event.id)")
      let day = brand.period.day(of: event.time)
      #expect(day > days[event.subject.id] ?? -1, "seed \(seed), \(event.id)")
      numbers[event.subject.id] = next
      days[event.subject.id] = day
    }
    #expect(numbers.values.contains { $0 >= 7 }, "seed \(seed)")
  }

  @Test("A coupon is redeemed once, after it was granted, with the order it is taken off", arguments: seeds)
  func coupons(seed: UInt64) throws {
    var granted: Set<Value> = []
    var redeemed: Set<Value> = []
    var discounts: [Value: Value] = [:]
    for event in try brand(seed).events() {
      guard let coupon = event.data["coupon_id"] else { continue }
      switch event.type {
      case "coupon.granted": #expect(granted.insert(coupon).inserted, "seed \(seed), \(event.id)")
      case "order.paid": discounts[coupon] = event.data["coupon_discount"]
      case "coupon.redeemed":
        #expect(granted.contains(coupon), "seed \(seed), \(event.id)")
        #expect(redeemed.insert(coupon).inserted, "seed \(seed), \(event.id)")
        #expect(discounts[coupon] == event.data["amount"], "seed \(seed), \(event.id)")
      default: break
      }
    }
    #expect(!redeemed.isEmpty, "seed \(seed)")
  }

  @Test("Flash communities are quiet before they open and after they end", arguments: seeds)
  func flash(seed: UInt64) throws {
    let events = try brand(seed).events()
    var opened: [String: Instant] = [:]
    var ended: [String: Instant] = [:]
    for event in events where event.type == "community.created" { opened[event.subject.id] = event.time }
    for event in events where event.type == "community.dissolved" { ended[event.subject.id] = event.time }
    #expect(!ended.isEmpty, "seed \(seed)")
    for event in events {
      guard let community = event.community else { continue }
      #expect(event.time >= opened[community] ?? .distantFuture, "seed \(seed), \(event.id)")
      #expect(event.time < ended[community] ?? .distantFuture, "seed \(seed), \(event.id)")
    }
  }

  @Test("An answer comes after what it answers, and from somebody else", arguments: seeds)
  func replies(seed: UInt64) throws {
    var authors: [Value: String] = [:]
    var answers = 0
    for event in try brand(seed).events() where event.type == "message.posted" {
      if let id = event.data["message_id"] {
        #expect(authors.updateValue(event.subject.id, forKey: id) == nil, "seed \(seed), \(event.id)")
      }
      guard let answered = event.data["reply_to"] else { continue }
      answers += 1
      let author = try #require(authors[answered], "seed \(seed), \(event.id)")
      #expect(author != event.subject.id, "seed \(seed), \(event.id)")
      #expect(event.data["text"] == nil)
    }
    #expect(answers > 100, "seed \(seed)")
  }

  @Test("Whoever came by referral was invited before she followed, by somebody who was there", arguments: seeds)
  func referrals(seed: UInt64) throws {
    var inviters: [Value: String] = [:]
    var present: Set<String> = []
    var arrivals = 0
    for event in try brand(seed).events() {
      switch event.type {
      case "community.joined": present.insert(event.subject.id)
      case "referral.invited":
        #expect(present.contains(event.subject.id), "seed \(seed), \(event.id)")
        if let invitee = event.data["invitee"] { inviters[invitee] = event.subject.id }
      case "account.followed" where event.channel == "referral":
        arrivals += 1
        #expect(inviters[.string(event.subject.id)] != nil, "seed \(seed), \(event.id)")
      case "referral.succeeded":
        let invitee = try #require(event.data["invitee"])
        #expect(inviters[invitee] == event.subject.id, "seed \(seed), \(event.id)")
      default: break
      }
    }
    #expect(arrivals > 10, "seed \(seed)")
  }
}
