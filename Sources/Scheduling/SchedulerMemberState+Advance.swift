import EventModel
import Playbook

extension SchedulerMemberState {
  /// Does everything due at or before `clock`, in order of instant; at one instant entries come before timers, timers
  /// before touches, and touches by priority (larger first), then age, then the playbook's order.
  ///
  /// A touch is judged at the instant it is due. Only when a live clock passes that by more than
  /// `SchedulerProgram.onTime` (after a pause) is it judged at the clock instead, for then that is when it would go; a
  /// log clock moves by records and is never late. Calling it again with the same clock does nothing.
  ///
  /// - Returns: decisions in the order made.
  package mutating func advance(through clock: Instant, program: SchedulerProgram) -> [TouchDecision] {
    var pass = Pass(clock: clock, program: program, rules: nil)
    while let instant = nextDue, instant <= clock {
      while let entry = entries.first, entry.at <= instant {
        entries.removeFirst()
        start(entry, program: program)
      }
      runTimers(through: instant, program: program)
      judgeTouches(through: instant, pass: &pass)
      instances.removeAll(where: \.isFinished)
    }
    through = max(clock, through ?? clock)
    if let through {
      seen.removeAll { $0.time + Self.seenFor <= through }
      program.caps.prune(&sent, at: through)
    }
    return pass.decisions
  }

  /// What one call of `advance` carries along.
  private struct Pass {
    let clock: Instant
    let program: SchedulerProgram
    /// Made at the first touch: looking up a zone costs more than most calls need.
    var rules: CourtesyRules?
    /// A touch of this call was late: the later ones wait for it, so that priority holds among them.
    var catchingUp = false
    var decisions: [TouchDecision] = []
  }

  private mutating func runTimers(through instant: Instant, program: SchedulerProgram) {
    for index in instances.indices {
      guard let journey = program.journey(named: instances[index].journey) else {
        instances[index].abandon()
        continue
      }
      instances[index].timer(through: instant, of: journey, seen: seen)
    }
  }

  private mutating func judgeTouches(through instant: Instant, pass: inout Pass) {
    let due = instances.indices
      .filter { instances[$0].pendingTouch.map { $0.attemptAt <= instant } ?? false }
      .sorted { precedes(instances[$0], instances[$1], program: pass.program) }
    for index in due {
      if isLate(at: instant, pass: &pass) {
        instances[index].postpone(until: pass.clock)
      } else {
        judge(index, at: max(instant, judgedThrough ?? instant), pass: &pass)
      }
    }
  }

  private func isLate(at instant: Instant, pass: inout Pass) -> Bool {
    guard pass.program.clock == .live, instant < pass.clock else { return false }
    if pass.clock - instant > SchedulerProgram.onTime { pass.catchingUp = true }
    return pass.catchingUp
  }

  private func precedes(_ left: JourneyInstance, _ right: JourneyInstance, program: SchedulerProgram) -> Bool {
    func rank(_ instance: JourneyInstance) -> (Int, Instant, Int) {
      let priority = program.journey(named: instance.journey)?.priority ?? 0
      return (
        mutated(.priorityIgnored) ? 0 : -priority, instance.pendingTouch?.dueAt ?? .distantFuture,
        program.order(ofJourney: instance.journey)
      )
    }
    return rank(left) < rank(right)
  }

  private mutating func judge(_ index: Int, at instant: Instant, pass: inout Pass) {
    let instance = instances[index]
    guard let touch = instance.pendingTouch, let journey = pass.program.journey(named: instance.journey) else { return }
    let kind = pass.program.kind(ofTemplate: touch.template)
    let rules = pass.rules ?? pass.program.courtesyRules(zoneName: zone)
    pass.rules = rules
    judgedThrough = instant
    let outcome: CourtesyDecision =
      if kind == nil {
        .dropped(reason: .templateGone)
      } else if refuses(kind: kind ?? "") {
        .dropped(reason: .noConsent)
      } else {
        rules.decide(kind: kind ?? "", at: instant, expiresAt: touch.expiresAt, sent: sent)
      }
    var decision = draft(of: instance, touch: touch, kind: kind ?? "", at: instant, mode: pass.program.touchMode)
    switch outcome {
    case .allowed:
      decision.status = .decided
      decision.reason = touch.deferredFor.map { "after \($0)" } ?? "due"
      sent.append(SentTouch(at: instant, kind: kind ?? ""))
      settle(index, at: instant, journey: journey, caps: pass.program.caps)
    case .dropped(let reason):
      decision.status = .dropped
      decision.reason = reason.text
      settle(index, at: instant, journey: journey, caps: pass.program.caps)
    case .deferred(let until, let reason):
      instances[index].postpone(until: until, announcing: reason.text)
      // Put off again: it was said once.
      guard touch.deferredFor == nil else { return }
      decision.status = .deferred
      decision.reason = reason.text
      decision.allowedFrom = until
    }
    pass.decisions.append(decision)
  }

  private func refuses(kind: String) -> Bool {
    [ConsentChange.everything, kind].contains { consents[$0]?.isRefused == true }
  }

  private mutating func settle(_ index: Int, at instant: Instant, journey: JourneyDefinition, caps: TouchCaps) {
    caps.prune(&sent, at: instant)
    instances[index].settled(at: instant, of: journey, seen: seen)
  }

  private func draft(
    of instance: JourneyInstance,
    touch: JourneyInstance.PendingTouch,
    kind: String,
    at instant: Instant,
    mode: ChangeMode
  ) -> TouchDecision {
    let source = "journey/\(instance.journey)"
    let occurrence = instance.startedAt.text
    return TouchDecision(
      id: TouchDecision.id(of: subject, source: source, step: instance.step, occurrence: occurrence),
      source: source,
      step: instance.step,
      subject: subject,
      occurrence: occurrence,
      template: touch.template,
      kind: kind,
      channel: touch.channel,
      status: .decided,
      reason: "",
      dueAt: touch.dueAt,
      decidedAt: instant,
      expiresAt: touch.expiresAt,
      mode: mode
    )
  }
}
