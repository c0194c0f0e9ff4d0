import EventModel
import PipelinePorts
import PostgresClient

/// An import of history, known by its file and mapping.
package struct StoredImport: Hashable, Sendable {
  package var tenant: String
  package var id: String
  /// 32 bytes each.
  package var fileSHA256: [UInt8]
  package var mappingSHA256: [UInt8]
  package var totalRows: Int64
  /// Rows that are in the log for certain; an import resumes after them.
  package var doneRows: Int64
  package var firstTime: Instant?
  package var lastTime: Instant?
  /// Nil while it is under way.
  package var finishedAt: Instant?

  package init(
    tenant: String,
    id: String,
    fileSHA256: [UInt8],
    mappingSHA256: [UInt8],
    totalRows: Int64,
    doneRows: Int64 = 0,
    firstTime: Instant? = nil,
    lastTime: Instant? = nil,
    finishedAt: Instant? = nil
  ) {
    self.tenant = tenant
    self.id = id
    self.fileSHA256 = fileSHA256
    self.mappingSHA256 = mappingSHA256
    self.totalRows = totalRows
    self.doneRows = doneRows
    self.firstTime = firstTime
    self.lastTime = lastTime
    self.finishedAt = finishedAt
  }
}

/// Progress of imports: the same file and mapping resumes, or says that it has been done.
package struct ImportStore: Sendable {
  let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  /// Makes the import's row, or finds the one of the same tenant, file and mapping (its id and progress are then the
  /// stored ones). An id that is taken by another file fails as permanent (`23505`).
  package func begin(_ new: StoredImport) async throws(AdapterFailure) -> StoredImport {
    try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        try session.query(
          """
          INSERT INTO imports (tenant, import_id, file_sha256, mapping_sha256, total_rows, first_time, last_time)
          VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, file_sha256, mapping_sha256) DO NOTHING
          """,
          [
            .text(new.tenant), .text(new.id), .bytea(new.fileSHA256), .bytea(new.mappingSHA256), .int8(new.totalRows),
            Self.value(new.firstTime), Self.value(new.lastTime),
          ]
        )
        let found = try session.query(
          "SELECT \(Self.columns) FROM imports WHERE tenant = $1 AND file_sha256 = $2 AND mapping_sha256 = $3",
          [.text(new.tenant), .bytea(new.fileSHA256), .bytea(new.mappingSHA256)]
        )
        guard found.count == 1 else { throw .unexpectedResult("import has \(found.count) rows, expected 1") }
        return try StoredImport(found[0])
      }
    }
  }

  /// Records that the first `doneRows` rows are in the log; never goes back. False when there is no such import.
  package func advance(tenant: String, id: String, doneRows: Int64) async throws(AdapterFailure) -> Bool {
    try await update("done_rows = GREATEST(done_rows, $3)", [.text(tenant), .text(id), .int8(doneRows)])
  }

  /// Records the end: all rows are in the log. False when there is no such import. A repeat keeps the first time.
  package func finish(
    tenant: String,
    id: String,
    firstTime: Instant?,
    lastTime: Instant?
  ) async throws(AdapterFailure) -> Bool {
    try await update(
      """
      done_rows = total_rows, first_time = COALESCE($3, first_time), last_time = COALESCE($4, last_time),
      finished_at = COALESCE(finished_at, now())
      """,
      [.text(tenant), .text(id), Self.value(firstTime), Self.value(lastTime)]
    )
  }

  /// In the order in which they began.
  package func list(tenant: String) async throws(AdapterFailure) -> [StoredImport] {
    try await pool.perform { session throws(PostgresFailure) in
      var imports: [StoredImport] = []
      let result = try session.query(
        "SELECT \(Self.columns) FROM imports WHERE tenant = $1 ORDER BY started_at, import_id",
        [.text(tenant)]
      )
      for row in result.rows { imports.append(try StoredImport(row)) }
      return imports
    }
  }

  private static let columns = """
    tenant, import_id, file_sha256, mapping_sha256, total_rows, done_rows, first_time, last_time, finished_at
    """

  private static func value(_ instant: Instant?) -> PostgresValue {
    instant.map { .timestamptz(microseconds: $0.microseconds) } ?? .null(.timestamptz)
  }

  private func update(_ changes: String, _ parameters: [PostgresValue]) async throws(AdapterFailure) -> Bool {
    try await pool.perform { session throws(PostgresFailure) in
      try session.query("UPDATE imports SET \(changes) WHERE tenant = $1 AND import_id = $2", parameters)
        .affectedRows == 1
    }
  }
}

extension StoredImport {
  fileprivate init(_ row: PostgresRow) throws(PostgresFailure) {
    self.init(
      tenant: try row.text(0),
      id: try row.text(1),
      fileSHA256: try row.bytes(2),
      mappingSHA256: try row.bytes(3),
      totalRows: try row.int8(4),
      doneRows: try row.int8(5),
      firstTime: try row.instantOrNull(6),
      lastTime: try row.instantOrNull(7),
      finishedAt: try row.instantOrNull(8)
    )
  }
}
