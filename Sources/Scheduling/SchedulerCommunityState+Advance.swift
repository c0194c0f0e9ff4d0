import EventModel
import Playbook

extension SchedulerCommunityState {
  /// Fires every slot that fell since the last call, up to and including `clock`, whose audience the community belongs
  /// to at that instant. Under a live clock slots missed by more than `WallClockSlots.missedAfter` follow the
  /// calendar's misfire policy and are decided at the clock; a log clock misses nothing.
  ///
  /// - Returns: decisions by (decidedAt, dueAt, playbook order); at most `WallClockSlots.occurrencesMax` a calendar.
  package mutating func advance(through clock: Instant, program: SchedulerProgram) -> [TouchDecision] {
    var decisions: [TouchDecision] = []
    if let start, start < clock {
      for (calendar, mark) in zip(program.calendars, program.calendarMarks) where followed.contains(mark) {
        decisions += fire(calendar, after: start, clock: clock, program: program)
      }
    }
    if isKnown { followed = Set(program.calendarMarks) }
    through = max(clock, through ?? clock)
    while let change = pendingTags.first, change.at <= clock { apply(pendingTags.removeFirst()) }
    // Sorting is stable: at equal instants the playbook's order stays.
    return decisions.sorted { ($0.decidedAt, $0.dueAt) < ($1.decidedAt, $1.dueAt) }
  }

  private func fire(
    _ calendar: CalendarDefinition,
    after start: Instant,
    clock: Instant,
    program: SchedulerProgram
  ) -> [TouchDecision] {
    let slots = WallClockSlots(slot: calendar.slot, zone: program.zone)
    let due =
      program.clock == .log
      ? slots.occurrences(after: start, through: clock)
      : slots.due(after: start, clock: clock, misfire: calendar.misfire)
    return
      due
      .filter { isAlive(at: $0.instant) && isAddressed(by: calendar.audience, at: $0.instant) }
      .map { decision(of: calendar, occurrence: $0, clock: clock, slots: slots, program: program) }
  }

  private func decision(
    of calendar: CalendarDefinition,
    occurrence: WallClockSlots.Occurrence,
    clock: Instant,
    slots: WallClockSlots,
    program: SchedulerProgram
  ) -> TouchDecision {
    let missed = program.clock == .live && clock - occurrence.instant > WallClockSlots.missedAfter
    let decidedAt = missed ? clock : occurrence.instant
    let source = "calendar/\(calendar.name)"
    let kind = program.kind(ofTemplate: calendar.template)
    let channel = program.channel(of: calendar)
    let reason: TouchReason? = kind == nil ? .templateGone : channel == nil ? .noChannel : nil
    let expiresAt = decidedAt + SchedulerProgram.calendarExpiry
    return TouchDecision(
      id: TouchDecision.id(of: subject, source: source, step: 0, occurrence: occurrence.date.text),
      source: source,
      step: 0,
      subject: subject,
      occurrence: occurrence.date.text,
      template: calendar.template,
      kind: kind ?? "",
      channel: channel ?? "",
      status: reason == nil ? .decided : .dropped,
      reason: reason?.text ?? (missed ? "misfire" : "due"),
      dueAt: occurrence.instant,
      decidedAt: decidedAt,
      expiresAt: slots.next(after: decidedAt).map { min($0.instant, expiresAt) } ?? expiresAt,
      mode: program.touchMode
    )
  }
}
