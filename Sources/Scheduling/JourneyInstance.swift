import EventModel
import Playbook

/// One run of a journey for one member: where it stands and what it waits for. Steps follow each other at exact
/// instants; a send takes until it is decided or dropped.
package struct JourneyInstance: Hashable, Sendable {
  package let journey: String
  package let startedAt: Instant
  /// Index of the step in progress.
  package private(set) var step: Int
  package private(set) var phase: Phase

  package enum Phase: Hashable, Sendable {
    /// A wait that began at `since`; `answeredAt` is the earliest awaited event known in [since, until].
    case waiting(since: Instant, until: Instant, answeredAt: Instant?)
    case delaying(until: Instant)
    case sending(PendingTouch)
    case finished
  }

  /// A touch that is due but not yet decided.
  package struct PendingTouch: Hashable, Sendable {
    package var template: String
    package var channel: String
    package var dueAt: Instant
    package var expiresAt: Instant
    /// When it is judged next.
    package var attemptAt: Instant
    /// Why it waits, once that was published.
    package var deferredFor: String?
  }

  /// An awaited event that came before some wait began.
  package struct SeenEvent: Hashable, Sendable {
    package var type: String
    package var time: Instant
  }

  init(journey: String, startedAt: Instant, step: Int, phase: Phase) {
    self.journey = journey
    self.startedAt = startedAt
    self.step = step
    self.phase = phase
  }

  /// Starts `definition` at `instant`.
  package init(of definition: JourneyDefinition, at instant: Instant, seen: [SeenEvent]) {
    self.init(journey: definition.name, startedAt: instant, step: 0, phase: .finished)
    enter(step: 0, at: instant, of: definition, seen: seen)
  }

  /// When something happens next unless an event comes; nil once finished.
  package var due: Instant? {
    switch phase {
    case .waiting(_, let until, let answeredAt): answeredAt ?? until
    case .delaying(let until): until
    case .sending(let touch): touch.attemptAt
    case .finished: nil
    }
  }

  /// The touch in progress.
  package var pendingTouch: PendingTouch? {
    if case .sending(let touch) = phase { touch } else { nil }
  }

  package var isFinished: Bool { phase == .finished }

  /// An event of the awaited types ends a wait when its time lies in [since, until]; both ends count.
  package mutating func event(type: String, time: Instant, of definition: JourneyDefinition) {
    guard case .waiting(let since, let until, let answeredAt) = phase, time >= since,
      time <= until - TimeSpan(milliseconds: mutated(.waitEndExcluded) ? 1 : 0),
      step < definition.steps.count, case .wait(let types, _) = definition.steps[step], types.contains(type)
    else { return }
    phase = .waiting(since: since, until: until, answeredAt: answeredAt.map { min($0, time) } ?? time)
  }

  /// Ends a wait that was answered, or goes on to the next step when a wait or delay is over at `instant`.
  package mutating func timer(through instant: Instant, of definition: JourneyDefinition, seen: [SeenEvent]) {
    switch phase {
    case .waiting(_, _, .some(let answeredAt)) where answeredAt <= instant: phase = .finished
    case .waiting(_, let until, nil) where until <= instant,
      .delaying(let until) where until <= instant:
      enter(step: step + 1, at: until, of: definition, seen: seen)
    default: break
    }
  }

  /// The touch in progress waits until `instant`.
  mutating func postpone(until instant: Instant, announcing reason: String? = nil) {
    guard case .sending(var touch) = phase else { return }
    touch.attemptAt = instant
    touch.deferredFor = touch.deferredFor ?? reason
    phase = .sending(touch)
  }

  /// The touch in progress was decided or dropped at `instant`: the next step begins there.
  mutating func settled(at instant: Instant, of definition: JourneyDefinition, seen: [SeenEvent]) {
    guard case .sending = phase else { return }
    enter(step: step + 1, at: instant, of: definition, seen: seen)
  }

  /// The playbook no longer has the journey.
  mutating func abandon() { phase = .finished }

  private mutating func enter(step index: Int, at instant: Instant, of definition: JourneyDefinition, seen: [SeenEvent])
  {
    step = index
    guard index < definition.steps.count else {
      phase = .finished
      return
    }
    switch definition.steps[index] {
    case .end: phase = .finished
    case .delay(let span): phase = .delaying(until: instant + span)
    case .wait(let types, let span):
      let until = instant + span
      let answers = seen.filter { types.contains($0.type) && $0.time >= instant && $0.time <= until }
      phase = .waiting(since: instant, until: until, answeredAt: answers.map(\.time).min())
    case .send(let template, let channel, let expires):
      phase = .sending(
        PendingTouch(
          template: template,
          channel: channel,
          dueAt: instant,
          expiresAt: instant + expires,
          attemptAt: instant
        )
      )
    }
  }
}
