import EventModel
import Messaging
import Playbook
import Testing

private let start = Instant(milliseconds: 1_780_000_000_000)

private func delivery(isIdempotent: Bool = true, expires: TimeSpan = .days(9)) throws -> DeliveryState {
  try #require(
    DeliveryState(
      touch: "shop/journey/recall/0/t/member/900",
      channel: "hook",
      isIdempotent: isIdempotent,
      body: Array("{}".utf8),
      expiresAt: start + expires,
      at: start
    )
  )
}

@Suite struct RetryScheduleTests {
  @Test("The pauses are those of the Standard Webhooks specification, counted from each failure")
  func pauses() {
    var instant = start
    var pauses: [Int64] = []
    for attempt in 1...RetrySchedule.attemptsMax {
      guard let next = RetrySchedule.next(afterAttempt: attempt, failedAt: instant, jitter: 0) else { continue }
      pauses.append((next - instant).milliseconds / 1000)
      instant = next
    }
    #expect(pauses == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400])
    #expect(RetrySchedule.next(afterAttempt: 10, failedAt: start, jitter: 0) == nil)
    #expect(RetrySchedule.next(afterAttempt: 0, failedAt: start, jitter: 0) == start)
  }

  @Test("Jitter lengthens a pause by at most a fifth, and the receiver's wish counts up to a day")
  func jitter() {
    func next(_ jitter: Int, _ asked: TimeSpan? = nil) -> TimeSpan? {
      RetrySchedule.next(afterAttempt: 2, failedAt: start, jitter: jitter, retryAfter: asked).map { $0 - start }
    }
    #expect(next(1000) == .seconds(360) && next(5000) == .seconds(360) && next(-1) == .seconds(300))
    #expect(next(0, .hours(1)) == .hours(1) && next(0, .seconds(1)) == .minutes(5))
    #expect(next(0, .days(90)) == .hours(24) && next(0, .seconds(-9)) == .minutes(5))
  }
}

@Suite struct AttemptOutcomeTests {
  @Test("Every HTTP status has its class")
  func statuses() {
    for status in 200...299 { #expect(AttemptOutcome.http(status: status) == .sent) }
    for status in 300...399 {
      #expect(AttemptOutcome.http(status: status) == .permanent(reason: "redirect \(status) refused"))
    }
    #expect(AttemptOutcome.http(status: 410) == .disabled(reason: "http 410"))
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
      #expect(
        AttemptOutcome.http(status: status, retryAfter: .seconds(9))
          == .retriable(reason: "http \(status)", retryAfter: .seconds(9))
      )
    }
    for status in [400, 401, 403, 404, 405, 413, 422, 600, 199] {
      #expect(AttemptOutcome.http(status: status) == .permanent(reason: "http \(status)"))
    }
  }

  @Test("A break after sending is unknown unless the receiver knows repetitions")
  func interrupted() {
    for (sent, idempotent) in [(false, false), (false, true), (true, true)] {
      #expect(
        AttemptOutcome.interrupted(afterSending: sent, isIdempotent: idempotent, reason: "x") == .retriable(reason: "x")
      )
    }
    #expect(AttemptOutcome.interrupted(afterSending: true, isIdempotent: false, reason: "x") == .unknown(reason: "x"))
  }
}

@Suite struct DeliveryStateTests {
  @Test("A delivery is attempted at once, and each outcome settles it as its class says")
  func outcomes() throws {
    let cases: [(AttemptOutcome, DeliveryState.Status, String)] = [
      (.sent, .sent, ""), (.permanent(reason: "http 404"), .failed, "http 404"),
      (.disabled(reason: "http 410"), .failed, "http 410"), (.unknown(reason: "timed out"), .unknown, "timed out"),
    ]
    for (outcome, status, reason) in cases {
      var state = try delivery()
      #expect(state.begin(at: start) == .attempt(1) && state.status == .attempting)
      state.finish(outcome, at: start + .seconds(2), jitter: 0)
      #expect(state.status == status && state.reason == reason && state.isSettled)
      #expect(state.begin(at: start + .days(1)) == .settled)
      #expect(state.disablesChannel == (outcome == .disabled(reason: "http 410")))
      #expect(state.receipt.attempts == 1 && state.receipt.at == start + .seconds(2))
      let settled = state
      state.finish(.sent, at: start + .days(2), jitter: 0)
      #expect(state == settled)
    }
  }

  @Test("A retriable outcome waits out the schedule to the millisecond, ten attempts in all")
  func retries() throws {
    var state = try delivery()
    var clock = start
    for attempt in 1...10 {
      if let due = state.nextAttemptAt, due > clock {
        #expect(state.begin(at: due - TimeSpan(milliseconds: 1)) == .wait(until: due))
        clock = due
      }
      #expect(state.begin(at: clock) == .attempt(attempt))
      state.finish(.retriable(reason: "http 503"), at: clock, jitter: attempt)
    }
    #expect(state.status == .failed && state.reason == "gave up after http 503" && state.attempts == 10)
  }

  @Test("No attempt begins at or after the expiry, and none is planned there")
  func expiry() throws {
    var late = try delivery(expires: .seconds(5))
    #expect(late.begin(at: start + .seconds(5)) == .settled)
    #expect(late.status == .failed && late.reason == "expired" && late.attempts == 0)
    var state = try delivery(expires: .seconds(5))
    _ = state.begin(at: start)
    state.finish(.retriable(reason: "http 500"), at: start, jitter: 0)
    #expect(state.status == .failed && state.reason == "expires after http 500")
  }

  @Test("An attempt whose process died is repeated only where the receiver knows repetitions")
  func recovery() throws {
    for idempotent in [true, false] {
      var state = try delivery(isIdempotent: idempotent)
      _ = state.begin(at: start)
      var read = try DeliveryState(decoding: state.encoded())
      read.recover(at: start + .seconds(9), jitter: 0)
      #expect(read.status == (idempotent ? .pending : .unknown))
      #expect(read.nextAttemptAt == (idempotent ? start + .seconds(14) : nil))
      var pending = try delivery()
      pending.recover(at: start, jitter: 0)
      #expect(pending == (try delivery()))
    }
  }

  @Test("The stored form reads back equal in every state, and cut or altered bytes never trap")
  func coding() throws {
    var states = [try delivery()]
    for outcome in [AttemptOutcome.sent, .retriable(reason: "a"), .unknown(reason: "好"), .disabled(reason: "x")] {
      var state = try delivery()
      _ = state.begin(at: start)
      states.append(state)
      state.finish(outcome, at: start, jitter: 500)
      states.append(state)
    }
    for state in states {
      let bytes = state.encoded()
      #expect(try DeliveryState(decoding: bytes) == state)
      for count in bytes.indices {
        #expect(throws: StateCodingFailure.self) { try DeliveryState(decoding: Array(bytes.prefix(count))) }
      }
      for index in bytes.indices {
        for bit in 0..<8 {
          var altered = bytes
          altered[index] ^= 1 << bit
          guard var read = try? DeliveryState(decoding: altered) else { continue }
          _ = read.begin(at: start + .days(1))
          read.finish(.retriable(reason: "x"), at: start + .days(1), jitter: 0)
        }
      }
    }
    #expect(throws: StateCodingFailure.trailing) {
      try DeliveryState(decoding: try delivery().encoded() + [0])
    }
  }

  @Test("A body over the bound is refused, a long reason is cut")
  func bounds() throws {
    let body = [UInt8](repeating: 32, count: DeliveryState.bodyBytesMax + 1)
    #expect(
      DeliveryState(touch: "t", channel: "c", isIdempotent: true, body: body, expiresAt: start, at: start) == nil
    )
    var state = try delivery()
    _ = state.begin(at: start)
    state.finish(.permanent(reason: String(repeating: "好", count: 100)), at: start, jitter: 0)
    #expect(state.reason.utf8.count <= DeliveryState.reasonBytesMax)
  }
}

@Suite struct DeliveryPlanTests {
  @Test("A plan's body is the canonical JSON of the touch with the rendered text")
  func body() throws {
    let touch = PlannedTouch(
      id: "shop/journey/recall/0/t/member/900",
      subject: Subject(tenant: "shop", kind: .member, id: "900"),
      source: "journey/recall",
      step: 0,
      channel: "hook",
      decidedAt: Instant(milliseconds: 0),
      expiresAt: Instant(milliseconds: 9),
      isReplay: false
    )
    let template = TemplateDefinition(name: "recall", kind: "promotion", voice: "小蜜", text: "{{nickname}},{{coupon}}!")
    let plan = try DeliveryPlan(touch: touch, template: template) { $0 == "nickname" ? .string("\"明\"") : nil }
    #expect(plan.missing == ["coupon"])
    #expect(
      String(decoding: plan.body, as: UTF8.self)
        == #"{"data":{"channel":"hook","kind":"promotion","replay":false,"source":"journey/recall","step":0,"#
        + #""subject":"member/900","template":"recall","tenant":"shop","text":"\"明\",!","#
        + #""touch":"shop/journey/recall/0/t/member/900","voice":"小蜜"},"timestamp":"1970-01-01T00:00:00.000Z","#
        + #""type":"touch.decided"}"#
    )
  }
}
