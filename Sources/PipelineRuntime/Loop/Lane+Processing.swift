import EventModel
import PipelinePorts

/// A record with what the processor made of it. A class: it is handed on several times, and a copy would copy every text
/// of the event.
final class RoutedRecord<Input: Sendable> {
  let record: LogRecord
  let routing: Routing<Input>
  /// The record's subject, once it was looked up in the lane that the record is of.
  fileprivate var subject: AnyObject?

  init(record: LogRecord, routing: Routing<Input>) {
    self.record = record
    self.routing = routing
  }
}

extension Lane {
  /// Subjects that must be in memory before `records` can be processed.
  func keysNeeded(
    for records: [RoutedRecord<Processor.Input>],
    processor: Processor,
    programs: [String: Processor.Program]
  ) -> Set<[UInt8]> {
    var needed: Set<[UInt8]> = []
    var hasTick = false
    for routed in records {
      switch routed.routing {
      case .subject(let key, _, _, _):
        routed.subject = subjects[key]
        if routed.subject == nil { needed.insert(key) }
      case .control(.tick): hasTick = true
      default: break
      }
    }
    guard hasTick else { return needed }
    var latest: [String: Instant] = [:]
    for routed in records {
      switch routed.routing {
      case .subject(let key, let receivedAt?, _, _): latest.raise(tenantName(of: key), to: receivedAt)
      case .control(.tick(let named, let time, _, _)): latest.raise(named, to: time)
      default: break
      }
    }
    // A tick fires what is due by the tenant's clock, which records may have moved past the tick's own instant.
    for (named, readings) in book.clocks.readings {
      if !mutated(.dueSubjectsNotRead), let reading = readings.entries.map(\.instant).max() {
        latest.raise(named, to: reading)
      }
    }
    for (tenant, queue) in timers {
      let isLive = isLive(tenant, programs: programs, processor: processor)
      let clocks = [latest[tenant], isLive ? latest[LaneClocks.everyLive] : nil]
      guard let clock = clocks.compactMap({ $0 }).max() else { continue }
      for key in queue.keysDue(through: clock - AcceptanceLimits.timerGrace) where subjects[key] == nil {
        needed.insert(key)
      }
    }
    return needed
  }

  /// Decides one record. Returns a visit of all subjects the record asks for.
  func process(
    _ routed: RoutedRecord<Processor.Input>,
    processor: Processor,
    programs: [String: Processor.Program]
  ) -> Visit {
    let record = routed.record
    context.position = WrittenPosition(partition: record.partition, offset: record.offset)
    bytesDecided += record.key.count + (record.value?.count ?? 0)
    defer { advanceOffset(past: record) }
    switch routed.routing {
    case .skip: return .none
    case .poison(let reason):
      emitDeadLetter(record, reason)
      holdsLive = true
      return .none
    case .subject(let key, let receivedAt, let source, let input):
      guard let subject = routed.subject.map({ unsafeDowncast($0, to: Subject.self) }) ?? subjects[key] else {
        // To go on would lose the record; to end means it is read again.
        preconditionFailure("a record's subject was not read before it is decided")
      }
      apply(
        input,
        to: subject,
        key: key,
        receivedAt: receivedAt,
        source: source,
        processor: processor,
        programs: programs
      )
      return .none
    case .control(.tick(let tenant, let time, let origin, let ends)):
      let source = ClockSource(topic: record.partition.topic, origin: origin)
      return tick(tenant, time, source, ends: ends, processor: processor, programs: programs)
    case .control(.activate(let tenant, let version)):
      book.playbookVersions[tenant] = max(version, book.playbookVersions[tenant] ?? 0)
      atHand = nil
      processor.passOn(.activate(tenant: tenant, version: version), in: &context)
      return .none
    case .control(let control):
      let tenant = control.tenant
      let program = enter(tenant, programs: programs, processor: processor)
      return processor.control(control, program: program, in: &context)
    }
  }

  /// Sets the context to the tenant's clock and playbook.
  ///
  /// - Returns: the tenant's playbook in force here.
  @discardableResult
  private func enter(
    _ tenant: String,
    programs: [String: Processor.Program],
    processor: Processor
  ) -> Processor.Program? {
    if atHand?.tenant != tenant {
      atHand = TenantAtHand(
        tenant: tenant,
        program: programs[tenant],
        isLive: isLive(tenant, programs: programs, processor: processor),
        playbookVersion: book.playbookVersions[tenant] ?? 0
      )
    }
    guard let atHand else { return nil }
    context.playbookVersion = atHand.playbookVersion
    if atHand.isLive { holdsLive = true }
    if let time = book.clocks.time(of: tenant, isLive: atHand.isLive, sources: family.clocks) { context.clock = time }
    return atHand.program
  }

  /// Whether the ticks to all live tenants move this one's clock; a tenant without a playbook is taken for live.
  private func isLive(_ tenant: String, programs: [String: Processor.Program], processor: Processor) -> Bool {
    programs[tenant].map(processor.isLive) ?? true
  }

  private func time(
    of tenant: String,
    processor: Processor,
    programs: [String: Processor.Program]
  ) -> Instant? {
    let isLive = isLive(tenant, programs: programs, processor: processor)
    return book.clocks.time(of: tenant, isLive: isLive, sources: family.clocks)
  }

  private func apply(
    _ input: Processor.Input,
    to subject: Subject,
    key: [UInt8],
    receivedAt: Instant?,
    source: ClockSource,
    processor: Processor,
    programs: [String: Processor.Program]
  ) {
    let tenant = tenantName(of: key)
    if let receivedAt { book.clocks.observe(receivedAt, tenant: tenant, source: source) }
    let program = enter(tenant, programs: programs, processor: processor)
    let wasDirty = subject.isDirty
    // In a lane of several clocks a record's own arrival says nothing of the others: there only ticks fire timers.
    let firesThrough = family.clocks.count == 1 ? receivedAt : nil
    let due = processor.decide(
      input,
      of: &subject.state,
      firingThrough: firesThrough,
      program: program,
      in: &context
    )
    subject.isDirty = true
    if !wasDirty { dirty.append(key) }
    timers[tenant, default: TimerQueue()].set(key, due: due)
  }

  private func tick(
    _ named: String,
    _ time: Instant,
    _ source: ClockSource,
    ends: Bool,
    processor: Processor,
    programs: [String: Processor.Program]
  ) -> Visit {
    let before = book.clocks.time(of: named, isLive: false, sources: family.clocks)
    book.clocks.observe(time, tenant: named, source: source)
    let after = book.clocks.time(of: named, isLive: false, sources: family.clocks)
    hasMoved = true
    var visit = Visit.none
    for tenant in tenants(movedBy: named, processor: processor, programs: programs) {
      let asked = pass(tenant, ends: ends, processor: processor, programs: programs)
      if asked != .none { visit = asked }
    }
    // A record decided at the tick's own instant stands before it and has moved the clock there already: the tick is
    // passed on all the same, or readers downstream would wait for the next one, which an ended import does not send.
    if let after, (after == time && !mutated(.tickSwallowed)) || before.map({ $0 < after }) ?? true {
      let origin = family.clocks.count == 1 ? source.origin : family.clocks[0].origin
      processor.passOn(.tick(tenant: named, time: after, source: origin, ends: ends), in: &context)
    }
    return visit
  }

  private func tenants(
    movedBy named: String,
    processor: Processor,
    programs: [String: Processor.Program]
  ) -> [String] {
    guard named == LaneClocks.everyLive else { return [named] }
    return Set(timers.keys).union(programs.keys).union(book.clocks.tenants)
      .filter { isLive($0, programs: programs, processor: processor) }.sorted()
  }

  /// Fires what is due by the tenant's clock.
  private func pass(
    _ tenant: String,
    ends: Bool,
    processor: Processor,
    programs: [String: Processor.Program]
  ) -> Visit {
    guard let clock = time(of: tenant, processor: processor, programs: programs) else { return .none }
    let program = enter(tenant, programs: programs, processor: processor)
    let through = mutated(.graceForgotten) ? clock : clock - AcceptanceLimits.timerGrace
    // Timers are set anew after the sweep: a subject that stays due (its effect is under way) is asked once a tick.
    var fired: [[UInt8]] = []
    var absent: [[UInt8]] = []
    while let key = timers[tenant]?.popDue(through: through) {
      guard let subject = subjects[key] else {
        // Never lost: `keysNeeded` reads every subject that can fall due; one that is not there waits for the next tick.
        absent.append(key)
        continue
      }
      let wasDirty = subject.isDirty
      processor.advance(&subject.state, through: through, program: program, in: &context)
      subject.isDirty = true
      if !wasDirty { dirty.append(key) }
      fired.append(key)
    }
    for key in fired {
      if let state = subjects[key]?.state { timers[tenant]?.set(key, due: processor.due(state, program: program)) }
    }
    for key in absent { timers[tenant]?.set(key, due: through) }
    let previous = passed[tenant]
    passed[tenant] = max(through, previous ?? through)
    let tick = Tick(tenant: tenant, through: through, previous: previous, ends: ends)
    return processor.clockPassed(tick, program: program, in: &context)
  }

  /// One subject of a visit; the subject is in memory.
  func visit(
    _ key: [UInt8],
    why: Visit,
    processor: Processor,
    programs: [String: Processor.Program]
  ) {
    guard let subject = subjects[key] else { return }
    let tenant = tenantName(of: key)
    let program = enter(tenant, programs: programs, processor: processor)
    guard processor.visit(&subject.state, why: why, program: program, in: &context) else { return }
    if !subject.isDirty { dirty.append(key) }
    subject.isDirty = true
    timers[tenant, default: TimerQueue()].set(key, due: processor.due(subject.state, program: program))
  }

  /// The result of an effect; the subject is in memory unless the lane was lost meanwhile.
  func complete(
    _ request: RequestedEffect<Processor.Effect>,
    with result: Processor.EffectResult,
    processor: Processor,
    programs: [String: Processor.Program]
  ) {
    context.inFlight.remove(request.id)
    guard let subject = subjects[request.subject] else { return }
    let tenant = tenantName(of: request.subject)
    let program = enter(tenant, programs: programs, processor: processor)
    let wasDirty = subject.isDirty
    processor.completed(result, of: &subject.state, program: program, in: &context)
    subject.isDirty = true
    hasMoved = true
    if !wasDirty { dirty.append(request.subject) }
    timers[tenant, default: TimerQueue()].set(
      request.subject,
      due: processor.due(subject.state, program: program)
    )
  }

  /// Poison input: one dead letter with its place and reason; the id is derived from the place, so that a repeat is
  /// recognisable.
  private func emitDeadLetter(_ record: LogRecord, _ reason: DeadLetterReason) {
    context.emit(DeadLetterRecord.make(of: record, reason: reason))
    context.count(
      "hearth_dead_letters_total",
      help: "Records that could not be used.",
      labels: [.init("class", reason.category)]
    )
  }
}

extension [String: Instant] {
  fileprivate mutating func raise(_ key: String, to instant: Instant) {
    if self[key].map({ $0 < instant }) ?? true { self[key] = instant }
  }
}

extension ControlRecord {
  /// The tenant the record names.
  package var tenant: String {
    switch self {
    case .tick(let tenant, _, _, _), .activate(let tenant, _), .population(let tenant, _, _, _, _): tenant
    }
  }
}
