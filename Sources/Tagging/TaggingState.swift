import EventModel
import Playbook

/// All that is kept of one subject: what its metrics, tags and signals are as of its clock, and enough of the last
/// 72 h 5 min to take in a late event as if it had come in time.
///
/// Values and their `since` are functions of (the set of accepted events, clock). To that end there are two folds: the
/// *settled* one holds what no event can precede any more, the *head* is the settled one with the pending events
/// replayed up to the clock, timers between them. An event in order extends the head; one out of order makes the head
/// anew from the nearest earlier copy.
///
/// Memory: 32–80 bytes a metric and 56–80 a tag in each fold, of which there are one or two, and up to eight copies; 8 or
/// 16 bytes for each event of a window, once for all windows over the same events, at most 1,024 a window, and 257
/// buckets of 130 past that; distinct values at most 1,025 with their text; besides, for each event of the last
/// 72 h 5 min about 120 bytes and its id, their number bounded by the rate limit at ingest.
package struct TaggingState: Sendable {
  /// Nil beside a head: they are one and the same, nothing that came can be overtaken any more.
  var settled: FoldState?
  /// In order of (time, id); those before `applied` are in the head, the others are ahead of the clock.
  var pending: [PendingEvent] = []
  var seen = SeenEvents()
  /// `Slot.none` before anything came.
  var clockMilliseconds = Slot.none
  /// `.max` without one.
  var dueMilliseconds = Int64.max
  /// Of the program that the settled fold was made under; 0 before there is one.
  var fingerprint: UInt64 = 0

  /// Of all the folds.
  var history = History()

  // Derived, not stored.
  /// Whose words the folds are of; nil for a stored state that is not prepared, whose words are as stored.
  private(set) var program: TaggingProgram?
  var head: FoldState?
  var applied = 0
  /// What was stored names this program, and cannot have been written by it: the fold began anew.
  package private(set) var wasUnsound = false
  var checkpoints: [Checkpoint] = []

  /// The head as it was when `applied` pending events were in it.
  struct Checkpoint: Sendable {
    var fold: FoldState
    var applied: Int
  }

  /// A copy of the head is kept after this many events …
  private static let checkpointEvery = 16
  /// … or when this much time lies between the last copy and the head, so that one is at hand when it is settled.
  private static let checkpointSpan = TimeSpan.hours(24).milliseconds
  private static let checkpointsMax = 8
  static let settleBatch = 8
  static let settleSpan = TimeSpan.hours(72).milliseconds

  /// A subject of which nothing is known.
  package init() {}

  /// The evaluated-through instant of the subject; nil before its first record or tick.
  package var clock: Instant? { clockMilliseconds == Slot.none ? nil : Instant(milliseconds: clockMilliseconds) }

  /// Whether the state was made under definitions equal to the program's. One that does not fit begins anew at
  /// the next call with that program: backfill it instead.
  package func fits(_ program: TaggingProgram) -> Bool { fingerprint == 0 || fingerprint == program.fingerprint }

  /// The next instant at which anything can change without a record: a timer, or an event dated ahead of the clock.
  /// Nil without one. It may turn out that nothing changes there.
  package func nextDue(program: TaggingProgram) -> Instant? {
    dueMilliseconds == .max ? nil : Instant(milliseconds: dueMilliseconds)
  }

  /// Fires everything due at or before `instant`, in order, each its own evaluation, and moves the clock there. An
  /// earlier `instant` than the clock does nothing.
  ///
  /// - Returns: the instants that produced changes, ascending.
  package mutating func advance(through instant: Instant, program: TaggingProgram) -> [Firing] {
    let target = instant.milliseconds
    guard target > clockMilliseconds else { return [] }
    defer { clockMilliseconds = target }
    guard dueMilliseconds <= target else { return [] }
    prepare(program: program)
    let horizon = Self.horizon(at: target)
    merge(horizon)
    var firings: [Firing] = []
    while dueMilliseconds <= target {
      if settled != nil { noteCheckpoint() } else if dueMilliseconds >= horizon { split() }
      var journal = Journal()
      let (at, newest) = stepHead(program, &journal)
      let (tags, signals) = changes(journal.before, program, cause: newest.map { .event(id: $0) } ?? .clock, late: nil)
      if !tags.isEmpty || !signals.isEmpty { firings.append(Firing(at: at, tags: tags, signals: signals)) }
    }
    settle(program, now: target)
    return firings
  }

  /// Folds one record. The subject's clock becomes the later of itself and `event.receivedAt`; the caller has advanced
  /// through `receivedAt` before, so that what was due is fired as its own evaluation (what was not is folded into
  /// this record's changes).
  ///
  /// The first record publishes every tag and signal that is not null, with `was` null. A value differing after an
  /// event in its order has the cause `event`; one differing after an event that others stood behind, or a changed
  /// `since` alone, has the cause `correction`.
  package mutating func apply(_ event: Event, program: TaggingProgram) -> SubjectOutcome {
    let now = max(clockMilliseconds, event.receivedAt.milliseconds)
    let acceptance = seen.judge(event)
    clockMilliseconds = now
    guard acceptance == .accepted else { return SubjectOutcome(acceptance: acceptance) }
    prepare(program: program)
    let one = PendingEvent(
      time: event.time.milliseconds,
      id: event.id,
      contributions: program.contributions(of: event)
    )
    var outcome = SubjectOutcome(acceptance: .accepted)
    let (before, late) = fold(one, program, now: now)
    let cause = late ? ChangeCause.correction(id: event.id) : .event(id: event.id)
    (outcome.tags, outcome.signals) = changes(before, program, cause: cause, late: .correction(id: event.id))
    settle(program, now: now)
    return outcome
  }

  /// Tags as of the clock, in the order of the program's `tags`.
  package func tagValues(program: TaggingProgram) -> [StandingValue] {
    standing(program, 0..<program.program.tags.count)
  }

  /// Signals as of the clock, in the order of the program's `signals`.
  package func signalValues(program: TaggingProgram) -> [StandingValue] {
    standing(program, program.program.tags.count..<program.outputs.count)
  }

  /// Metrics as of the clock, in the order of the program's `metrics`.
  package func metricValues(program: TaggingProgram) -> [MetricValue] {
    read(program) { head, arena in
      program.metrics.map { plan in
        MetricValue(value: arena.unpack(head.packed(plan.at.value)), approximate: head.isApproximate(plan))
      }
    }
  }

  /// A tag's value as of `instant`, under the events now known.
  ///
  /// Exact for instants within the lateness bound and 5 min of the clock, which is as far back as events can still
  /// come; before that the value where the replay begins. O(events since) for a past instant.
  package func tagValue(_ tag: Int, at instant: Instant, program: TaggingProgram) -> Value {
    guard instant.milliseconds < clockMilliseconds else { return tagValues(program: program)[tag].value }
    var past = self
    past.prepare(program: program)
    past.replay(to: instant, program)
    guard let head = past.head else { return .null }
    return past.history.arena.unpack(head.packed(program.outputs[tag].at.value))
  }

  /// Takes back what came after `instant`, events now known included. Returns false, and does nothing, where that cannot
  /// be replayed.
  mutating func rewind(to instant: Instant, program: TaggingProgram) -> Bool {
    guard let base = settled ?? head, base.instant <= instant.milliseconds else { return false }
    replay(to: instant, program)
    pending.removeLast(pending.count - applied)
    checkpoints.removeAll { $0.applied > applied || $0.fold.instant > instant.milliseconds }
    findDue()
    return true
  }

  private mutating func replay(to instant: Instant, _ program: TaggingProgram) {
    let checkpoint = checkpoints.last { $0.fold.instant <= instant.milliseconds }
    clockMilliseconds = instant.milliseconds
    rebuild(program, from: checkpoint)
  }

  private func standing(_ program: TaggingProgram, _ range: Range<Int>) -> [StandingValue] {
    read(program) { head, arena in
      program.outputs[range].map { plan in
        let since = head.words[plan.at.since]
        return StandingValue(
          value: arena.unpack(head.packed(plan.at.value)),
          since: since == Slot.none ? nil : Instant(milliseconds: since)
        )
      }
    }
  }

  /// Reads the head, made for the purpose where it is not there.
  func read<Result>(_ program: TaggingProgram, _ body: (FoldState, ValueArena) -> Result) -> Result {
    if let head, fits(program) { return body(head, history.arena) }
    var copy = self
    copy.prepare(program: program)
    return body(copy.head ?? FoldState(program), copy.history.arena)
  }

  // MARK: Folding

  /// Makes the head, where it is not there: after reading a stored state. Called by the others as needed.
  package mutating func prepare(program: TaggingProgram) {
    if !fits(program) { forget() }
    guard head == nil else { return }
    if settled == nil || !restoreSettled(program) {
      wasUnsound = settled != nil
      forget()
      history = History(program)
      settled = FoldState(program)
    }
    fingerprint = program.fingerprint
    self.program = program
    rebuild(program, from: nil)
    merge(Self.horizon(at: clockMilliseconds))
  }

  /// Makes a fold of what was stored. Returns false where the program cannot have written it.
  private mutating func restoreSettled(_ program: TaggingProgram) -> Bool {
    guard let stored = settled, isSound(program), var fold = FoldState(stored, program, history) else { return false }
    fold.restore(program, &history)
    settled = fold
    return true
  }

  /// Begins the fold anew; ids stay known.
  private mutating func forget() {
    (settled, head, checkpoints, pending, program) = (nil, nil, [], [], nil)
    history = History()
  }

  /// Makes the head anew from a checkpoint, or from the settled fold.
  private mutating func rebuild(_ program: TaggingProgram, from checkpoint: Checkpoint?) {
    head = checkpoint?.fold ?? settled ?? head
    applied = checkpoint?.applied ?? 0
    if let head { history.truncate(to: head, program) }
    findDue()
    var unread = Journal()
    while dueMilliseconds <= clockMilliseconds { _ = stepHead(program, &unread) }
  }

  /// Applies the next instant at which anything is due to the head.
  ///
  /// - Returns: that instant, and the id of the newest event there, if there is one.
  private mutating func stepHead(_ program: TaggingProgram, _ journal: inout Journal) -> (at: Instant, newest: String?)
  {
    let instant = dueMilliseconds
    var end = applied
    while end < pending.count, pending[end].time <= instant { end += 1 }
    head?.step(at: instant, pending[applied..<end], program, &history, &journal)
    let newest = end > applied ? pending[end - 1].id : nil
    applied = end
    findDue()
    return (Instant(milliseconds: instant), newest)
  }

  private mutating func findDue() {
    dueMilliseconds = head?.nextTimer ?? .max
    if applied < pending.count { dueMilliseconds = min(dueMilliseconds, pending[applied].time) }
  }

  /// Puts an accepted event in its place and brings the head to the clock.
  ///
  /// - Returns: the outputs that may differ with what they were, and whether others stood behind the event.
  private mutating func fold(
    _ event: PendingEvent,
    _ program: TaggingProgram,
    now: Int64
  ) -> (before: [(index: Int, slot: Slot)], late: Bool) {
    guard let born = head?.born, let newest = head?.newest, let instant = head?.instant else { return ([], false) }
    // What gives nothing matters only where it comes first.
    if event.contributions.isEmpty, born != Slot.none, event.time >= born { return ([], false) }
    merge(Self.horizon(at: now))
    let late = event.precedes(newest.time, newest.id)
    if isBelated(event) {
      let former = comparison(program)
      takeBelated(event, program)
      return (former, true)
    }
    if mutated(.lateEventLost), late { return ([], true) }
    split()
    let place = insert(event)
    if event.time > now || (!late && event.time >= instant) {
      noteCheckpoint()
      findDue()
      return (catchUp(program, now: now), late)
    }
    let former = comparison(program)
    checkpoints.removeAll { !mutated(.staleCheckpoint) && ($0.applied > place || $0.fold.instant > event.time) }
    rebuild(program, from: checkpoints.last)
    return (former, late)
  }

  /// Older than what can be replayed.
  private func isBelated(_ event: PendingEvent) -> Bool {
    guard let settled = settled ?? head, settled.instant != Slot.none else { return false }
    if settled.instant != event.time { return event.time < settled.instant }
    return event.precedes(settled.newest.time, settled.newest.id)
  }

  private mutating func catchUp(_ program: TaggingProgram, now: Int64) -> [(index: Int, slot: Slot)] {
    var journal = Journal()
    while dueMilliseconds <= now { _ = stepHead(program, &journal) }
    return journal.before
  }

  /// Every output as it stands, to be compared with what it becomes.
  private func comparison(_ program: TaggingProgram) -> [(index: Int, slot: Slot)] {
    guard let head else { return [] }
    return program.outputs.enumerated().map { (index: $0.offset, slot: head.slot($0.element)) }
  }

  private mutating func insert(_ event: PendingEvent) -> Int {
    var low = 0
    var high = pending.count
    if let last = pending.last, last.precedes(event.time, event.id) { low = high }
    while low < high {
      let middle = (low + high) / 2
      if pending[middle].precedes(event.time, event.id) { low = middle + 1 } else { high = middle }
    }
    pending.insert(event, at: low)
    return low
  }

  /// An event older than what can be replayed, against the bounds of acceptance: counted from now on where it belongs,
  /// while past values of `since` stand.
  private mutating func takeBelated(_ event: PendingEvent, _ program: TaggingProgram) {
    split()
    guard let settled else { return }
    var unread = Journal()
    // The head is made anew: what only it holds must not stand behind the event.
    history.truncate(to: settled, program)
    self.settled?.step(at: settled.instant, [event], program, &history, &unread)
    checkpoints = []
    rebuild(program, from: nil)
  }

  private mutating func noteCheckpoint() {
    guard let head, head.instant != Slot.none else { return }
    let (before, count) = checkpoints.last.map { ($0.fold.instant, $0.applied) } ?? (settled?.instant ?? Slot.none, 0)
    let isFar = before == Slot.none || head.instant - before >= Self.checkpointSpan
    guard applied - count >= Self.checkpointEvery || isFar else { return }
    checkpoints.append(Checkpoint(fold: head, applied: applied))
    if checkpoints.count > Self.checkpointsMax { thinCheckpoints() }
  }

  /// Drops the copy whose loss lengthens replays least for how far back it stands, so that distances grow with age.
  private mutating func thinCheckpoints() {
    var least = (index: 0, weight: Double.infinity)
    for index in 0..<(checkpoints.count - 1) {
      let before = index == 0 ? 0 : checkpoints[index - 1].applied
      let gap = Double(checkpoints[index + 1].applied - before)
      let weight = gap / Double(applied - checkpoints[index].applied + 1)
      if weight < least.weight { least = (index, weight) }
    }
    checkpoints.remove(at: least.index)
  }
}
