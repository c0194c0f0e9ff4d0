import EventModel
import Playbook

/// What the fold keeps of an event: its place and what it gives.
struct PendingEvent: Hashable, Sendable {
  let time: Int64
  let id: String
  let contributions: [Contribution]

  func precedes(_ time: Int64, _ id: String) -> Bool {
    self.time != time ? self.time < time : mutated(.tieByArrival) || Tagging.precedes(self.id, id)
  }
}

/// A tag's or signal's value with its start, and what stood before that start: two events of one millisecond may take
/// a value away and give it back, which is no change.
struct Slot: Sendable {
  /// No value yet.
  static let none = Int64.min

  var value: Value = .null
  var since: Int64 = Slot.none
  var formerValue: Value = .null
  var formerSince: Int64 = Slot.none

  func isSame(as other: Slot) -> Bool { since == other.since && identical(value, other.value) }

  /// Whether `take` would change nothing; what most evaluations come to.
  func stands(_ new: Value, at instant: Int64) -> Bool {
    since != Slot.none && since != instant && identical(new, value)
  }

  mutating func take(_ new: Value, at instant: Int64) {
    if since == Slot.none {
      self = Slot(value: new, since: instant)
    } else if since == instant {
      if formerSince != Slot.none, identical(new, formerValue), !mutated(.pulseIsAChange) {
        self = Slot(value: formerValue, since: formerSince)
      } else {
        value = new
      }
    } else if !identical(new, value) {
      self = Slot(value: new, since: instant, formerValue: value, formerSince: since)
    }
  }
}

/// The subject as of one instant, folded in order of time: a function of the events up to it and of nothing else.
struct FoldState: Sendable {
  /// Time of the subject's first event; `Slot.none` before it.
  var born: Int64 = Slot.none
  /// The last instant at which an event or timer was applied.
  var instant: Int64 = Slot.none
  /// The newest event applied, by (time, id).
  var newest = (time: Slot.none, id: "")
  var metrics: [SharedMetric]
  /// Tags, then signals.
  var outputs: [Output]

  // Derived, not stored.
  private(set) var nextTimer: Int64 = .max

  /// A tag or signal as it stands.
  struct Output: Sendable {
    var slot = Slot()
    /// Only facts have one.
    var fact = Value.null
    var factTime = Slot.none
    /// When elapsed time can change it; derived, not stored.
    var due = Int64.max
  }

  init(program: TaggingProgram) {
    self.init(metrics: program.metrics.count, outputs: program.outputs.count)
    restore(program)
  }

  init(metrics: Int, outputs: Int) {
    self.metrics = Array(repeating: SharedMetric(), count: metrics)
    self.outputs = Array(repeating: Output(), count: outputs)
  }

  /// Finds again what is not stored.
  mutating func restore(_ program: TaggingProgram) {
    // Before the first event everything is empty at any instant.
    let at = instant == Slot.none ? 0 : instant
    for index in metrics.indices {
      let plan = program.metrics[index]
      if metrics[index].isUntouched {
        metrics[index] = plan.untouched
      } else {
        metrics[index].restore(at: at, plan: plan, zone: program.zone)
      }
    }
    for index in outputs.indices { outputs[index].due = born == Slot.none ? .max : decided(index, program).due }
    findNextTimer()
  }

  /// Applies what stands at `now`: events of that time in order of id, and timers due by then; then decides every
  /// output that any of it touched, once.
  ///
  /// - Parameter now: at or after `instant`. Events may be older only past the lateness bound.
  mutating func step(
    at now: Int64,
    _ events: ArraySlice<PendingEvent>,
    _ program: TaggingProgram,
    _ journal: inout Journal
  ) {
    var dirty = IndexSet()
    var touched = IndexSet()
    for event in events { take(event, now, program, &touched, &dirty) }
    if nextTimer <= now {
      for index in metrics.indices where metrics[index].due <= now { touched.insert(index) }
      for index in outputs.indices where outputs[index].due <= now { dirty.insert(index) }
    }
    while let index = touched.popFirst() {
      let plan = program.metrics[index]
      if metrics[index].bring(to: now, plan: plan, zone: program.zone) { dirty.formUnion(plan.dependents) }
    }
    instant = now
    decide(&dirty, program, &journal)
    findNextTimer()
  }

  private mutating func take(
    _ event: PendingEvent,
    _ now: Int64,
    _ program: TaggingProgram,
    _ touched: inout IndexSet,
    _ dirty: inout IndexSet
  ) {
    if born == Slot.none {
      born = event.time
      dirty.insertAll(below: outputs.count)
    }
    if !event.precedes(newest.time, newest.id) { newest = (event.time, event.id) }
    for contribution in event.contributions {
      let target = contribution.target
      if contribution.isFact {
        if case .value(let value) = contribution.payload, event.time >= outputs[target].factTime {
          outputs[target].fact = value
          outputs[target].factTime = event.time
          dirty.insert(target)
        }
      } else {
        metrics[target].add(
          event.time,
          contribution.payload,
          now: now,
          plan: program.metrics[target],
          zone: program.zone
        )
        touched.insert(target)
      }
    }
  }

  private mutating func decide(_ dirty: inout IndexSet, _ program: TaggingProgram, _ journal: inout Journal) {
    guard born != Slot.none else { return }
    while let index = dirty.popFirst() {
      let (value, due) = decided(index, program)
      outputs[index].due = due
      if outputs[index].slot.stands(value, at: instant) { continue }
      let former = outputs[index].slot
      var slot = former
      slot.take(value, at: instant)
      guard !slot.isSame(as: former) else { continue }
      journal.note(index, former)
      outputs[index].slot = slot
      if !identical(slot.value, former.value) { dirty.formUnion(program.outputs[index].dependents) }
    }
  }

  private func decided(_ index: Int, _ program: TaggingProgram) -> (value: Value, due: Int64) {
    let context = SlotContext(metrics: metrics, outputs: outputs, now: Instant(milliseconds: instant))
    let plan = program.outputs[index]
    return (
      plan.evaluate(in: context, fact: outputs[index].fact),
      plan.nextChange(in: context, after: Instant(milliseconds: instant))
    )
  }

  private mutating func findNextTimer() {
    var next = Int64.max
    // By index: a loop over the elements would retain each one's arrays.
    for index in metrics.indices { next = min(next, metrics[index].due) }
    for index in outputs.indices { next = min(next, outputs[index].due) }
    nextTimer = next
  }
}

/// The decided metrics and tags of a subject, as formulas read them.
private struct SlotContext: FormulaContext {
  let metrics: [SharedMetric]
  let outputs: [FoldState.Output]
  let now: Instant

  func metric(_ index: Int) -> Value { index < metrics.count ? metrics[index].value.value : .null }
  func tag(_ index: Int) -> Value { index < outputs.count ? outputs[index].slot.value : .null }
  func field(_ name: String) -> Value? { nil }
}

/// Which outputs changed, with what each was before the first of its changes.
struct Journal {
  private(set) var before: [(index: Int, slot: Slot)] = []

  mutating func note(_ index: Int, _ slot: Slot) {
    for known in before where known.index == index { return }
    before.append((index, slot))
  }
}
