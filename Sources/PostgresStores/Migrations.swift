import Digests
import PostgresClient

/// Brings the store's schema forward: files `NNN_name.sql`, applied in order, each in one transaction.
///
/// What was applied is kept in `schema_migrations` with the SHA-256 of the file: an applied file never changes.
package struct Migrations: Sendable {
  /// A migration that has been applied, or is to be.
  package struct Step: Hashable, Sendable {
    /// From 1, without gaps.
    package var number: Int32
    /// The file's name.
    package var name: String
  }

  /// Where the store stands against the files.
  package struct Status: Hashable, Sendable {
    package var applied: [Step]
    package var pending: [Step]
  }

  /// Any constant that nothing else locks: `hearthmg` in ASCII.
  private static let lockKey: Int64 = 0x6865_6172_7468_6D67

  private let pool: PostgresPool

  /// - Parameter pool: its statement timeout bounds each migration; long ones need a pool with a longer one.
  package init(pool: PostgresPool) { self.pool = pool }

  /// Applies what is missing, and returns it. Several processes at once wait for each other.
  package func apply(directory: String) async throws(MigrationFailure) -> [Step] {
    let files = try MigrationFile.read(directory: directory)
    return try await apply(files)
  }

  /// Compares without changing anything. A store without `schema_migrations` has nothing applied.
  package func status(directory: String) async throws(MigrationFailure) -> Status {
    let files = try MigrationFile.read(directory: directory)
    do {
      return try await pool.run { session throws(PostgresFailure) in
        Result { () throws(MigrationFailure) in
          let pending = try Self.pending(files, after: try Self.applied(session))
          return Status(
            applied: files.prefix(files.count - pending.count).map(\.step),
            pending: pending.map(\.step)
          )
        }
      }.get()
    } catch let failure as MigrationFailure {
      throw failure
    } catch {
      throw .wrapping(error)
    }
  }

  private func apply(_ files: [MigrationFile]) async throws(MigrationFailure) -> [Step] {
    do {
      return try await pool.run { session throws(PostgresFailure) in
        Result { () throws(MigrationFailure) in try Self.applyAll(files, session) }
      }.get()
    } catch let failure as MigrationFailure {
      throw failure
    } catch {
      throw .wrapping(error)
    }
  }

  private static func applyAll(_ files: [MigrationFile], _ session: PostgresSession) throws(MigrationFailure) -> [Step]
  {
    var steps: [Step] = []
    // The lock lasts for a transaction, so the next missing file is looked up again under each one.
    while let step = try applyNext(files, session) { steps.append(step) }
    return steps
  }

  private static func applyNext(_ files: [MigrationFile], _ session: PostgresSession) throws(MigrationFailure) -> Step?
  {
    var next: MigrationFile?
    defer { session.rollback() }
    do {
      try session.query("BEGIN")
      try session.query("SELECT FROM pg_advisory_xact_lock($1)", [.int8(lockKey)])
      try session.script(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
          number integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
      )
    } catch {
      throw .store(file: nil, error)
    }
    next = try pending(files, after: try applied(session)).first
    do {
      if let next {
        try session.script(next.sql)
        try session.query(
          "INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)",
          [.int4(next.step.number), .text(next.step.name), .bytea(next.sha256)]
        )
      }
      try session.commit()
    } catch {
      throw .store(file: next?.step.name, error)
    }
    return next?.step
  }

  private struct AppliedFile {
    var step: Step
    var sha256: [UInt8]
  }

  private static func applied(_ session: PostgresSession) throws(MigrationFailure) -> [AppliedFile] {
    do {
      let exists = try session.query("SELECT to_regclass('schema_migrations') IS NOT NULL")
      guard try exists[0].bool(0) else { return [] }
      var files: [AppliedFile] = []
      for row in try session.query("SELECT number, name, sha256 FROM schema_migrations ORDER BY number").rows {
        files.append(
          AppliedFile(step: Step(number: try row.int4(0), name: try row.text(1)), sha256: try row.bytes(2))
        )
      }
      return files
    } catch {
      throw .store(file: nil, error)
    }
  }

  /// The files after those applied, once each applied one is found unchanged.
  private static func pending(
    _ files: [MigrationFile],
    after applied: [AppliedFile]
  ) throws(MigrationFailure) -> ArraySlice<MigrationFile> {
    for (place, done) in applied.enumerated() {
      guard done.step.number == Int32(place + 1) else {
        throw .gap(expected: Int32(place + 1), found: done.step.name)
      }
      guard place < files.count else { throw .storeIsNewer(applied: done.step.name, newestNumber: Int32(files.count)) }
      guard files[place].sha256 == done.sha256 else { throw .changed(file: files[place].step.name) }
    }
    return files.dropFirst(applied.count)
  }
}
