import EventModel
import PipelinePorts
import PostgresClient

/// Every version of every tenant's playbook, as applied; versions count from 1 without gaps.
package struct PostgresPlaybookStore: PlaybookStore {
  package static let filesMax = 1_000
  package static let playbookBytesMax = 16 << 20

  /// What became of an application.
  package enum Outcome: Hashable, Sendable {
    case applied(version: Int64)
    /// Somebody else applied one meanwhile; `newest` is what stands (0: none).
    case conflict(newest: Int64)
  }

  /// When and by whom a version was applied.
  package struct Version: Hashable, Sendable {
    package var version: Int64
    package var appliedAt: Instant
    package var appliedBy: String
  }

  let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  package func playbooks() async throws(AdapterFailure) -> [StoredPlaybook] {
    try await read(
      """
      SELECT DISTINCT ON (tenant) tenant, version, \(Self.fileColumns) FROM playbooks ORDER BY tenant, version DESC
      """,
      []
    )
  }

  /// One version, for what was decided under it; nil when there is none.
  package func playbook(tenant: String, version: Int64) async throws(AdapterFailure) -> StoredPlaybook? {
    try await read(
      "SELECT tenant, version, \(Self.fileColumns) FROM playbooks WHERE tenant = $1 AND version = $2",
      [.text(tenant), .int8(version)]
    ).first
  }

  /// Newest first.
  package func versions(tenant: String) async throws(AdapterFailure) -> [Version] {
    try await pool.perform { session throws(PostgresFailure) in
      var versions: [Version] = []
      let result = try session.query(
        "SELECT version, applied_at, applied_by FROM playbooks WHERE tenant = $1 ORDER BY version DESC",
        [.text(tenant)]
      )
      for row in result.rows {
        versions.append(
          Version(version: try row.int8(0), appliedAt: try row.instant(1), appliedBy: try row.text(2))
        )
      }
      return versions
    }
  }

  /// Adds a version if the newest is still the one that the caller has seen.
  ///
  /// - Parameters:
  ///   - expectedVersion: 0 for a tenant without a playbook.
  ///   - appliedBy: who, in the operator's own words; no secret.
  package func apply(
    tenant: String,
    files: [StoredPlaybook.File],
    expectedVersion: Int64,
    appliedBy: String
  ) async throws(AdapterFailure) -> Outcome {
    let bytes = files.reduce(0) { $0 + $1.name.utf8.count + $1.text.utf8.count }
    guard files.count <= Self.filesMax, bytes <= Self.playbookBytesMax else {
      throw AdapterFailure(
        code: "54000",
        reason:
          "playbook: expected at most \(Self.filesMax) files and \(Self.playbookBytesMax) bytes, "
          + "got \(files.count) and \(bytes)",
        disposition: .permanent
      )
    }
    return try await pool.perform { session throws(PostgresFailure) in
      // The primary key decides between two who saw the same version.
      let inserted = try session.query(
        """
        INSERT INTO playbooks (tenant, version, files, applied_by)
        SELECT $1, $2 + 1, COALESCE((
          SELECT jsonb_agg(jsonb_build_object('name', f.name, 'text', f.text) ORDER BY f.place)
          FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS f(name, text, place)), '[]'), $5
        WHERE COALESCE((SELECT max(version) FROM playbooks WHERE tenant = $1), 0) = $2
        ON CONFLICT DO NOTHING
        """,
        [
          .text(tenant), .int8(expectedVersion), .textArray(files.map(\.name)), .textArray(files.map(\.text)),
          .text(appliedBy),
        ]
      )
      if inserted.affectedRows == 1 { return .applied(version: expectedVersion + 1) }
      let newest = try session.query(
        "SELECT COALESCE(max(version), 0) FROM playbooks WHERE tenant = $1",
        [.text(tenant)]
      )
      return .conflict(newest: try newest[0].int8(0))
    }
  }

  private static let fileColumns = """
    ARRAY(SELECT f ->> 'name' FROM jsonb_array_elements(files) WITH ORDINALITY AS e(f, place) ORDER BY place),
    ARRAY(SELECT f ->> 'text' FROM jsonb_array_elements(files) WITH ORDINALITY AS e(f, place) ORDER BY place)
    """

  private func read(_ sql: String, _ parameters: [PostgresValue]) async throws(AdapterFailure) -> [StoredPlaybook] {
    try await pool.perform { session throws(PostgresFailure) in
      var playbooks: [StoredPlaybook] = []
      for row in try session.query(sql, parameters).rows {
        var files: [StoredPlaybook.File] = []
        for case (let name?, let text?) in zip(try row.textArray(2), try row.textArray(3)) {
          files.append(StoredPlaybook.File(name: name, text: text))
        }
        playbooks.append(StoredPlaybook(tenant: try row.text(0), version: try row.int8(1), files: files))
      }
      return playbooks
    }
  }
}
