import EventModel
import PipelinePorts
import Synchronization

/// The keys lately asked for, so that a request does not wait for the store.
package final class KeyRing: Sendable {
  private struct Known {
    var key: StoredKey
    var until: Instant
  }

  /// Ids that the store does not have are remembered apart, so that whoever tries ids cannot crowd out good keys.
  private struct Entries {
    var known: [String: Known] = [:]
    var unknown: [String: Instant] = [:]
  }

  private let store: any KeyStore
  private let clock: any WallClock
  private let limits: IngestLimits
  private let entries = Mutex(Entries())

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
    let held = entries.withLock { entries -> StoredKey?? in
      if let known = entries.known[id], known.until > now { return .some(known.key) }
      if let until = entries.unknown[id], until > now { return .some(nil) }
      return nil
    }
    if let held { return held }
    let key = try await store.key(id: id)
    entries.withLock { entries in
      entries.known[id] = nil
      entries.unknown[id] = nil
      if entries.known.count >= limits.keysCachedMax { entries.known.removeAll() }
      if entries.unknown.count >= limits.keysCachedMax { entries.unknown.removeAll() }
      let until = now + limits.keyLifetime
      if let key { entries.known[id] = Known(key: key, until: until) } else { entries.unknown[id] = until }
    }
    return key
  }
}
