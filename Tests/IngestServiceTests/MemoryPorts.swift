import EventCodec
import EventModel
import IngestService
import PipelinePorts
import Synchronization

/// A clock that stands where it is put.
final class StandingClock: WallClock {
  private let instant: Mutex<Instant>
  init(_ text: String) { instant = Mutex(Instant(text: text) ?? Instant(milliseconds: 0)) }
  func now() -> Instant { instant.withLock { $0 } }
  func advance(_ span: TimeSpan) { instant.withLock { $0 = $0 + span } }
}

/// Keeps what was written, and fails when told to.
final class MemorySink: EventSink {
  private let state = Mutex((records: [OutboundRecord](), failure: AdapterFailure?.none))

  var records: [OutboundRecord] { state.withLock { $0.records } }
  func fail(_ failure: AdapterFailure?) { state.withLock { $0.failure = failure } }

  func of(_ topic: String) -> [OutboundRecord] { records.filter { $0.topic == topic } }

  func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    let failure = state.withLock { state in
      if state.failure == nil { state.records += records }
      return state.failure
    }
    if let failure { throw failure }
    return records.indices.map {
      WrittenPosition(partition: PartitionID(topic: records[$0].topic, partition: 0), offset: Int64($0))
    }
  }

  func close() async {}
}

/// Keys in memory; counts how often it was asked.
final class MemoryKeys: KeyStore {
  private let state = Mutex((keys: [String: StoredKey](), asked: 0, failing: false))

  init(_ keys: [StoredKey]) { state.withLock { $0.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.id, $0) }) } }

  var asked: Int { state.withLock { $0.asked } }
  func revoke(_ id: String) { state.withLock { $0.keys[id] = nil } }
  func fail(_ failing: Bool) { state.withLock { $0.failing = failing } }

  func key(id: String) async throws(AdapterFailure) -> StoredKey? {
    let (key, failing) = state.withLock { state in
      state.asked += 1
      return (state.keys[id], state.failing)
    }
    if failing { throw AdapterFailure(code: "08006", reason: "no connection", disposition: .retriable) }
    return key
  }
}

final class MemoryImports: ImportStore {
  private let state = Mutex((records: [String: ImportRecord](), clock: Instant?.none))

  func set(clock: Instant?) { state.withLock { $0.clock = clock } }
  func find(tenant: String, id: String) async throws(AdapterFailure) -> ImportRecord? {
    state.withLock { $0.records[tenant + "/" + id] }
  }
  func open(_ record: ImportRecord) async throws(AdapterFailure) -> ImportRecord {
    state.withLock { state in
      let key = record.tenant + "/" + record.id
      let found = state.records[key] ?? record
      state.records[key] = found
      return found
    }
  }
  func advance(tenant: String, id: String, from: Int64, to: Int64) async throws(AdapterFailure) -> Bool {
    state.withLock { state in
      guard state.records[tenant + "/" + id]?.done == from else { return false }
      state.records[tenant + "/" + id]?.done = to
      return true
    }
  }
  func finish(tenant: String, id: String) async throws(AdapterFailure) {
    state.withLock { $0.records[tenant + "/" + id]?.finished = true }
  }
  func clock(of tenant: String) async throws(AdapterFailure) -> Instant? { state.withLock { $0.clock } }
}

/// Counts what it is told.
final class CountingObserver: IngestObserver {
  private let state = Mutex((accepted: 0, rejected: [FailureClass: Int](), refused: [String]()))
  var accepted: Int { state.withLock { $0.accepted } }
  var rejected: [FailureClass: Int] { state.withLock { $0.rejected } }
  var refused: [String] { state.withLock { $0.refused } }
  func accepted(_ count: Int) { state.withLock { $0.accepted += count } }
  func rejected(_ failureClass: FailureClass, _ count: Int) {
    state.withLock { $0.rejected[failureClass, default: 0] += count }
  }
  func refused(status: Int, code: String) { state.withLock { $0.refused.append("\(status) \(code)") } }
}

/// Records the order of calls of journal and sink.
final class MemoryJournal: BatchJournal {
  private let state = Mutex((batches: [[OutboundRecord]](), notes: [Int64](), failure: AdapterFailure?.none))
  var batches: [[OutboundRecord]] { state.withLock { $0.batches } }
  var notes: [Int64] { state.withLock { $0.notes } }
  func fail(_ failure: AdapterFailure?) { state.withLock { $0.failure = failure } }
  func append(_ records: [OutboundRecord]) async throws(AdapterFailure) -> Int64 {
    let (position, failure) = state.withLock { state in
      if state.failure == nil { state.batches.append(records) }
      return (Int64(state.batches.count), state.failure)
    }
    if let failure { throw failure }
    return position
  }
  func acknowledge(_ position: Int64, logEpoch: Int64, written: [WrittenPosition]) {
    state.withLock { $0.notes.append(position) }
  }
}
