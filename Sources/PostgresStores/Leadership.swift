import Digests
import PipelinePorts
import PostgresClient

/// One leader among the processes that use the same name: a session's advisory lock, on a connection of its own.
///
/// The server gives the lock free when the session ends, also by the process's death; a leader that is cut off finds
/// out by `holds()`. Leadership only says who should work: what the work writes must be fenced, or be the same when
/// done twice.
package struct Leadership: Sendable {
  private let connection: PostgresConnection
  private let key: Int64

  /// - Parameter name: of the role, for instance `scheduler`.
  package init(_ configuration: PostgresConfiguration, name: String) throws(AdapterFailure) {
    do { connection = try PostgresConnection(configuration) } catch { throw AdapterFailure(error) }
    key = sha256("hearth leadership \(name)".utf8).prefix(8).reduce(0) { $0 << 8 | Int64($1) }
  }

  /// Becomes leader unless another is; true also when it already was. Does not wait.
  package func acquire() async throws(AdapterFailure) -> Bool {
    try await perform { session throws(PostgresFailure) in
      // Taking it twice would count twice.
      if try Self.holds(session, key) { return true }
      return try session.query("SELECT pg_try_advisory_lock($1)", [.int8(key)])[0].bool(0)
    }
  }

  /// Asks the server whether the session of this moment holds the lock. False after a reconnect.
  package func holds() async throws(AdapterFailure) -> Bool {
    try await perform { session throws(PostgresFailure) in try Self.holds(session, key) }
  }

  /// Steps down and ends the session; a later `acquire` makes a new one. Where the server cannot be told, it finds out
  /// by the end of the connection.
  package func resign() async {
    if await connection.isConnected {
      _ = try? await connection.query("SELECT pg_advisory_unlock($1)", [.int8(key)])
    }
    await connection.disconnect()
  }

  private static func holds(_ session: PostgresSession, _ key: Int64) throws(PostgresFailure) -> Bool {
    try session.query(
      """
      SELECT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid::int8 = ($1::int8 >> 32) & 4294967295 AND objid::int8 = $1::int8 & 4294967295 AND objsubid = 1)
      """,
      [.int8(key)]
    )[0].bool(0)
  }

  private func perform<Value: Sendable>(
    _ body: @Sendable (PostgresSession) throws(PostgresFailure) -> Value
  ) async throws(AdapterFailure) -> Value {
    do { return try await connection.run(body) } catch { throw AdapterFailure(error) }
  }
}
