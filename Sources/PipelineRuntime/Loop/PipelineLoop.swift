import EventModel
import Logging
import PipelinePorts

/// The one loop of every consuming service: fetch → decide → one transaction (fence, state, outbox) → publish the
/// outbox in order → hint the offset (RELIABILITY "The design that gives it").
///
/// PostgreSQL decides: a flush holds only where this process still owns the partition (`owner_epoch`) and no other
/// flush came between (`flush_no`). Whatever fails, the records since the last commit are read again and, since
/// deciding is a function of the log, decided alike.
package actor PipelineLoop<Processor: SubjectProcessor> {
  let processor: Processor
  let source: any EventSource
  let store: any StateStore
  let publisher: FramePublisher
  let programs: ProgramCache<Processor>
  let limits: LoopLimits
  let health: Health
  let metrics: MetricsRegistry
  let logger: Logger
  let probe: CrashProbe
  let perform: (@Sendable (Processor.Effect) async -> Processor.EffectResult)?

  var lanes: [LaneID: Lane<Processor>] = [:]
  var lost: [PartitionID: ContinuousClock.Instant] = [:]
  var unrecorded: [PartitionID: PublicationProgress] = [:]
  /// The flush being committed and published while the loop goes on deciding; nil without one.
  var underWay: FlushUnderWay<LaneID>?
  var lastFlush = ContinuousClock.now
  var lastFlushTook = Duration.zero
  var lastFullPoll: ContinuousClock.Instant?
  /// The last poll brought nothing.
  var isStarved = false
  var lastProgress = ContinuousClock.now
  var storeEpoch: Int64 = 0
  var stopping = false

  struct LaneID: Hashable, Comparable {
    var family: Int
    var number: Int32

    static func < (left: LaneID, right: LaneID) -> Bool {
      (left.family, left.number) < (right.family, right.number)
    }
  }

  package init(
    processor: Processor,
    source: any EventSource,
    store: any StateStore,
    playbooks: any PlaybookStore,
    makeSink: @escaping @Sendable () async throws(AdapterFailure) -> any EventSink,
    limits: LoopLimits = LoopLimits(),
    health: Health,
    metrics: MetricsRegistry,
    logger: Logger,
    probe: CrashProbe = .none,
    perform: (@Sendable (Processor.Effect) async -> Processor.EffectResult)? = nil
  ) {
    self.processor = processor
    self.source = source
    self.store = store
    self.programs = ProgramCache(processor: processor, store: playbooks)
    self.publisher = FramePublisher(
      makeSink: makeSink,
      metrics: metrics,
      health: health,
      logger: logger,
      retryFirst: limits.retryFirst
    )
    self.limits = limits
    self.health = health
    self.metrics = metrics
    self.logger = logger
    self.probe = probe
    self.perform = perform
  }

  /// Asks the loop to finish what it holds, flush, publish and leave.
  package func stop() async {
    stopping = true
    await publisher.stop()
  }

  /// Turns until `stop`; throws only what is fatal.
  package func run() async throws(AdapterFailure) {
    try await begin()
    while !stopping && !Task.isCancelled {
      health.turned()
      try await turn()
    }
    try await flush(final: true)
    try await recordProgress(force: true)
    await source.close()
    await publisher.close()
  }

  /// What comes before the first turn.
  package func begin() async throws(AdapterFailure) {
    storeEpoch = try await retrying("store epoch") { [store] () throws(AdapterFailure) in try await store.storeEpoch() }
  }

  /// One poll and what follows from it.
  package func turn() async throws(AdapterFailure) {
    if let underWay, underWay.isDone { try await finishFlush() }
    let happening = await source.poll(timeout: waitTime(), recordsMax: limits.recordsPerPoll)
    isStarved = happening == nil
    switch happening {
    case .records(let records):
      if records.count >= limits.recordsPerPoll / 2 { lastFullPoll = .now }
      health.set("broker", true)
      try await process(records)
    case .assigned(let partitions): try await assigned(partitions)
    case .revoked(let partitions):
      try await finishFlush()
      revoked(partitions)
    case .outOfRange(let partition, let position, let low):
      try await finishFlush()
      outOfRange(partition, position, low)
    case .failure(let failure): try sourceFailed(failure)
    case nil: break
    }
    if overlap == .byTurns { try await finishFlush() }
    if isFlushDue() { try await flush(final: false) }
    // While a flush is under way its transaction holds the rows; it notes progress itself at its end.
    if underWay == nil { try await recordProgress(force: false) }
    try await reclaim()
  }

  private func waitTime() -> Duration {
    // What is under way ends unasked: then the next flush may be due at once.
    if underWay != nil { return min(limits.pollTimeout, limits.quietInterval) }
    guard lanes.values.contains(where: { $0.hasMoved }) else { return limits.pollTimeout }
    let left = flushInterval() - (ContinuousClock.now - lastFlush)
    return min(limits.pollTimeout, limits.quietInterval, max(left, .milliseconds(1)))
  }

  private func isFlushDue() -> Bool {
    var isMoved = false
    var dirty = 0
    var outputs = 0
    var bytes = 0
    for lane in lanes.values where lane.hasMoved {
      isMoved = true
      dirty += lane.dirty.count
      outputs += lane.context.outputs.count
      bytes = max(bytes, lane.bytesDecided)
    }
    guard isMoved else { return false }
    if dirty >= limits.dirtySubjectsMax || outputs >= limits.outputsMax { return true }
    if let underWay, !underWay.isDone { return false }
    if bytes >= limits.laneBytesMax { return true }
    return ContinuousClock.now - lastFlush >= flushInterval()
  }

  private func flushInterval() -> Duration {
    // The log is being caught up as long as polls come back full now and then. Where there is nothing to be read, more
    // will not come to share the flush: whoever writes may be waiting for it (`PacedSink`).
    if !isStarved {
      if let full = lastFullPoll, .now - full < limits.replayInterval { return limits.catchUpInterval }
      guard lanes.values.contains(where: \.holdsLive) else { return min(limits.replayInterval, limits.catchUpInterval) }
    }
    let spaced = min(lastFlushTook * limits.flushSpacing, limits.liveInterval, limits.catchUpInterval)
    return max(limits.quietInterval, spaced)
  }

  // MARK: Records

  private func process(_ records: [LogRecord]) async throws(AdapterFailure) {
    var batches: [LaneID: [LogRecord]] = [:]
    for record in records {
      guard let id = laneID(of: record.partition), let lane = lanes[id] else { continue }
      if lane.isFolded(record) {
        lanes[id]?.advanceOffsetIfNext(past: record)
      } else {
        batches[id, default: []].append(record)
      }
    }
    metrics.add(Double(records.count), to: "hearth_records_consumed_total", help: "Records read from the log.")
    for id in batches.keys.sorted() {
      var rest = (batches[id] ?? [])[...]
      while !rest.isEmpty { try await process(nextBatch(of: &rest, in: id), in: id) }
    }
  }

  /// Decodes records up to and with the next activation, since it changes what later records mean.
  private func nextBatch(
    of rest: inout ArraySlice<LogRecord>,
    in id: LaneID
  ) async throws(AdapterFailure) -> [RoutedRecord<Processor.Input>] {
    guard let lane = lanes[id] else {
      rest = []
      return []
    }
    let active = programs.active(in: lane.book)
    var batch: [RoutedRecord<Processor.Input>] = []
    while let record = rest.popFirst() {
      let routing = processor.route(record, programs: active)
      batch.append(RoutedRecord(record: record, routing: routing))
      if case .control(.activate(let tenant, let version)) = routing {
        try await loadProgram(tenant: tenant, version: version)
        if !mutated(.activationLate) { break }
      }
    }
    return batch
  }

  private func process(_ batch: [RoutedRecord<Processor.Input>], in id: LaneID) async throws(AdapterFailure) {
    guard let lane = lanes[id] else { return }
    let needed = lane.keysNeeded(for: batch, processor: processor, programs: programs.active(in: lane.book))
    try await load(needed, into: id)
    // Lost meanwhile: what was looked up is no longer what counts.
    guard lanes[id] === lane else { return }
    var start = 0
    while start < batch.count {
      let (next, visit) = decide(batch, from: start, in: id)
      start = next
      if case .everySubject(let tenant, _, _) = visit { try await visitAll(of: tenant, why: visit, in: id) }
    }
  }

  /// Decides records until one asks for a visit; returns where to go on.
  private func decide(
    _ batch: [RoutedRecord<Processor.Input>],
    from start: Int,
    in id: LaneID
  ) -> (next: Int, visit: Visit) {
    guard let lane = lanes[id] else { return (batch.count, .none) }
    let active = programs.active(in: lane.book)
    for index in start..<batch.count {
      let visit = lane.process(batch[index], processor: processor, programs: active)
      if visit != .none { return (index + 1, visit) }
    }
    return (batch.count, .none)
  }

  private func visitAll(of tenant: String, why: Visit, in id: LaneID) async throws(AdapterFailure) {
    guard let home = lanes[id]?.home else { return }
    let group = processor.group
    var keys = Set(
      try await retrying("subject keys") { [store] () throws(AdapterFailure) in
        try await store.keys(group: group, partition: home, tenant: tenant)
      }
    )
    let prefix = Array("\(tenant)/".utf8)
    for key in lanes[id]?.subjects.keys.filter({ $0.starts(with: prefix) }) ?? [] { keys.insert(key) }
    try await load(keys, into: id)
    guard let lane = lanes[id] else { return }
    let active = programs.active(in: lane.book)
    for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      lane.visit(key, why: why, processor: processor, programs: active)
    }
    processor.visited(why, program: active[tenant], in: &lane.context)
  }

  func load(_ keys: Set<[UInt8]>, into id: LaneID) async throws(AdapterFailure) {
    let missing = keys.filter { lanes[id]?.subjects[$0] == nil }
    guard !missing.isEmpty else { return }
    let group = processor.group
    let wanted = Array(missing)
    let stored = try await retrying("subjects") { [store] () throws(AdapterFailure) in
      try await store.subjects(group: group, keys: wanted)
    }
    for row in stored {
      lanes[id]?.subjects[row.key] = .init(state: try processor.decodeState(row.state))
    }
    for key in missing where lanes[id]?.subjects[key] == nil {
      lanes[id]?.subjects[key] = .init(state: processor.initialState(of: key))
    }
  }

  func loadProgram(tenant: String, version: Int64) async throws(AdapterFailure) {
    let programs = programs
    try await retrying("playbook") { () throws(AdapterFailure) in
      try await programs.load(tenant: tenant, version: version)
    }
  }

  func laneID(of partition: PartitionID) -> LaneID? {
    guard let family = processor.families.firstIndex(where: { $0.topics.contains(partition.topic) }) else { return nil }
    return LaneID(family: family, number: partition.partition)
  }

  // MARK: Trouble

  private func outOfRange(_ partition: PartitionID, _ position: Int64, _ low: Int64) {
    metrics.add(
      to: "hearth_log_lost_total",
      help: "Partitions stopped because the log no longer holds their next record.",
      labels: [.init("topic", partition.topic)]
    )
    logger.error(
      "the log no longer holds the next record; this partition stands still",
      metadata: [
        "topic": "\(partition.topic)", "partition": "\(partition.partition)", "position": "\(position)",
        "low": "\(low)",
      ]
    )
    if let id = laneID(of: partition) { lanes[id] = nil }
  }

  private func sourceFailed(_ failure: AdapterFailure) throws(AdapterFailure) {
    if failure.disposition == .fatal { throw failure }
    health.set("broker", false)
    logger.warning("the broker does not answer", metadata: ["code": "\(failure.code)"])
  }

  /// Tries until it succeeds or fails for good; the source goes on polling meanwhile.
  func retrying<T: Sendable>(
    _ what: StaticString,
    _ body: @Sendable () async throws(AdapterFailure) -> T
  ) async throws(AdapterFailure) -> T {
    var wait = limits.retryFirst
    while true {
      do {
        let result = try await body()
        health.set("store", true)
        return result
      } catch {
        guard error.disposition == .retriable, !Task.isCancelled else { throw error }
        // Nothing is lost by leaving now: what is not committed is read again, what is not published is sent again.
        if stopping { throw stopped }
        health.set("store", false)
        health.turned()
        logger.warning("the store does not answer", metadata: ["what": "\(what)", "code": "\(error.code)"])
        do { try await Task.sleep(for: wait) } catch { throw stopped }
        wait = min(wait * 2, limits.retryLast)
      }
    }
  }

  var stopped: AdapterFailure {
    AdapterFailure(code: "STOPPED", reason: "the loop was stopped while it waited", disposition: .fatal)
  }
}

extension Lane {
  /// A record folded earlier moves the offset on, so that the re-produced log is not read again and again.
  func advanceOffsetIfNext(past record: LogRecord) {
    guard let claim = claims[record.partition], record.offset >= claim.nextOffset else { return }
    advanceOffset(past: record)
  }
}
