import EventModel
import Logging
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport
import Synchronization
import Testing

extension Logger {
  static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

@Suite("The loop under faults")
struct LoopFaultTests {
  /// A log of subjects' records, ticks among them, and some that are poison.
  private func filledLog(seed: UInt64, records: Int) -> MemoryLog {
    var random = SeededGenerator(seed: seed)
    let log = MemoryLog(partitionCount: CountingRun.partitions)
    var now: Int64 = 1_000_000
    for _ in 0..<records {
      now += Int64.random(in: 0...700, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0:
        for partition in 0..<CountingRun.partitions {
          let tick = ControlRecord.tick(
            tenant: "t",
            time: Instant(milliseconds: now),
            source: CountingProcessor.input,
            ends: false
          )
          log.append(ControlMessage.record(tick, topic: CountingProcessor.input, partition: partition))
        }
      case 1:
        log.append(OutboundRecord(topic: CountingProcessor.input, key: Array("t/member/9".utf8), value: [120]))
      default:
        let key = Array("t/member/\(Int.random(in: 0..<12, using: &random))".utf8)
        log.append(OutboundRecord(topic: CountingProcessor.input, key: key, value: Array("\(now)".utf8)))
      }
    }
    return log
  }

  /// Turns until the store has folded the whole log.
  private func drain(
    _ loop: PipelineLoop<CountingProcessor>,
    _ run: CountingRun,
    turns: Int
  ) async throws -> Bool {
    for _ in 0..<turns {
      try await loop.turn()
      if await isFolded(run) { return true }
    }
    return false
  }

  private func isFolded(_ run: CountingRun) async -> Bool {
    for partition in CountingRun.allPartitions {
      let row = await run.store.row(group: "counter", partition: partition)
      guard row?.nextOffset == Int64(run.log.records(of: partition).count),
        row?.publishedThrough == row?.outboxPosition
      else { return false }
    }
    return true
  }

  private func limits(_ batch: Int, _ overlap: FlushOverlap = .none) -> LoopLimits {
    var limits = LoopLimits()
    limits.overlap = overlap
    limits.recordsPerPoll = batch
    limits.quietInterval = .zero
    limits.catchUpInterval = .zero
    limits.retryFirst = .microseconds(1)
    limits.progressInterval = .zero
    return limits
  }

  /// Folds the log in one go, without faults.
  private func reference(_ log: MemoryLog) async throws -> (states: [[UInt8]: [UInt8]], messages: [[UInt8]: [String]]) {
    let copy = MemoryLog(partitionCount: CountingRun.partitions)
    for partition in CountingRun.allPartitions {
      for record in log.records(of: partition) {
        copy.append(
          OutboundRecord(
            topic: partition.topic,
            partition: partition.partition,
            key: record.key,
            value: record.value,
            headers: record.headers
          )
        )
      }
    }
    let run = CountingRun(log: copy, store: MemoryStore())
    let source = MemorySource(copy)
    source.assign(CountingRun.allPartitions)
    let loop = run.loop(source: source, limits: limits(10_000))
    try await loop.begin()
    #expect(try await drain(loop, run, turns: 200))
    return (await run.store.states(group: "counter"), try #require(run.messages()))
  }

  @Test("whatever fails, every record is counted once and every message has its sequence", arguments: 0..<40)
  func faults(seed: Int) async throws {
    let log = filledLog(seed: UInt64(seed), records: 300)
    let expected = try await reference(log)
    let random = Mutex(SeededGenerator(seed: UInt64(seed) ^ 0xfa17))
    let store = MemoryStore {
      switch random.withLock({ Int.random(in: 0..<8, using: &$0) }) {
      case 0: .refused
      case 1: .unanswered
      default: .committed
      }
    }
    let plan: @Sendable (Int) -> MemorySink.Fate = { count in
      random.withLock { Int.random(in: 0..<6, using: &$0) } == 0
        ? .cut(after: random.withLock { Int.random(in: 0...count, using: &$0) }) : .written
    }
    let run = CountingRun(log: log, store: store)
    var processes = 0
    var isDone = false
    while !isDone && processes < 400 {
      processes += 1
      // A process lives for a few turns and is then gone as by kill -9: whatever it had not committed is lost.
      let source = MemorySource(log, recordsPerPoll: random.withLock { Int.random(in: 1...60, using: &$0) })
      source.assign(CountingRun.allPartitions)
      let loop = run.loop(source: source, plan: plan, limits: limits(60, seed.isMultiple(of: 2) ? .none : .byTurns))
      try await loop.begin()
      isDone = try await drain(loop, run, turns: random.withLock { Int.random(in: 1...6, using: &$0) })
    }
    #expect(isDone, "seed \(seed): the log was not folded")
    #expect(await store.states(group: "counter") == expected.states, "seed \(seed)")
    #expect(run.messages() == expected.messages, "seed \(seed): law 2 over \(processes) processes")
  }

  @Test("deciding beside a flush gives what deciding after it gives", arguments: 0..<10)
  func besideFlush(seed: Int) async throws {
    let log = filledLog(seed: UInt64(seed), records: 400)
    let expected = try await reference(log)
    let run = CountingRun(log: log, store: MemoryStore())
    let source = MemorySource(log, recordsPerPoll: 7)
    source.assign(CountingRun.allPartitions)
    // Free: in whatever order the two come to run.
    let loop = run.loop(source: source, limits: limits(7, .free))
    try await loop.begin()
    #expect(try await drain(loop, run, turns: 4_000), "seed \(seed)")
    #expect(await run.store.states(group: "counter") == expected.states, "seed \(seed)")
    #expect(run.messages() == expected.messages, "seed \(seed)")
  }

  @Test("two owners of the same partitions: exactly one wins each offset", arguments: 0..<20)
  func twoOwners(seed: Int) async throws {
    let log = filledLog(seed: UInt64(seed), records: 200)
    let expected = try await reference(log)
    var random = SeededGenerator(seed: UInt64(seed) ^ 0x2)
    let run = CountingRun(log: log, store: MemoryStore())
    var loops: [PipelineLoop<CountingProcessor>] = []
    var sources: [MemorySource] = []
    for _ in 0..<2 {
      let source = MemorySource(log, recordsPerPoll: 25)
      source.assign(CountingRun.allPartitions)
      let loop = run.loop(source: source, limits: limits(25, seed.isMultiple(of: 2) ? .none : .byTurns))
      try await loop.begin()
      loops.append(loop)
      sources.append(source)
    }
    // Turns in any order; now and then one is assigned the partitions anew, as if the group had given them to it.
    for _ in 0..<60 {
      let index = Int.random(in: 0..<2, using: &random)
      if Int.random(in: 0..<10, using: &random) == 0 { sources[index].assign(CountingRun.allPartitions) }
      try await loops[index].turn()
    }
    sources[0].assign(CountingRun.allPartitions)
    #expect(try await drain(loops[0], run, turns: 400), "seed \(seed)")
    #expect(await run.store.states(group: "counter") == expected.states, "seed \(seed)")
    #expect(run.messages() == expected.messages, "seed \(seed)")
    #expect(run.metrics.value(of: "hearth_fenced_total") ?? 0 > 0, "seed \(seed): no owner was ever fenced")
  }

  @Test("a poison record gives one dead letter with its place, and its neighbours go on")
  func poison() async throws {
    let log = MemoryLog(partitionCount: 1)
    let key = Array("t/member/1".utf8)
    for value in ["5", "x", "6"] {
      log.append(OutboundRecord(topic: CountingProcessor.input, partition: 0, key: key, value: Array(value.utf8)))
    }
    let run = CountingRun(log: log, store: MemoryStore())
    let source = MemorySource(log)
    source.assign([PartitionID(topic: CountingProcessor.input, partition: 0)])
    let loop = run.loop(source: source, limits: limits(10))
    try await loop.begin()
    for _ in 0..<6 { try await loop.turn() }
    let letters = log.records(ofTopic: Topic.deadLetter)
    #expect(letters.count == 1)
    let text = String(decoding: letters.first?.value ?? [], as: UTF8.self)
    #expect(text.contains(#""class":"json""#) && text.contains(#""position":1"#))
    #expect(run.messages()?[key]?.count == 2)
  }

  @Test("a tick is passed on and fires timers also where a record had moved the clock to its instant before")
  func tickAtTheClock() async throws {
    let log = MemoryLog(partitionCount: 1)
    let partition = PartitionID(topic: CountingProcessor.input, partition: 0)
    let key = Array("t/member/1".utf8)
    for (subject, instant) in [("t/member/1", "1000"), ("t/member/2", "9000")] {
      log.append(
        OutboundRecord(topic: partition.topic, partition: 0, key: Array(subject.utf8), value: Array(instant.utf8))
      )
    }
    let tick = ControlRecord.tick(
      tenant: "t",
      time: Instant(milliseconds: 9_000),
      source: CountingProcessor.input,
      ends: true
    )
    log.append(ControlMessage.record(tick, topic: partition.topic, partition: 0))
    let run = CountingRun(log: log, store: MemoryStore())
    let source = MemorySource(log)
    source.assign([partition])
    let loop = run.loop(source: source, limits: limits(10))
    try await loop.begin()
    for _ in 0..<6 { try await loop.turn() }
    #expect(run.messages()?[key]?.count == 2, "the count, and the silence that the tick tells of")
    let passed = log.records(ofTopic: CountingProcessor.output).compactMap { record -> ControlRecord? in
      if case .success(let control)? = ControlMessage.decode(record) { control } else { nil }
    }
    #expect(passed == [tick])
  }

  @Test("a new owner fires the timers that a tick behind the clock lets fall due")
  func tickBehindTheClock() async throws {
    let log = MemoryLog(partitionCount: 1)
    let partition = PartitionID(topic: CountingProcessor.input, partition: 0)
    let run = CountingRun(log: log, store: MemoryStore())
    func append(_ subject: String, _ instant: String) {
      log.append(
        OutboundRecord(topic: partition.topic, partition: 0, key: Array(subject.utf8), value: Array(instant.utf8))
      )
    }
    func own(turns: Int) async throws {
      // One record at a time: the record that moved the clock is not in the tick's batch.
      let source = MemorySource(log, recordsPerPoll: 1)
      source.assign([partition])
      let loop = run.loop(source: source, limits: limits(10))
      try await loop.begin()
      for _ in 0..<turns { try await loop.turn() }
    }
    append("t/member/1", "7200")
    try await own(turns: 6)
    // The new owner does not have member 1 in memory, whose timer is due at 8200: after the tick less its grace, but
    // not after the clock less its grace.
    append("t/member/2", "9000")
    let tick = ControlRecord.tick(
      tenant: "t",
      time: Instant(milliseconds: 8_000),
      source: CountingProcessor.input,
      ends: false
    )
    log.append(ControlMessage.record(tick, topic: partition.topic, partition: 0))
    try await own(turns: 6)
    #expect(
      run.messages()?[Array("t/member/1".utf8)] == ["1 count 1 at 7200 by 0", "2 silent since 8200 at 9000 by 2"]
    )
  }

  @Test("a record of a re-produced log that was folded in an earlier epoch is passed over")
  func reproduced() async throws {
    let log = MemoryLog(partitionCount: 1)
    let partition = PartitionID(topic: CountingProcessor.input, partition: 0)
    let key = Array("t/member/1".utf8)
    for origin in ["1:4", "1:9,2:1", "1:12"] {
      log.append(
        OutboundRecord(
          topic: partition.topic,
          partition: 0,
          key: key,
          value: Array("7".utf8),
          headers: [LogHeader(name: ReproducedOrigin.header, value: Array(origin.utf8))]
        )
      )
    }
    let store = ReopenedStore(foldedEpochs: [1: 10, 2: 0])
    let source = MemorySource(log)
    source.assign([partition])
    let loop = PipelineLoop(
      processor: CountingProcessor(),
      source: source,
      store: store,
      playbooks: store.inner,
      makeSink: { () throws(AdapterFailure) in MemorySink(log) },
      limits: limits(10),
      health: Health(needs: []),
      metrics: MetricsRegistry(),
      logger: .silent
    )
    try await loop.begin()
    for _ in 0..<6 { try await loop.turn() }
    #expect(CountingRun(log: log, store: store.inner).messages()?[key]?.count == 1)
    #expect(await store.inner.row(group: "counter", partition: partition)?.nextOffset == 3)
  }
}

/// A memory store whose claims say what earlier log epochs were folded through.
struct ReopenedStore: StateStore {
  let inner = MemoryStore()
  let foldedEpochs: [Int64: Int64]

  init(foldedEpochs: [Int64: Int64]) { self.foldedEpochs = foldedEpochs }

  func claim(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [Claim] {
    try await inner.claim(group: group, partitions: partitions).map { claim in
      var claim = claim
      claim.foldedEpochs = foldedEpochs
      return claim
    }
  }

  func subjects(group: String, keys: [[UInt8]]) async throws(AdapterFailure) -> [StoredSubject] {
    try await inner.subjects(group: group, keys: keys)
  }

  func timers(group: String, partition: PartitionID) async throws(AdapterFailure) -> [(key: [UInt8], due: Instant)] {
    try await inner.timers(group: group, partition: partition)
  }

  func keys(group: String, partition: PartitionID, tenant: String) async throws(AdapterFailure) -> [[UInt8]] {
    try await inner.keys(group: group, partition: partition, tenant: tenant)
  }

  func commit(group: String, _ flushes: [PartitionFlush]) async throws(AdapterFailure) -> FlushOutcome {
    try await inner.commit(group: group, flushes)
  }

  func fences(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [FencePosition] {
    try await inner.fences(group: group, partitions: partitions)
  }

  func frames(
    group: String,
    partition: PartitionID,
    after position: Int64,
    framesMax: Int
  ) async throws(AdapterFailure) -> [OutboxFrame] {
    try await inner.frames(group: group, partition: partition, after: position, framesMax: framesMax)
  }

  func published(group: String, _ progress: [PublicationProgress]) async throws(AdapterFailure) -> [PartitionID] {
    try await inner.published(group: group, progress)
  }

  func storeEpoch() async throws(AdapterFailure) -> Int64 { 1 }
}
