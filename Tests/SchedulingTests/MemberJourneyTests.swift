import EventModel
import Playbook
import Scheduling
import Testing

private let moment = TimeSpan(milliseconds: 1)

private func recall(
  name: String = "silent_recall",
  again: TimeSpan? = .days(30),
  steps: [JourneyDefinition.Step]? = nil
) -> JourneyDefinition {
  JourneyDefinition(
    name: name,
    label: noText,
    startSegment: "silent_vip",
    againAfter: again,
    steps: steps ?? [
      .send(template: "recall", channel: "hook", expires: .days(2)),
      .wait(types: ["order.paid"], atMost: .days(7)),
      .send(template: "again", channel: "hook", expires: .days(2)), .end,
    ]
  )
}

private func schedule(
  _ journeys: [JourneyDefinition],
  clock: TenantClock = .live,
  courtesy: Courtesy = Courtesy()
) throws -> SchedulerProgram {
  SchedulerProgram(
    zone: try zone("Asia/Shanghai"),
    clock: clock,
    courtesy: courtesy,
    templates: ["recall", "again"].map { TemplateDefinition(name: $0, kind: "promotion", voice: nil, text: "") }
      + [TemplateDefinition(name: "care", kind: "care", voice: nil, text: "")],
    journeys: journeys
  )
}

@Suite struct MemberJourneyTests {
  private let noon: Instant

  init() throws { noon = try instant("2026-06-01T04:00:00Z") }

  private func entered(_ program: SchedulerProgram, mode: ChangeMode = .live) -> SchedulerMemberState {
    var state = SchedulerMemberState(subject: member)
    state.segmentChanged("silent_vip", entered: true, at: noon, mode: mode, program: program)
    return state
  }

  @Test("Entering the segment sends the first step at that instant, and not a millisecond before")
  func start() throws {
    let program = try schedule([recall()])
    var state = entered(program)
    #expect(state.nextDue == noon)
    #expect(state.advance(through: noon - moment, program: program).isEmpty)
    let decisions = state.advance(through: noon, program: program)
    let touch = try #require(decisions.first)
    #expect(decisions.count == 1)
    #expect(touch.id == "shop/journey/silent_recall/0/20260601T040000000Z/member/900")
    #expect(touch.source == "journey/silent_recall" && touch.status == .decided && touch.mode == .live)
    #expect(touch.dueAt == noon && touch.decidedAt == noon && touch.expiresAt == noon + .days(2))
    #expect(touch.reason == "due")
    #expect(state.nextDue == noon + .days(7))
    #expect(state.advance(through: noon, program: program).isEmpty)
  }

  @Test("A wait times out exactly at its end, and an event dated at that end still ends the journey")
  func timeout() throws {
    let program = try schedule([recall()])
    let end = noon + .days(7)
    var state = entered(program)
    _ = state.advance(through: noon, program: program)
    #expect(state.advance(through: end - moment, program: program).isEmpty)
    var answered = state
    answered.eventSeen(behaviour("order.paid", at: end), program: program)
    #expect(answered.advance(through: end + .days(9), program: program).isEmpty)
    var late = state
    late.eventSeen(behaviour("order.paid", at: end + moment), program: program)
    #expect(late.advance(through: end, program: program).map(\.template) == ["again"])
    #expect(state.advance(through: end, program: program).map(\.dueAt) == [end])
    #expect(state.nextDue == nil)
  }

  @Test("An event consumed before the wait began ends it when dated at or after its start, not when dated before")
  func eventBeforeWait() throws {
    let program = try schedule([recall()])
    for (offset, ends) in [(TimeSpan.hours(1), true), (.seconds(0), true), (.seconds(-1), false)] {
      var state = SchedulerMemberState(subject: member)
      state.eventSeen(behaviour("order.paid", at: noon + offset), program: program)
      state.segmentChanged("silent_vip", entered: true, at: noon, mode: .live, program: program)
      #expect(state.advance(through: noon, program: program).count == 1)
      #expect(state.advance(through: noon + .days(7), program: program).isEmpty == ends, "\(offset)")
    }
  }

  @Test("Other events do not end a wait; a delay ends at its instant whatever comes")
  func otherSteps() throws {
    let program = try schedule([
      recall(steps: [
        .delay(.hours(3)), .wait(types: ["order.paid"], atMost: .hours(1)),
        .send(template: "care", channel: "hook", expires: .hours(5)),
      ])
    ])
    var state = entered(program)
    _ = state.advance(through: noon, program: program)
    state.eventSeen(behaviour("order.paid", at: noon + .hours(1)), program: program)
    state.eventSeen(behaviour("message.posted", at: noon + .hours(3)), program: program)
    #expect(state.nextDue == noon + .hours(3))
    let touches = state.advance(through: noon + .hours(4), program: program)
    #expect(touches.map(\.decidedAt) == [noon + .hours(4)] && touches.map(\.step) == [2])
  }

  @Test("A journey starts again only againAfter its last start, and not while it runs")
  func again() throws {
    let program = try schedule([
      recall(again: .days(3), steps: [.send(template: "care", channel: "h", expires: .days(1))])
    ])
    var state = entered(program)
    var count = state.advance(through: noon, program: program).count
    for offset in [.seconds(0), .days(3) as TimeSpan] {
      for early in [moment, .seconds(0)] {
        let at = noon + offset - early
        state.segmentChanged("silent_vip", entered: true, at: at, mode: .live, program: program)
        count += state.advance(through: max(at, noon), program: program).count
      }
    }
    #expect(count == 2)
    let never = try schedule([
      recall(again: nil, steps: [.send(template: "care", channel: "h", expires: .days(1))])
    ])
    var once = entered(never)
    _ = once.advance(through: noon + .days(60), program: never)
    once.segmentChanged("silent_vip", entered: true, at: noon + .days(90), mode: .live, program: never)
    #expect(once.advance(through: noon + .days(91), program: never).isEmpty)
    let running = try schedule([recall(again: .days(1))])
    var busy = entered(running)
    _ = busy.advance(through: noon, program: running)
    busy.segmentChanged("silent_vip", entered: true, at: noon + .days(2), mode: .live, program: running)
    #expect(busy.advance(through: noon + .days(3), program: running).isEmpty)
  }

  @Test("Live changes act, replayed ones only under a log clock and then as replay, backfilled ones never")
  func modes() throws {
    for clock in [TenantClock.live, .log] {
      let program = try schedule([recall()], clock: clock)
      for mode in ChangeMode.allCases {
        var state = entered(program, mode: mode)
        let touches = state.advance(through: noon, program: program)
        let acts = mode == .live || (mode == .replay && clock == .log)
        #expect(touches.count == (acts ? 1 : 0), "\(clock) \(mode)")
        #expect(touches.allSatisfy { $0.mode == (clock == .log ? .replay : .live) })
      }
    }
  }

  @Test("A touch in quiet hours is deferred once with its reason, then decided under the same id at the window's end")
  func quiet() throws {
    let courtesy = Courtesy(quietHours: Courtesy.QuietHours(from: .hours(11), to: .hours(14)))
    let program = try schedule([recall()], courtesy: courtesy)
    var state = entered(program)
    let deferred = try #require(state.advance(through: noon, program: program).first)
    #expect(deferred.status == .deferred && deferred.reason == "quiet_hours")
    #expect(deferred.allowedFrom == noon + .hours(2) && state.nextDue == noon + .hours(2))
    let decided = try #require(state.advance(through: noon + .hours(2), program: program).first)
    #expect(decided.id == deferred.id && decided.status == .decided && decided.dueAt == noon)
    #expect(decided.decidedAt == noon + .hours(2) && decided.reason == "after quiet_hours")
  }

  @Test("Quiet hours go by the member's own zone where a tag names one that exists")
  func ownZone() throws {
    let courtesy = Courtesy(quietHours: Courtesy.QuietHours(from: .hours(23), to: .hours(8)))
    let program = try schedule([recall()], courtesy: courtesy)
    for (tag, status) in [("America/New_York", TouchDecision.Status.deferred), ("Nowhere/At_All", .decided)] {
      var state = SchedulerMemberState(subject: member)
      state.tagChanged("zone", value: .string(tag), program: program)
      state.segmentChanged("silent_vip", entered: true, at: noon, mode: .live, program: program)
      #expect(state.advance(through: noon, program: program).first?.status == status)
    }
  }

  @Test("Of touches due together under a cap the higher priority goes, then the older, the others are put off")
  func priorities() throws {
    let send = [JourneyDefinition.Step.send(template: "recall", channel: "h", expires: .days(9))]
    var urgent = recall(name: "urgent", steps: send)
    urgent.priority = 5
    let courtesy = Courtesy(caps: [Courtesy.Cap(kind: "promotion", touches: 1, per: .days(1))])
    let program = try schedule([recall(name: "plain", steps: send), urgent], courtesy: courtesy)
    var state = entered(program)
    let first = state.advance(through: noon, program: program)
    #expect(first.map(\.source) == ["journey/urgent", "journey/plain"])
    #expect(first.map(\.status) == [.decided, .deferred] && first.last?.reason == "cap:promotion")
    #expect(state.advance(through: noon + .days(1) - moment, program: program).isEmpty)
    #expect(state.advance(through: noon + .days(1), program: program).map(\.source) == ["journey/plain"])
  }

  @Test("A touch that has no allowed instant before its expiry is dropped with the reason, and the journey goes on")
  func dropped() throws {
    let courtesy = Courtesy(caps: [Courtesy.Cap(kind: nil, touches: 1, per: .days(8))])
    let program = try schedule([recall()], courtesy: courtesy)
    var state = entered(program)
    _ = state.advance(through: noon, program: program)
    let touches = state.advance(through: noon + .days(7), program: program)
    #expect(touches.map(\.status) == [.deferred])
    let short = Courtesy(caps: [Courtesy.Cap(kind: nil, touches: 1, per: .days(9))])
    let tight = try schedule([recall()], courtesy: short)
    var strict = entered(tight)
    _ = strict.advance(through: noon, program: tight)
    let dropped = strict.advance(through: noon + .days(7), program: tight)
    #expect(dropped.map(\.status) == [.dropped] && dropped.map(\.reason) == ["cap"])
    #expect(strict.nextDue == nil)
  }

  @Test("After a pause of a live clock what is overdue is judged at the clock, by priority; under a log clock when due")
  func pause() throws {
    let program = try schedule([recall()])
    var state = entered(program)
    let late = noon + .days(1)
    #expect(state.advance(through: late, program: program).map(\.decidedAt) == [late])
    #expect(state.nextDue == late + .days(7))
    var gone = entered(program)
    #expect(gone.advance(through: noon + .days(2), program: program).map(\.reason) == ["expired"])
    let log = try schedule([recall()], clock: .log)
    var replayed = entered(log)
    #expect(replayed.advance(through: noon + .days(30), program: log).map(\.decidedAt) == [noon, noon + .days(7)])
  }

  @Test("A refusal holds for its kind of touch or for all, until the newest event gives the consent again")
  func consent() throws {
    let program = try schedule([
      recall(again: .days(1), steps: [.send(template: "care", channel: "h", expires: .days(1))])
    ])
    func consent(_ purpose: String, _ granted: Bool) -> Value {
      .object([
        Value.Member(name: "purpose", value: .string(purpose)), Value.Member(name: "granted", value: .bool(granted)),
      ])
    }
    let promotions = Value.object([Value.Member(name: "kind", value: .string("promotion"))])
    let cases: [([Event], TouchDecision.Status)] = [
      ([behaviour("touch.opted_out", at: noon)], .dropped),
      ([behaviour("touch.opted_out", at: noon, data: promotions)], .decided),
      ([behaviour("consent.changed", at: noon, data: consent("care", false))], .dropped),
      ([behaviour("consent.changed", at: noon, data: consent("photos", false))], .decided),
      (
        [
          behaviour("touch.opted_out", at: noon),
          behaviour("consent.changed", at: noon - moment, data: consent("touch", true)),
        ], .dropped
      ),
      (
        [
          behaviour("consent.changed", at: noon, data: consent("touch", true)),
          behaviour("touch.opted_out", at: noon - moment),
        ], .decided
      ),
      (
        [
          behaviour("consent.changed", at: noon, data: consent("touch", true)), behaviour("touch.opted_out", at: noon),
        ], .dropped
      ),
    ]
    for (index, (events, status)) in cases.enumerated() {
      var state = SchedulerMemberState(subject: member)
      for event in events { state.eventSeen(event, program: program) }
      state.segmentChanged("silent_vip", entered: true, at: noon, mode: .live, program: program)
      state = try SchedulerMemberState(decoding: state.encoded(), subject: member)
      let touches = state.advance(through: noon, program: program)
      #expect(touches.map(\.status) == [status], "case \(index)")
      #expect(touches.map(\.reason) == [status == .dropped ? "no_consent" : "due"], "case \(index)")
    }
  }

  @Test("Ids are one for one key: readable while short, else the SHA-256 of the readable form")
  func ids() throws {
    let program = try schedule([recall()])
    var ids: Set<String> = []
    for id in ["900", "a/b", "a~b", "a b", "a.b", "A", "~2F", "好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好"] {
      var state = SchedulerMemberState(subject: Subject(tenant: "shop", kind: .member, id: id))
      state.segmentChanged("silent_vip", entered: true, at: noon, mode: .live, program: program)
      for touch in state.advance(through: noon, program: program) { ids.insert(touch.id) }
    }
    #expect(ids.count == 8 && ids.allSatisfy { $0.utf8.count <= TouchDecision.idBytesMax })
    #expect(ids.contains("shop/journey/silent_recall/0/20260601T040000000Z/member/a~2Eb"))
    #expect(ids.contains("touch/bccf8c05c7e8209b78f4e3659d34fc5d083950f2f68cde5f6bacfe03853a8a1c"))
  }

  @Test("A journey or template that a new playbook no longer has ends quietly")
  func playbookChanged() throws {
    let program = try schedule([recall()])
    var state = entered(program)
    _ = state.advance(through: noon, program: program)
    let empty = try schedule([])
    #expect(state.advance(through: noon + .days(8), program: empty).isEmpty && state.nextDue == nil)
    let unknown = try schedule([recall(steps: [.send(template: "lost", channel: "h", expires: .days(1))])])
    var other = entered(unknown)
    #expect(other.advance(through: noon, program: unknown).map(\.reason) == ["template_gone"])
  }
}
