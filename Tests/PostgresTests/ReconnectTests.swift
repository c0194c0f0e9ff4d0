import Foundation
import PostgresClient
import Testing

@Suite("Connections that break")
struct ReconnectTests {
  @Test("a session ended while idle is made anew without the caller seeing it")
  func idle() async throws {
    let database = try await TestDatabase.make()
    let connection = try database.connection()
    let pid = try await Self.backend(connection)
    try await Self.terminate(pid, database)
    #expect(try await Self.backend(connection) != pid)
  }

  @Test("a backend killed in the middle of a transaction fails it, known as not applied; the next one works")
  func midTransaction() async throws {
    let database = try await TestDatabase.make()
    let connection = try database.connection()
    _ = try await connection.query("CREATE TABLE t (n int4)")
    let failure = await #expect(throws: PostgresFailure.self) {
      try await connection.run { session throws(PostgresFailure) in
        try session.transaction { session throws(PostgresFailure) in
          try session.query("INSERT INTO t VALUES (1)")
          // Its own backend: the answer is the end of the connection.
          try session.query("SELECT pg_terminate_backend(pg_backend_pid())")
        }
      }
    }
    #expect(failure?.disposition == .retriable)
    #expect(failure?.commitUnknown == false)
    #expect(try await connection.query("SELECT FROM t").count == 0)
    _ = try await connection.query("INSERT INTO t VALUES (2)")
    #expect(try await connection.query("SELECT FROM t").count == 1)
  }

  @Test("a server that is stopped gives a failure in bounded time", .enabled(if: TestDatabase.isPrivate))
  func hung() async throws {
    let database = try await TestDatabase.make()
    let connection = try PostgresConnection(
      database.configuration {
        $0.statementTimeout = .milliseconds(100)
        $0.answerGrace = .milliseconds(100)
      }
    )
    let pid = try await Self.backend(connection)
    #expect(kill(pid, SIGSTOP) == 0)
    defer { kill(pid, SIGCONT) }
    let started = ContinuousClock.now
    let failure = await #expect(throws: PostgresFailure.self) { try await connection.query("SELECT 1") }
    #expect(failure?.sqlstate == "08006")
    #expect(ContinuousClock.now - started < .seconds(5))
    #expect(try await Self.backend(connection) != pid)
  }

  @Test("a commit to a server that is stopped is unknown", .enabled(if: TestDatabase.isPrivate))
  func hungCommit() async throws {
    let database = try await TestDatabase.make()
    let connection = try PostgresConnection(
      database.configuration {
        $0.statementTimeout = .milliseconds(100)
        $0.answerGrace = .milliseconds(100)
      }
    )
    _ = try await connection.query("CREATE TABLE t (n int4)")
    let pid = try await Self.backend(connection)
    defer { kill(pid, SIGCONT) }
    let failure = await #expect(throws: PostgresFailure.self) {
      try await connection.run { session throws(PostgresFailure) in
        try session.query("BEGIN")
        kill(pid, SIGSTOP)
        try session.commit(after: [PostgresStatement("INSERT INTO t VALUES (1)")])
      }
    }
    #expect(failure?.commitUnknown == true)
    #expect(failure?.disposition == .retriable)
  }

  @Test("a transaction that a caller leaves open is rolled back before the next caller")
  func leftOpen() async throws {
    let connection = try await TestDatabase.make().connection()
    _ = try await connection.query("CREATE TABLE t (n int4)")
    try await connection.run { session throws(PostgresFailure) in
      try session.query("BEGIN")
      try session.query("INSERT INTO t VALUES (1)")
    }
    #expect(try await connection.query("SELECT FROM t").count == 0)
  }

  @Test("a server that crashes and comes back is found again, with what was committed")
  func restart() async throws {
    let cluster = try PrivateCluster()
    let connection = try PostgresConnection(
      PostgresConfiguration(connectionString: cluster.connectionString(database: "postgres"))
    )
    _ = try await connection.query("CREATE TABLE t (n int4)")
    _ = try await connection.query("INSERT INTO t VALUES (1)")
    try cluster.crash()
    let down = await #expect(throws: PostgresFailure.self) { try await connection.query("SELECT FROM t") }
    #expect(down?.disposition == .retriable)
    let still = await #expect(throws: PostgresFailure.self) { try await connection.query("SELECT FROM t") }
    #expect(still?.sqlstate == "08001")
    try cluster.start()
    #expect(try await connection.query("SELECT FROM t").count == 1)
  }

  private static func backend(_ connection: PostgresConnection) async throws -> Int32 {
    try await connection.query("SELECT pg_backend_pid()")[0].int4(0)
  }

  private static func terminate(_ pid: Int32, _ database: TestDatabase) async throws {
    let result = try await database.connection().query("SELECT pg_terminate_backend($1, 5000)", [.int4(pid)])
    #expect(try result[0].bool(0))
  }
}
