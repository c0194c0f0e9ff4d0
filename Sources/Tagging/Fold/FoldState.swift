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

/// The subject as of one instant, folded in order of time: a function of the events up to it and of nothing else.
///
/// A run of words, at the places that the program's plans give: a copy is one array. What does not fit a word stands in
/// the subject's `History`, and for the metrics that keep sets of values in `rests`.
struct FoldState: Sendable {
  /// Time of the subject's first event; `Slot.none` before it.
  var born: Int64 = Slot.none
  /// The last instant at which an event or timer was applied.
  var instant: Int64 = Slot.none
  /// The newest event applied, by (time, id).
  var newest = (time: Slot.none, id: "")
  var words: [Int64]
  /// By index of the metric.
  var rests: [Int: MetricRest] = [:]

  // Derived, not stored.
  private(set) var nextTimer: Int64 = .max

  init(_ program: TaggingProgram) { words = program.layout.initial }

  /// One read from a stored state, its words in their stored form; `restore` finds the rest.
  init(stored words: [Int64]) { self.words = words }

  // MARK: Words

  /// The value in the two words at `place`.
  func packed(_ place: Int) -> PackedValue {
    PackedValue(PackedValue.Kind(rawValue: UInt8(truncatingIfNeeded: words[place + 1])) ?? .null, words[place])
  }

  mutating func set(_ place: Int, _ value: PackedValue) {
    words[place] = value.word
    words[place + 1] = (words[place + 1] & ~MetricFlags.kind) | Int64(value.kind.rawValue)
  }

  func isApproximate(_ plan: MetricPlan) -> Bool { words[plan.at.value + 1] & MetricFlags.approximate != 0 }

  /// Notes what of the arena is referred to.
  func noteKept(_ used: inout Set<Int64>, _ program: TaggingProgram) {
    for place in program.packedPlaces where packed(place).kind == .kept { used.insert(words[place]) }
  }

  mutating func moveKept(_ moved: [Int64: Int64], _ program: TaggingProgram) {
    for place in program.packedPlaces where packed(place).kind == .kept { words[place] = moved[words[place]] ?? 0 }
  }

  func slot(_ plan: OutputPlan) -> Slot {
    Slot(
      value: packed(plan.at.value),
      since: words[plan.at.since],
      former: packed(plan.at.former),
      formerSince: words[plan.at.formerSince]
    )
  }

  private mutating func set(_ plan: OutputPlan, _ slot: Slot) {
    set(plan.at.value, slot.value)
    words[plan.at.since] = slot.since
    set(plan.at.former, slot.former)
    words[plan.at.formerSince] = slot.formerSince
  }

  // MARK: Folding

  /// Finds again what is not stored.
  mutating func restore(_ program: TaggingProgram, _ history: inout History) {
    // Before the first event everything is empty at any instant.
    let at = instant == Slot.none ? 0 : instant
    for plan in program.metrics where words[plan.at.value + 1] & MetricFlags.touched != 0 {
      restoreInside(plan, history)
      _ = bring(plan, to: at, program.zone, &history)
    }
    for plan in program.outputs {
      words[plan.at.due] = born == Slot.none ? .max : decided(plan, program, history.arena).due
    }
    findNextTimer(program)
  }

  /// Applies what stands at `now`: events of that time in order of id, and timers due by then; then decides every
  /// output that any of it touched, once.
  ///
  /// - Parameter now: at or after `instant`. Events may be older only past the lateness bound.
  mutating func step(
    at now: Int64,
    _ events: ArraySlice<PendingEvent>,
    _ program: TaggingProgram,
    _ history: inout History,
    _ journal: inout Journal
  ) {
    var dirty = IndexSet()
    var touched = IndexSet()
    for event in events { take(event, now, program, &history, &touched, &dirty) }
    if nextTimer <= now {
      for plan in program.metrics where words[plan.at.due] <= now { touched.insert(plan.index) }
      for (index, plan) in program.outputs.enumerated() where words[plan.at.due] <= now { dirty.insert(index) }
    }
    while let index = touched.popFirst() {
      let plan = program.metrics[index]
      if bring(plan, to: now, program.zone, &history) { dirty.formUnion(plan.dependents) }
    }
    instant = now
    decide(&dirty, program, &history, &journal)
    findNextTimer(program)
  }

  private mutating func take(
    _ event: PendingEvent,
    _ now: Int64,
    _ program: TaggingProgram,
    _ history: inout History,
    _ touched: inout IndexSet,
    _ dirty: inout IndexSet
  ) {
    if born == Slot.none {
      born = event.time
      dirty.insertAll(below: program.outputs.count)
    }
    if !event.precedes(newest.time, newest.id) { newest = (event.time, event.id) }
    for contribution in event.contributions {
      let target = contribution.target
      if contribution.isFact {
        let at = program.outputs[target].at
        guard case .value(let value) = contribution.payload, event.time >= words[at.factTime] else { continue }
        if !history.arena.holds(packed(at.fact), value) { set(at.fact, history.arena.pack(value)) }
        words[at.factTime] = event.time
        dirty.insert(target)
      } else {
        enter(program.channels[target], event.time, contribution.payload, now, program, &history)
        for metric in program.channels[target].metrics { touched.insert(metric) }
      }
    }
  }

  private mutating func decide(
    _ dirty: inout IndexSet,
    _ program: TaggingProgram,
    _ history: inout History,
    _ journal: inout Journal
  ) {
    guard born != Slot.none else { return }
    while let index = dirty.popFirst() {
      let plan = program.outputs[index]
      let (value, due) = decided(plan, program, history.arena)
      words[plan.at.due] = due
      let former = slot(plan)
      if former.stands(value, at: instant, history.arena) { continue }
      var slot = former
      slot.take(value, at: instant, &history.arena)
      if slot.since == former.since, history.arena.same(slot.value, former.value) { continue }
      journal.note(index, former)
      set(plan, slot)
      if !history.arena.same(slot.value, former.value) { dirty.formUnion(plan.dependents) }
    }
  }

  private func decided(
    _ plan: OutputPlan,
    _ program: TaggingProgram,
    _ arena: ValueArena
  ) -> (value: Value, due: Int64) {
    let now = Instant(milliseconds: instant)
    let context = FoldContext(words: words, arena: arena, program: program, now: now)
    let fact = plan.at.fact < 0 ? Value.null : arena.unpack(packed(plan.at.fact))
    return (plan.evaluate(in: context, fact: fact), plan.nextChange(in: context, after: now))
  }

  private mutating func findNextTimer(_ program: TaggingProgram) {
    var next = Int64.max
    for place in program.duePlaces { next = min(next, words[place]) }
    nextTimer = next
  }
}

/// The decided metrics and tags of a subject, as formulas read them.
private struct FoldContext: FormulaContext {
  let words: [Int64]
  let arena: ValueArena
  let program: TaggingProgram
  let now: Instant

  func metric(_ index: Int) -> Value {
    index < program.metrics.count ? value(program.metrics[index].at.value) : .null
  }

  func tag(_ index: Int) -> Value {
    index < program.outputs.count ? value(program.outputs[index].at.value) : .null
  }

  func field(_ name: String) -> Value? { nil }

  private func value(_ place: Int) -> Value {
    let kind = PackedValue.Kind(rawValue: UInt8(truncatingIfNeeded: words[place + 1])) ?? .null
    return arena.unpack(PackedValue(kind, words[place]))
  }
}
