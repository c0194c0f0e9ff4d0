import EventModel
import PipelinePorts

/// What a key may do.
package enum KeyScope: String, Sendable, CaseIterable {
  case write
  case read
  case admin
}

/// A key as the store has it: of the secret only its SHA-256.
package struct StoredKey: Hashable, Sendable {
  /// The key's own id, not secret.
  package var id: String
  /// Whose events it may send.
  package var tenant: String
  /// What it may do.
  package var scope: KeyScope
  /// 32 bytes: of the secret part's UTF-8.
  package var secretDigest: [UInt8]

  package init(id: String, tenant: String, scope: KeyScope, secretDigest: [UInt8]) {
    self.id = id
    self.tenant = tenant
    self.scope = scope
    self.secretDigest = secretDigest
  }
}

/// The keys of all tenants.
package protocol KeyStore: Sendable {
  /// `nil` when there is none of that id or it is revoked.
  func key(id: String) async throws(AdapterFailure) -> StoredKey?
}

/// Whether an event's type is known and its `data` is of the type's schema.
package protocol EventSchemaCheck: Sendable {
  /// `nil`: nothing to object. Else class `type` or `schema`.
  func failure(of event: Event) -> DecodeFailure?
}

/// An import as the store has it.
package struct ImportRecord: Hashable, Sendable {
  /// Whose import it is.
  package var tenant: String
  /// SHA-256 of files and mapping, lower-case hexadecimal.
  package var id: String
  /// SHA-256: 32 bytes.
  package var filesDigest: [UInt8]
  /// SHA-256: 32 bytes.
  package var mappingDigest: [UInt8]
  /// Events in all.
  package var total: Int64
  /// Events that were written, from the first.
  package var done: Int64
  /// Time of its first event.
  package var firstTime: Instant
  /// Time of its last event.
  package var lastTime: Instant
  /// Its closing ticks are written.
  package var finished: Bool

  package init(
    tenant: String,
    id: String,
    filesDigest: [UInt8],
    mappingDigest: [UInt8],
    total: Int64,
    done: Int64 = 0,
    firstTime: Instant,
    lastTime: Instant,
    finished: Bool = false
  ) {
    self.tenant = tenant
    self.id = id
    self.filesDigest = filesDigest
    self.mappingDigest = mappingDigest
    self.total = total
    self.done = done
    self.firstTime = firstTime
    self.lastTime = lastTime
    self.finished = finished
  }
}

/// The imports of all tenants.
package protocol ImportStore: Sendable {
  func find(tenant: String, id: String) async throws(AdapterFailure) -> ImportRecord?
  /// Makes it unless it exists; returns it as it stands.
  func open(_ record: ImportRecord) async throws(AdapterFailure) -> ImportRecord
  /// Moves `done` from one value to another; false when it did not stand at the first.
  func advance(tenant: String, id: String, from: Int64, to: Int64) async throws(AdapterFailure) -> Bool
  func finish(tenant: String, id: String) async throws(AdapterFailure)
  /// The tenant's clock: the least over its partitions; `nil` for a tenant without events.
  func clock(of tenant: String) async throws(AdapterFailure) -> Instant?
}

/// What ingest has done, for counters and logs. Called once a request, off the event loop's hot path.
package protocol IngestObserver: Sendable {
  func accepted(_ count: Int)
  func rejected(_ failureClass: FailureClass, _ count: Int)
  /// A whole request was refused.
  func refused(status: Int, code: String)
}

/// Observes nothing.
package struct SilentObserver: IngestObserver {
  package init() {}
  /// Nothing.
  package func accepted(_ count: Int) {}
  /// Nothing.
  package func rejected(_ failureClass: FailureClass, _ count: Int) {}
  /// Nothing.
  package func refused(status: Int, code: String) {}
}
