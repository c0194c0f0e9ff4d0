import EventModel
import PipelinePorts
import Synchronization

/// A log in memory: topics of partitions of records.
package final class MemoryLog: Sendable {
  private let partitions = Mutex<[PartitionID: [LogRecord]]>([:])
  private let order = Mutex<[WrittenPosition]>([])
  package let partitionCount: Int32

  package init(partitionCount: Int32) { self.partitionCount = partitionCount }

  @discardableResult
  package func append(_ record: OutboundRecord) -> WrittenPosition {
    let partition = record.partition ?? Self.partition(of: record.key, count: partitionCount)
    let place = PartitionID(topic: record.topic, partition: partition)
    return partitions.withLock { partitions in
      let offset = Int64(partitions[place]?.count ?? 0)
      partitions[place, default: []].append(
        LogRecord(
          partition: place,
          offset: offset,
          timestamp: offset,
          key: record.key,
          value: record.value,
          headers: record.headers
        )
      )
      let position = WrittenPosition(partition: place, offset: offset)
      order.withLock { $0.append(position) }
      return position
    }
  }

  /// The places of all records in the order in which they were appended, over all partitions.
  package var appended: [WrittenPosition] { order.withLock { $0 } }

  package func records(of partition: PartitionID, from offset: Int64 = 0, max: Int = .max) -> [LogRecord] {
    partitions.withLock { Array(($0[partition] ?? []).dropFirst(Int(offset)).prefix(max)) }
  }

  package func count(of partition: PartitionID) -> Int { partitions.withLock { $0[partition]?.count ?? 0 } }

  package func records(ofTopic topic: String) -> [LogRecord] {
    partitions.withLock { partitions in
      partitions.filter { $0.key.topic == topic }.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }

  /// FNV-1a modulo: any stable choice will do here.
  package static func partition(of key: [UInt8], count: Int32) -> Int32 {
    let hash = key.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    return Int32(hash % UInt32(count))
  }
}

/// Writes to a memory log; `plan` says what becomes of each call.
package final class MemorySink: EventSink {
  package enum Fate: Sendable {
    case written
    /// Only the first records of the call arrive, and the call fails.
    case cut(after: Int)
  }

  private let log: MemoryLog
  private let plan: @Sendable (Int) -> Fate

  package init(_ log: MemoryLog, plan: @escaping @Sendable (_ records: Int) -> Fate = { _ in .written }) {
    self.log = log
    self.plan = plan
  }

  package func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    switch plan(records.count) {
    case .written: return records.map { log.append($0) }
    case .cut(let count):
      for record in records.prefix(count) { log.append(record) }
      throw AdapterFailure(
        code: "TEST",
        reason: "the sink was told to fail",
        disposition: .retriable,
        possiblyApplied: true
      )
    }
  }

  package func close() async {}
}

/// A group member whose assignment the test decides; it never waits.
package final class MemorySource: EventSource {
  private struct State {
    var happenings: [SourceHappening] = []
    var positions: [PartitionID: Int64] = [:]
    var paused: Set<PartitionID> = []
    var hints: [PartitionID: Int64] = [:]
    var turn = 0
  }

  private let log: MemoryLog
  private let recordsPerPoll: Int
  private let state = Mutex(State())

  package init(_ log: MemoryLog, recordsPerPoll: Int = .max) {
    self.log = log
    self.recordsPerPoll = recordsPerPoll
  }

  package func assign(_ partitions: [PartitionID]) {
    state.withLock { $0.happenings.append(.assigned(partitions)) }
  }

  package func revoke(_ partitions: [PartitionID]) {
    state.withLock { state in
      for partition in partitions { state.positions[partition] = nil }
      state.happenings.append(.revoked(partitions))
    }
  }

  package var hints: [PartitionID: Int64] { state.withLock { $0.hints } }

  package func poll(timeout: Duration, recordsMax: Int) async -> SourceHappening? {
    state.withLock { state in
      if !state.happenings.isEmpty { return state.happenings.removeFirst() }
      let open = state.positions.keys.filter { !state.paused.contains($0) }.sorted()
      guard !open.isEmpty else { return nil }
      state.turn += 1
      var batch: [LogRecord] = []
      for index in open.indices {
        let partition = open[(index + state.turn) % open.count]
        let room = min(recordsMax, recordsPerPoll) - batch.count
        guard room > 0, let position = state.positions[partition] else { break }
        let records = log.records(of: partition, from: position, max: room)
        state.positions[partition] = position + Int64(records.count)
        batch += records
      }
      return batch.isEmpty ? nil : .records(batch)
    }
  }

  package func start(at offsets: [PartitionID: Int64]) async throws(AdapterFailure) {
    state.withLock { state in
      for (partition, offset) in offsets { state.positions[partition] = offset }
    }
  }

  package func pause(_ partitions: [PartitionID]) async throws(AdapterFailure) {
    state.withLock { $0.paused.formUnion(partitions) }
  }

  package func resume(_ partitions: [PartitionID]) async throws(AdapterFailure) {
    state.withLock { $0.paused.subtract(partitions) }
  }

  package func hint(_ offsets: [PartitionID: Int64]) async {
    state.withLock { $0.hints.merge(offsets) { $1 } }
  }

  package func watermarks(of partition: PartitionID) async throws(AdapterFailure) -> (low: Int64, high: Int64) {
    (0, Int64(log.records(of: partition).count))
  }

  package func close() async {}
}
