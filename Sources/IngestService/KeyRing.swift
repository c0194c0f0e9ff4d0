import EventModel
import PipelinePorts
import Synchronization

/// The keys lately asked for, so that a request does not wait for the store.
package final class KeyRing: Sendable {
  private struct Entry {
    var key: StoredKey?
    var until: Instant
  }

  private let store: any KeyStore
  private let clock: any WallClock
  private let limits: IngestLimits
  private let entries = Mutex<[String: Entry]>([:])

  package init(store: any KeyStore, clock: any WallClock, limits: IngestLimits) {
    self.store = store
    self.clock = clock
    self.limits = limits
  }

  /// The stored key that `key` proves to hold; `nil` when there is none, it is revoked or the secret is another.
  package func verify(_ key: WriteKey) async throws(AdapterFailure) -> StoredKey? {
    guard let stored = try await stored(id: key.id), key.matches(stored) else { return nil }
    return stored
  }

  private func stored(id: String) async throws(AdapterFailure) -> StoredKey? {
    let now = clock.now()
    if let entry = entries.withLock({ $0[id] }), entry.until > now { return entry.key }
    let key = try await store.key(id: id)
    entries.withLock { entries in
      // Unknown ids are remembered too, and must not crowd out the known ones for good.
      if entries.count >= limits.keysCachedMax { entries.removeAll() }
      entries[id] = Entry(key: key, until: now + limits.keyLifetime)
    }
    return key
  }
}
