import KafkaClient
import PipelinePorts
import Synchronization
import Testing

/// A store in memory with the real one's fence: a claim raises the owner's epoch, and only its holder may commit.
private final class FencedStore: Sendable {
  struct Row {
    var owner: Int64 = 0
    var next: Int64 = 0
  }

  struct State {
    var rows: [PartitionID: Row] = [:]
    var applied: [WrittenPosition: Int] = [:]
    var fencedCount = 0
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  func claim(_ partitions: [PartitionID]) -> [PartitionID: Row] {
    state.withLock { state in
      for partition in partitions { state.rows[partition, default: Row()].owner += 1 }
      return state.rows.filter { partitions.contains($0.key) }
    }
  }

  /// False, and nothing applied, when another has claimed the partition since.
  func commit(_ partition: PartitionID, owner: Int64, offsets: [Int64]) -> Bool {
    let (isHeld, ready) = state.withLock { state in
      guard let row = state.rows[partition], row.owner == owner else {
        state.fencedCount += 1
        return (false, [CheckedContinuation<Void, Never>]())
      }
      for offset in offsets { state.applied[WrittenPosition(partition: partition, offset: offset), default: 0] += 1 }
      state.rows[partition]?.next = (offsets.last ?? row.next - 1) + 1
      let ready = state.waiters.filter { $0.count <= state.applied.count }.map(\.continuation)
      let applied = state.applied.count
      state.waiters.removeAll { $0.count <= applied }
      return (true, ready)
    }
    for continuation in ready { continuation.resume() }
    return isHeld
  }

  /// Waits until so many records are applied.
  func applied(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if state.applied.count >= count { return true }
        state.waiters.append((count, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  var snapshot: State { state.withLock { $0 } }
}

/// A service's loop over one source until it is cancelled.
private struct Worker: Sendable {
  let source: KafkaEventSource
  let store: FencedStore
  let log: Mutex2<[String]> = Mutex2([])

  func run() async throws {
    var owners: [PartitionID: Int64] = [:]
    while !Task.isCancelled {
      switch await source.poll(timeout: .seconds(30), recordsMax: 100) {
      case .assigned(let partitions)?:
        let rows = store.claim(partitions)
        for (partition, row) in rows { owners[partition] = row.owner }
        log.with { $0.append("assigned \(partitions.count)") }
        try await source.start(at: rows.mapValues(\.next))
      case .revoked(let partitions)?:
        for partition in partitions { owners[partition] = nil }
        log.with { $0.append("revoked \(partitions.count)") }
      case .records(let records)?:
        for (partition, group) in Dictionary(grouping: records, by: \.partition) {
          guard let owner = owners[partition] else {
            log.with { $0.append("a record of a revoked partition") }
            continue
          }
          if !store.commit(partition, owner: owner, offsets: group.map(\.offset)) { owners[partition] = nil }
        }
      case .outOfRange?: log.with { $0.append("out of range") }
      case .failure?, nil: continue
      }
    }
  }
}

/// A lock that can stand in a struct.
final class Mutex2<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>
  init(_ value: Value) { mutex = Mutex(value) }
  func with<R: Sendable>(_ body: (inout Value) -> R) -> R { mutex.withLock { body(&$0) } }
}

@Suite("Rebalances")
struct RebalanceTests {
  @Test(
    "two members share, take over and hand over, and every record is applied exactly once",
    arguments: TestBroker.available
  )
  func handOver(_ broker: TestBroker) async throws {
    let topics = [try await broker.makeTopic(partitions: 4), try await broker.makeTopic(partitions: 4)]
    let sink = try broker.makeSink()
    let store = FencedStore()
    let first = Worker(source: try broker.makeSource(topics, group: topics[0]), store: store)
    let firstTask = Task { try await first.run() }

    var written = try await writeRound(sink, topics, 0)
    await store.applied(written)
    let second = Worker(source: try broker.makeSource(topics, group: topics[0]), store: store)
    let secondTask = Task { try await second.run() }
    // Records keep coming through the whole rebalance, which is over once the second has applied some.
    while second.log.with({ $0.isEmpty }) { written += try await writeRound(sink, topics, written) }
    written += try await writeRound(sink, topics, written)
    await store.applied(written)

    await first.source.close()
    firstTask.cancel()
    try await firstTask.value
    written += try await writeRound(sink, topics, written)
    await store.applied(written)
    secondTask.cancel()
    try await secondTask.value
    await second.source.close()
    await sink.close()

    let end = store.snapshot
    #expect(end.applied.count == written)
    #expect(end.applied.values.allSatisfy { $0 == 1 }, "each record once")
    #expect(end.fencedCount == 0, "a revocation waits for the owner's commit")
    // The embedded broker may rebalance more often than is needed; each round must be whole.
    let (firstLog, secondLog) = (first.log.with { $0 }, second.log.with { $0 })
    #expect(firstLog.prefix(3) == ["assigned 8", "revoked 8", "assigned 4"])
    #expect(secondLog.first == "assigned 4")
    #expect(secondLog.filter { $0.hasPrefix("assigned") }.last == "assigned 8")
    for log in [firstLog, secondLog] {
      #expect(log.allSatisfy { $0.hasPrefix("assigned") || $0.hasPrefix("revoked") }, "\(log)")
    }
  }

  private func writeRound(_ sink: KafkaEventSink, _ topics: [String], _ salt: Int) async throws -> Int {
    let records = topics.flatMap { topic in
      (0..<40).map { OutboundRecord(topic: topic, key: bytes("brew/member/\(salt + $0)"), value: bytes("v")) }
    }
    return try await sink.write(records).count
  }

  @Test(
    "an owner that never comes back cannot hold its partitions, and finds no stale assignment",
    arguments: TestBroker.available
  )
  func stuckOwner(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 2)
    let sink = try broker.makeSink()
    let all = (0..<2).map { PartitionID(topic: topic, partition: $0) }
    for id in all { try await sink.write(10.records(of: id)) }

    var settings = KafkaConsumerSettings.embedded(group: topic, topics: [topic])
    settings.releaseGrace = .milliseconds(100)
    let stuck = try KafkaEventSource(broker.connection("stuck"), settings)
    #expect(try await stuck.nextAssignment() == all)
    try await stuck.start(at: [all[0]: 0, all[1]: 0])
    // From here on the owner is away; records wait for it, then the revocation.
    let other = try broker.makeSource([topic], group: topic)
    let gained = try await other.nextAssignment()
    #expect(gained.count == 1)

    var told: [String] = []
    while told.count < 2 {
      switch try await stuck.next("the hand-over") {
      case .revoked(let partitions): told.append("revoked \(partitions.count)")
      case .assigned(let partitions): told.append("assigned \(partitions.count)")
      case .records: told.append("records of before")
      default: Issue.record("unexpected happening")
      }
    }
    #expect(told == ["revoked 2", "assigned 1"])
    // Offsets that answer the first assignment start nothing that is another's now.
    try await stuck.start(at: [gained[0]: 0])
    let kept = try #require(all.first { $0 != gained[0] })
    try await stuck.start(at: [kept: 7])
    #expect(try await stuck.nextRecords(3).map(\.offset) == [7, 8, 9])
    await stuck.close()
    await other.close()
    await sink.close()
  }
}
