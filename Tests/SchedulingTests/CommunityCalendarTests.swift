import EventModel
import Playbook
import Scheduling
import Testing

private let moment = TimeSpan(milliseconds: 1)

private func calendar(
  _ name: String,
  slot: CalendarDefinition.Slot,
  to audience: CalendarDefinition.Audience = .everyCommunity,
  misfire: MisfirePolicy = .once,
  channel: String? = nil
) -> CalendarDefinition {
  CalendarDefinition(
    name: name,
    label: noText,
    slot: slot,
    audience: audience,
    template: "draw",
    channel: channel,
    misfire: misfire
  )
}

private func schedule(
  _ calendars: [CalendarDefinition],
  clock: TenantClock = .live,
  channels: [ChannelDefinition] = [ChannelDefinition(name: "robot", kind: .file(name: "posts"))]
) throws -> SchedulerProgram {
  SchedulerProgram(
    zone: try zone("Asia/Shanghai"),
    clock: clock,
    courtesy: Courtesy(
      quietHours: Courtesy.QuietHours(from: .hours(0), to: .hours(23)),
      caps: [Courtesy.Cap(kind: nil, touches: 1, per: .days(30))]
    ),
    templates: [TemplateDefinition(name: "draw", kind: "promotion", voice: nil, text: "")],
    calendars: calendars,
    channels: channels
  )
}

private func created(at time: Instant, kind: String) -> Event {
  behaviour(
    "community.created",
    at: time,
    of: village,
    data: .object([Value.Member(name: "kind", value: .string(kind))])
  )
}

@Suite struct CommunityCalendarTests {
  /// Monday noon in Shanghai.
  private let noon: Instant
  /// Tuesday 20:00 there.
  private let tuesday: Instant

  init() throws {
    noon = try instant("2026-06-01T04:00:00Z")
    tuesday = try instant("2026-06-02T12:00:00Z")
  }

  private func known(_ program: SchedulerProgram, kind: String = "member") -> SchedulerCommunityState {
    var state = SchedulerCommunityState(subject: village)
    state.eventSeen(created(at: noon, kind: kind), program: program)
    return state
  }

  @Test("A slot fires exactly at its instant, once, and neither quiet hours nor caps of members hold it")
  func fires() throws {
    let program = try schedule([calendar("tuesday_draw", slot: .weekly(days: [2], at: .hours(20)))])
    var state = known(program)
    #expect(state.nextDue(program: program) == tuesday)
    #expect(state.advance(through: tuesday - moment, program: program).isEmpty)
    let touch = try #require(state.advance(through: tuesday, program: program).first)
    #expect(touch.id == "shop/calendar/tuesday_draw/0/20260602/community/c1")
    #expect(touch.status == .decided && touch.channel == "robot" && touch.kind == "promotion")
    #expect(touch.dueAt == tuesday && touch.decidedAt == tuesday && touch.expiresAt == tuesday + .days(1))
    #expect(state.advance(through: tuesday, program: program).isEmpty)
    #expect(state.nextDue(program: program) == tuesday + .days(7))
  }

  @Test("A community that is not known, or was dissolved, has no slots; one that came later none before")
  func lifetime() throws {
    let program = try schedule([calendar("daily", slot: .daily(at: .hours(20)))])
    var unknown = SchedulerCommunityState(subject: village)
    #expect(unknown.advance(through: tuesday, program: program).isEmpty && unknown.nextDue(program: program) == nil)
    var late = SchedulerCommunityState(subject: village)
    late.eventSeen(behaviour("message.posted", at: tuesday, of: village), program: program)
    #expect(late.advance(through: tuesday + .hours(1), program: program).isEmpty)
    #expect(late.nextDue(program: program) == tuesday + .days(1))
    late.eventSeen(behaviour("community.dissolved", at: tuesday + .days(1), of: village), program: program)
    #expect(late.nextDue(program: program) == nil)
    #expect(late.advance(through: tuesday + .days(3), program: program).isEmpty)
  }

  @Test("Audiences go by the newest kind and by the tag as it stood at the slot's instant")
  func audiences() throws {
    let program = try schedule([
      calendar("kind", slot: .daily(at: .hours(20)), to: .communityKind("member")),
      calendar("tag", slot: .daily(at: .hours(21)), to: .communityTag("cooling")),
    ])
    var state = known(program, kind: "flash")
    #expect(state.nextDue(program: program) == nil)
    state.eventSeen(created(at: noon + .hours(1), kind: "member"), program: program)
    state.eventSeen(created(at: noon - .hours(1), kind: "other"), program: program)
    let nine = try instant("2026-06-01T13:00:00Z")
    state.tagChanged("cooling", value: .bool(true), at: nine, program: program)
    state.tagChanged("cooling", value: .bool(false), at: nine + moment, program: program)
    state.tagChanged("cooling", value: .bool(true), at: nine + .days(1) + moment, program: program)
    let sources = state.advance(through: nine + .days(1), program: program).map { "\($0.source) \($0.occurrence)" }
    // The kind's slot of 1 June was missed by the clock's jump; `once` lets 2 June stand for it.
    #expect(sources == ["calendar/kind 2026-06-02"])
    var steady = known(program)
    steady.tagChanged("cooling", value: .bool(true), at: nine, program: program)
    #expect(steady.advance(through: nine, program: program).map(\.source) == ["calendar/kind", "calendar/tag"])
  }

  @Test("Missed slots follow the policy under a live clock and are decided at the clock; a log clock misses none")
  func misfires() throws {
    let clock = tuesday + .days(3) + .hours(3)
    let expected: [MisfirePolicy: [String]] = [
      .skip: [], .once: ["2026-06-05"], .all: ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05"],
    ]
    for (policy, dates) in expected {
      let calendars = [calendar("daily", slot: .daily(at: .hours(20)), misfire: policy)]
      let live = try schedule(calendars)
      var state = known(live)
      let touches = state.advance(through: clock, program: live)
      #expect(touches.map(\.occurrence) == dates && touches.allSatisfy { $0.decidedAt == clock }, "\(policy)")
      #expect(touches.allSatisfy { $0.expiresAt == tuesday + .days(4) && $0.reason == "misfire" })
      let log = try schedule(calendars, clock: .log)
      var replayed = known(log)
      let all = replayed.advance(through: clock, program: log)
      #expect(all.count == 5 && all.allSatisfy { $0.decidedAt == $0.dueAt && $0.mode == .replay })
    }
  }

  @Test("A calendar that a new playbook brings, or moves, has no slots before the clock that first sees it")
  func activation() throws {
    let old = try schedule([calendar("morning", slot: .daily(at: .hours(9)))])
    let new = try schedule([
      calendar("morning", slot: .daily(at: .hours(11))), calendar("daily", slot: .daily(at: .hours(20))),
    ])
    var state = known(old)
    _ = state.advance(through: noon, program: old)
    let clock = tuesday + .hours(1)
    #expect(try #require(state.nextDue(program: new)) <= clock)
    #expect(state.advance(through: clock, program: new).isEmpty)
    #expect(state.nextDue(program: new) == tuesday + .hours(15))
    #expect(state.advance(through: tuesday + .hours(15), program: new).map(\.source) == ["calendar/morning"])
    #expect(state.advance(through: tuesday + .days(1), program: new).map(\.source) == ["calendar/daily"])
  }

  @Test("A touch without a channel or template is dropped with the reason")
  func incomplete() throws {
    let program = try schedule([calendar("daily", slot: .daily(at: .hours(20)))], channels: [])
    var state = known(program)
    let touches = state.advance(through: tuesday - .days(1), program: program)
    #expect(touches.map(\.status) == [.dropped] && touches.map(\.reason) == ["no_channel"])
  }
}
