import EventModel
import PipelinePorts
import PostgresClient

/// What a key lets its holder do.
package enum KeyScope: String, Hashable, Sendable, CaseIterable {
  case write
  case read
  case admin
}

/// A key as stored: never its secret.
package struct StoredKey: Hashable, Sendable {
  package var id: String
  package var tenant: String
  package var scope: KeyScope
  /// 32 bytes.
  package var secretSHA256: [UInt8]
  package var createdAt: Instant
  /// Nil while it is good.
  package var revokedAt: Instant?
}

/// The keys of tenants' sources, readers and administrators.
package struct KeyStore: Sendable {
  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  /// Adds a key; false when the id is taken.
  ///
  /// - Parameter secretSHA256: 32 bytes; anything else fails as permanent.
  package func create(
    id: String,
    tenant: String,
    scope: KeyScope,
    secretSHA256: [UInt8]
  ) async throws(AdapterFailure) -> Bool {
    try await pool.perform { session throws(PostgresFailure) in
      try session.query(
        "INSERT INTO api_keys (id, tenant, scope, secret_sha256) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
        [.text(id), .text(tenant), .text(scope.rawValue), .bytea(secretSHA256)]
      ).affectedRows == 1
    }
  }

  /// Revoked ones too; the caller judges. Nil when there is none.
  package func find(id: String) async throws(AdapterFailure) -> StoredKey? {
    // An id that came from outside may hold what the store cannot compare.
    guard !id.utf8.contains(0) else { return nil }
    return try await read("WHERE id = $1", [.text(id)]).first
  }

  /// By tenant, then age.
  ///
  /// - Parameter tenant: only its keys; nil for all.
  package func list(tenant: String? = nil) async throws(AdapterFailure) -> [StoredKey] {
    try await read(
      "WHERE ($1::text IS NULL OR tenant = $1) ORDER BY tenant, created_at, id",
      [tenant.map { .text($0) } ?? .null(.text)]
    )
  }

  /// False when there is no such key or it is revoked already.
  package func revoke(id: String) async throws(AdapterFailure) -> Bool {
    try await pool.perform { session throws(PostgresFailure) in
      try session.query(
        "UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL",
        [.text(id)]
      ).affectedRows == 1
    }
  }

  private func read(_ rest: String, _ parameters: [PostgresValue]) async throws(AdapterFailure) -> [StoredKey] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT id, tenant, scope, secret_sha256, created_at, revoked_at FROM api_keys \(rest)",
        parameters
      )
      var keys: [StoredKey] = []
      for row in result.rows {
        guard let scope = KeyScope(rawValue: try row.text(2)) else {
          throw .unexpectedResult("api_keys holds a scope that this program does not know")
        }
        keys.append(
          StoredKey(
            id: try row.text(0),
            tenant: try row.text(1),
            scope: scope,
            secretSHA256: try row.bytes(3),
            createdAt: try row.instant(4),
            revokedAt: try row.instantOrNull(5)
          )
        )
      }
      return keys
    }
  }
}
