import EventModel
import IngestService
import PipelinePorts
import PipelineRuntime
import PostgresClient
import PostgresStores

/// Ingest's view of the keys.
struct StoredKeys: IngestService.KeyStore {
  private let store: PostgresStores.KeyStore

  init(pool: PostgresPool) { store = PostgresStores.KeyStore(pool: pool) }

  func key(id: String) async throws(AdapterFailure) -> IngestService.StoredKey? {
    guard let key = try await store.find(id: id), key.revokedAt == nil,
      let scope = IngestService.KeyScope(rawValue: key.scope.rawValue)
    else { return nil }
    return IngestService.StoredKey(id: key.id, tenant: key.tenant, scope: scope, secretDigest: key.secretSHA256)
  }
}

/// Ingest's view of the imports.
struct StoredImports: IngestService.ImportStore {
  private let pool: PostgresPool
  private let store: PostgresStores.ImportStore

  init(pool: PostgresPool) {
    self.pool = pool
    store = PostgresStores.ImportStore(pool: pool)
  }

  func find(tenant: String, id: String) async throws(AdapterFailure) -> ImportRecord? {
    try await store.list(tenant: tenant).first { $0.id == id }.map(Self.record)
  }

  func open(_ record: ImportRecord) async throws(AdapterFailure) -> ImportRecord {
    let stored = try await store.begin(
      StoredImport(
        tenant: record.tenant,
        id: record.id,
        fileSHA256: record.filesDigest,
        mappingSHA256: record.mappingDigest,
        totalRows: record.total,
        firstTime: record.firstTime,
        lastTime: record.lastTime
      )
    )
    return Self.record(stored)
  }

  func advance(tenant: String, id: String, from: Int64, to: Int64) async throws(AdapterFailure) -> Bool {
    try await store.advance(tenant: tenant, id: id, from: from, to: to)
  }

  func finish(tenant: String, id: String) async throws(AdapterFailure) {
    _ = try await store.finish(tenant: tenant, id: id, firstTime: nil, lastTime: nil)
  }

  func clock(of tenant: String) async throws(AdapterFailure) -> Instant? {
    let states = try await LogAdministration(pool: pool).laneStates(
      group: "tagger",
      topics: [Topic.events, Topic.communityEvents]
    )
    return try TenantClockReader.clock(of: tenant, laneStates: states)
  }

  private static func record(_ stored: StoredImport) -> ImportRecord {
    ImportRecord(
      tenant: stored.tenant,
      id: stored.id,
      filesDigest: stored.fileSHA256,
      mappingDigest: stored.mappingSHA256,
      total: stored.totalRows,
      done: stored.doneRows,
      firstTime: stored.firstTime ?? .distantPast,
      lastTime: stored.lastTime ?? .distantPast,
      finished: stored.finishedAt != nil
    )
  }
}
