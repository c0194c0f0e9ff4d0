import EventModel
import PipelinePorts

/// A store in memory with the fences of the real one; `fate` says what becomes of each commit.
package actor MemoryStore: StateStore, PlaybookStore {
  package enum Fate: Sendable {
    case committed
    /// Fails before anything was written.
    case refused
    /// Everything is written, but the answer is lost.
    case unanswered
  }

  private struct Row {
    var claim: Claim
    var frames: [OutboxFrame] = []
  }

  private var rows: [String: [PartitionID: Row]] = [:]
  private var stored: [String: [[UInt8]: (partition: PartitionID, write: SubjectWrite)]] = [:]
  private var versions: [StoredPlaybook] = []
  package private(set) var tableRows: [TableRow] = []
  private var fate: @Sendable () -> Fate

  package init(fate: @escaping @Sendable () -> Fate = { .committed }) { self.fate = fate }

  package func set(fate: @escaping @Sendable () -> Fate) { self.fate = fate }

  package func add(_ playbook: StoredPlaybook) { versions.append(playbook) }

  /// States of all subjects, by key.
  package func states(group: String) -> [[UInt8]: [UInt8]] {
    (stored[group] ?? [:]).mapValues { $0.write.state }
  }

  /// What queries read of all subjects, by key; without those that have no projection.
  package func projections(group: String) -> [[UInt8]: [UInt8]] {
    (stored[group] ?? [:]).compactMapValues { $0.write.projection }
  }

  /// Timers of all groups.
  package func allDue() -> [(group: String, key: [UInt8], due: Instant)] {
    stored.flatMap { group, rows in
      rows.compactMap { key, row in row.write.due.map { (group, key, $0) } }
    }
  }

  package func row(group: String, partition: PartitionID) -> Claim? { rows[group]?[partition]?.claim }

  package func claim(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [Claim] {
    partitions.map { partition in
      var row =
        rows[group]?[partition]
        ?? Row(
          claim: Claim(
            partition: partition,
            logEpoch: 1,
            ownerEpoch: 0,
            flushNumber: 0,
            nextOffset: 0,
            outboxPosition: 0,
            publishedThrough: 0
          )
        )
      row.claim.ownerEpoch += 1
      rows[group, default: [:]][partition] = row
      return row.claim
    }
  }

  package func subjects(group: String, keys: [[UInt8]]) async throws(AdapterFailure) -> [StoredSubject] {
    keys.compactMap { key in stored[group]?[key].map { StoredSubject(key: key, state: $0.write.state) } }
  }

  package func timers(
    group: String,
    partition: PartitionID
  ) async throws(AdapterFailure) -> [(key: [UInt8], due: Instant)] {
    (stored[group] ?? [:]).compactMap { key, row in
      row.partition == partition ? row.write.due.map { (key, $0) } : nil
    }
  }

  package func keys(
    group: String,
    partition: PartitionID,
    tenant: String
  ) async throws(AdapterFailure) -> [[UInt8]] {
    let prefix = Array("\(tenant)/".utf8)
    return (stored[group] ?? [:]).filter { $0.value.partition == partition && $0.key.starts(with: prefix) }.map(\.key)
  }

  package func commit(group: String, _ flushes: [PartitionFlush]) async throws(AdapterFailure) -> FlushOutcome {
    let fate = fate()
    if case .refused = fate {
      throw AdapterFailure(code: "TEST", reason: "the store was told to refuse", disposition: .retriable)
    }
    let lost = flushes.filter { flush in
      guard let claim = rows[group]?[flush.partition]?.claim else { return true }
      return claim.ownerEpoch != flush.ownerEpoch || claim.flushNumber != flush.flushNumber
        || claim.logEpoch != flush.logEpoch
    }.map(\.partition)
    guard lost.isEmpty else { return .lost(lost) }
    for flush in flushes { apply(flush, group: group) }
    if case .unanswered = fate {
      throw AdapterFailure(
        code: "TEST",
        reason: "the answer was lost",
        disposition: .retriable,
        possiblyApplied: true
      )
    }
    return .committed
  }

  private func apply(_ flush: PartitionFlush, group: String) {
    rows[group]?[flush.partition]?.claim.flushNumber += 1
    rows[group]?[flush.partition]?.claim.nextOffset = flush.nextOffset
    rows[group]?[flush.partition]?.claim.state = flush.state
    if let frame = flush.frame {
      rows[group]?[flush.partition]?.claim.outboxPosition = frame.position
      rows[group]?[flush.partition]?.frames.append(frame)
    }
    for write in flush.subjects { stored[group, default: [:]][write.key] = (flush.partition, write) }
    tableRows += flush.rows
  }

  package func fences(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [FencePosition] {
    partitions.compactMap { partition in
      rows[group]?[partition].map {
        FencePosition(
          partition: partition,
          logEpoch: $0.claim.logEpoch,
          ownerEpoch: $0.claim.ownerEpoch,
          flushNumber: $0.claim.flushNumber
        )
      }
    }
  }

  package func frames(
    group: String,
    partition: PartitionID,
    after position: Int64,
    framesMax: Int
  ) async throws(AdapterFailure) -> [OutboxFrame] {
    Array((rows[group]?[partition]?.frames ?? []).filter { $0.position > position }.prefix(framesMax))
  }

  package func published(
    group: String,
    _ progress: [PublicationProgress]
  ) async throws(AdapterFailure) -> [PartitionID] {
    progress.filter { item in
      guard rows[group]?[item.partition]?.claim.ownerEpoch == item.ownerEpoch else { return false }
      rows[group]?[item.partition]?.claim.publishedThrough = item.through
      return true
    }.map(\.partition)
  }

  package func storeEpoch() async throws(AdapterFailure) -> Int64 { 1 }

  package func playbooks() async throws(AdapterFailure) -> [StoredPlaybook] { versions }

  package func playbook(tenant: String, version: Int64) async throws(AdapterFailure) -> StoredPlaybook? {
    versions.first { $0.tenant == tenant && $0.version == version }
  }
}
