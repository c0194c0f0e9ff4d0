import EventModel
import PipelinePorts
import PipelineTestSupport
import Synchronization

/// Where a process dies.
enum CrashPoint: String, CaseIterable, Sendable {
  case beforeCommit
  case afterCommit
  case midOutbox
  case afterPublication
  case afterEffect
  /// Stopped between commit and publication, and woken when others have gone on: its messages come late.
  case pausedBeforePublication
}

/// What becomes of a process's next commits.
enum CommitFate: String, CaseIterable, Sendable {
  case refused
  /// Written, the answer lost.
  case unanswered
  /// Not written, and no word about it.
  case vanished
}

/// The faults that wait for one process, and whether it is dead.
final class ProcessFaults: Sendable {
  private struct State {
    var armed: CrashPoint?
    var fates: [CommitFate] = []
    var isDead = false
    var hits: [String: Int] = [:]
    var late: [OutboundRecord] = []
    var onDeath: (@Sendable () async -> Void)?
  }

  private let state = Mutex(State())

  static let crashed = AdapterFailure(code: "CRASH", reason: "the process is gone", disposition: .fatal)

  var isDead: Bool { state.withLock { $0.isDead } }
  /// How often each fault struck.
  var hits: [String: Int] { state.withLock { $0.hits } }

  func arm(_ point: CrashPoint) { state.withLock { $0.armed = point } }
  func queue(_ fate: CommitFate) { state.withLock { $0.fates.append(fate) } }
  func die() { state.withLock { $0.isDead = true } }
  /// What ends waiting inside the process, so that death is not slept over.
  func onDeath(_ body: @escaping @Sendable () async -> Void) { state.withLock { $0.onDeath = body } }

  /// Messages that the process, woken too late, writes after all.
  func takeLate() -> [OutboundRecord] {
    state.withLock { state in
      defer { state.late = [] }
      return state.late
    }
  }

  func keepLate(_ records: [OutboundRecord]) { state.withLock { $0.late = records } }

  func nextFate() -> CommitFate? {
    state.withLock { state in
      guard !state.fates.isEmpty else { return nil }
      let fate = state.fates.removeFirst()
      state.hits[fate.rawValue, default: 0] += 1
      return fate
    }
  }

  /// Dies here if this point is armed.
  func pass(_ point: CrashPoint) async throws(AdapterFailure) {
    if await strike(point) { throw Self.crashed }
  }

  /// True when the process dies at this point.
  func strike(_ point: CrashPoint) async -> Bool {
    let body: (@Sendable () async -> Void)? = state.withLock { state in
      guard state.armed == point, !state.isDead else { return nil }
      state.isDead = true
      state.hits[point.rawValue, default: 0] += 1
      return state.onDeath ?? {}
    }
    guard let body else { return false }
    await body()
    return true
  }

  func live() throws(AdapterFailure) {
    if isDead { throw Self.crashed }
  }
}

/// One process's way to the store.
struct FaultyStore: StateStore, PlaybookStore {
  let inner: MemoryStore
  let faults: ProcessFaults

  private static let refusal = AdapterFailure(code: "TEST", reason: "refused", disposition: .retriable)
  private static let silence = AdapterFailure(
    code: "TEST",
    reason: "the answer was lost",
    disposition: .retriable,
    possiblyApplied: true
  )

  func commit(group: String, _ flushes: [PartitionFlush]) async throws(AdapterFailure) -> FlushOutcome {
    try faults.live()
    try await faults.pass(.beforeCommit)
    switch faults.nextFate() {
    case .refused: throw Self.refusal
    case .vanished: throw Self.silence
    case .unanswered:
      _ = try await inner.commit(group: group, flushes)
      throw Self.silence
    case nil: break
    }
    let outcome = try await inner.commit(group: group, flushes)
    if outcome == .committed { try await faults.pass(.afterCommit) }
    return outcome
  }

  func claim(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [Claim] {
    try faults.live()
    return try await inner.claim(group: group, partitions: partitions)
  }

  func subjects(group: String, keys: [[UInt8]]) async throws(AdapterFailure) -> [StoredSubject] {
    try faults.live()
    return try await inner.subjects(group: group, keys: keys)
  }

  func timers(group: String, partition: PartitionID) async throws(AdapterFailure) -> [(key: [UInt8], due: Instant)] {
    try faults.live()
    return try await inner.timers(group: group, partition: partition)
  }

  func fences(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [FencePosition] {
    try faults.live()
    return try await inner.fences(group: group, partitions: partitions)
  }

  func frames(
    group: String,
    partition: PartitionID,
    after position: Int64,
    framesMax: Int
  ) async throws(AdapterFailure) -> [OutboxFrame] {
    try faults.live()
    return try await inner.frames(group: group, partition: partition, after: position, framesMax: framesMax)
  }

  func published(group: String, _ progress: [PublicationProgress]) async throws(AdapterFailure) -> [PartitionID] {
    try faults.live()
    return try await inner.published(group: group, progress)
  }

  func keys(group: String, partition: PartitionID, tenant: String) async throws(AdapterFailure) -> [[UInt8]] {
    try faults.live()
    return try await inner.keys(group: group, partition: partition, tenant: tenant)
  }

  func storeEpoch() async throws(AdapterFailure) -> Int64 { try await inner.storeEpoch() }

  func playbooks() async throws(AdapterFailure) -> [StoredPlaybook] { try await inner.playbooks() }

  func playbook(tenant: String, version: Int64) async throws(AdapterFailure) -> StoredPlaybook? {
    try await inner.playbook(tenant: tenant, version: version)
  }
}

/// One process's way to the log.
struct FaultySink: EventSink {
  let log: MemoryLog
  let faults: ProcessFaults

  func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    try faults.live()
    if await faults.strike(.pausedBeforePublication) {
      faults.keepLate(records)
      throw ProcessFaults.crashed
    }
    if await faults.strike(.midOutbox) {
      for record in records.prefix(records.count / 2) { log.append(record) }
      throw ProcessFaults.crashed
    }
    let written = records.map { log.append($0) }
    try await faults.pass(.afterPublication)
    return written
  }

  func close() async {}
}
