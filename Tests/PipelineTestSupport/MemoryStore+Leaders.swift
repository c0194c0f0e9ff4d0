import EventModel
import PipelinePorts
import Synchronization

/// The store's time, set by the test.
package final class ManualClock: WallClock {
  private let instant: Mutex<Instant>

  package init(_ instant: Instant) { self.instant = Mutex(instant) }

  package func now() -> Instant { instant.withLock { $0 } }

  package func set(_ instant: Instant) { self.instant.withLock { $0 = instant } }
}

/// Who leads is the test's to say.
package final class ManualLeadership: Leadership {
  private let leads = Mutex(false)

  package init() {}

  package func set(_ leads: Bool) { self.leads.withLock { $0 = leads } }

  package func holds() async throws(AdapterFailure) -> Bool { leads.withLock { $0 } }
}

/// Timers of all groups of a memory store, and a clock set by hand.
package struct MemoryTimerOutlook: TimerOutlook {
  private let store: MemoryStore
  private let clock: ManualClock

  package init(store: MemoryStore, clock: ManualClock) {
    self.store = store
    self.clock = clock
  }

  package func nextDue(after instant: Instant) async throws(AdapterFailure) -> Instant? {
    await store.allDue().map(\.due).filter { $0 > instant }.min()
  }

  package func now() async throws(AdapterFailure) -> Instant { clock.now() }
}

/// Snapshots as the segmenter's commits wrote them, and the cuts made of them; as in PostgreSQL, a newer cut hides
/// older snapshots.
package actor MemoryPopulations: PopulationStore {
  private let store: MemoryStore
  /// In the order decided.
  private var cuts: [(instant: PopulationInstant, record: [UInt8])] = []

  package init(store: MemoryStore) { self.store = store }

  private struct Place: Hashable {
    var instant: PopulationInstant
    var partition: PartitionID
  }

  private func stored() async -> [Place: [UInt8]] {
    var found: [Place: [UInt8]] = [:]
    for case .snapshot(let row) in await store.tableRows {
      found[Place(instant: row.instant, partition: row.partition)] = row.snapshot
    }
    return found
  }

  private func newestCut(of instant: PopulationInstant) -> Instant? {
    cuts.filter { $0.instant.tenant == instant.tenant && $0.instant.segment == instant.segment }
      .map(\.instant.asOf).max()
  }

  package func complete(partitionCount: Int) async throws(AdapterFailure) -> [PopulationInstant] {
    let counts = Dictionary(await stored().keys.map { ($0.instant, 1) }, uniquingKeysWith: +)
    var newest: [String: PopulationInstant] = [:]
    for (instant, count) in counts where count == partitionCount {
      if let cut = newestCut(of: instant), cut >= instant.asOf { continue }
      let name = "\(instant.tenant)/\(instant.segment)"
      if newest[name].map({ $0.asOf < instant.asOf }) ?? true { newest[name] = instant }
    }
    return newest.sorted { $0.key < $1.key }.map(\.value)
  }

  package func snapshots(of instant: PopulationInstant) async throws(AdapterFailure) -> [[UInt8]] {
    await stored().filter { $0.key.instant == instant }.sorted { $0.key.partition < $1.key.partition }.map(\.value)
  }

  package func decided(_ instant: PopulationInstant, record: [UInt8]) async throws(AdapterFailure) {
    guard !cuts.contains(where: { $0.instant == instant }) else { return }
    cuts.append((instant, record))
  }

  package func newestCuts() async throws(AdapterFailure) -> [[UInt8]] {
    var newest: [String: (asOf: Instant, record: [UInt8])] = [:]
    for cut in cuts {
      let name = "\(cut.instant.tenant)/\(cut.instant.segment)"
      if newest[name].map({ $0.asOf < cut.instant.asOf }) ?? true { newest[name] = (cut.instant.asOf, cut.record) }
    }
    return newest.sorted { $0.key < $1.key }.map(\.value.record)
  }

  /// The newest cut's instant of each segment of a tenant.
  package func newestInstants(tenant: String) -> [String: Instant] {
    Dictionary(
      cuts.filter { $0.instant.tenant == tenant }.map { ($0.instant.segment, $0.instant.asOf) },
      uniquingKeysWith: max
    )
  }
}
