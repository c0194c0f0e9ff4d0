import PostgresClient
import Testing

@Suite("Failures of the store")
struct PostgresFailureTests {
  @Test(
    "the SQLSTATE alone decides what to do",
    arguments: [
      ("08006", PostgresDisposition.retriable), ("57P01", .retriable), ("57P02", .retriable), ("57P03", .retriable),
      ("57014", .retriable), ("40001", .retriable), ("40P01", .retriable), ("53100", .retriable), ("53300", .retriable),
      ("55P03", .retriable), ("25P03", .retriable), ("25006", .retriable), ("58030", .retriable),
      ("22021", .permanent), ("22P05", .permanent), ("23505", .permanent), ("21000", .permanent), ("42P01", .fatal),
      ("28P01", .fatal), ("3D000", .fatal), ("XX001", .fatal),
    ]
  )
  func dispositions(sqlstate: String, disposition: PostgresDisposition) {
    #expect(PostgresFailure(sqlstate: sqlstate, reason: "").disposition == disposition)
  }

  @Test("a value never gets into a failure; the names of table and constraint do")
  func noData() async throws {
    let connection = try await TestDatabase.make().connection()
    _ = try await connection.query("CREATE TABLE people (phone text PRIMARY KEY)")
    let insert = "INSERT INTO people VALUES ($1)"
    _ = try await connection.query(insert, [.text("13800000000")])
    let unique = await #expect(throws: PostgresFailure.self) {
      try await connection.query(insert, [.text("13800000000")])
    }
    #expect(unique?.sqlstate == "23505")
    #expect(unique?.description == "statement failed, table people, constraint people_pkey [23505, permanent]")
    let number = await #expect(throws: PostgresFailure.self) {
      try await connection.query("SELECT $1::text::int4", [.text("x13800000000")])
    }
    #expect(number?.sqlstate == "22P02")
    #expect(number?.description.contains("138") == false)
    let encoding = await #expect(throws: PostgresFailure.self) {
      try await connection.query("SELECT $1::text", [.text("a\0b")])
    }
    #expect(encoding?.sqlstate == "22021")
    let syntax = await #expect(throws: PostgresFailure.self) { try await connection.query("SELEKT 1") }
    #expect(syntax?.sqlstate == "42601")
    #expect(syntax?.reason.contains("SELEKT") == true)
  }

  @Test("a statement past its time is cancelled by the server, and the session goes on")
  func statementTimeout() async throws {
    let database = try await TestDatabase.make()
    let connection = try PostgresConnection(database.configuration { $0.statementTimeout = .milliseconds(50) })
    let failure = await #expect(throws: PostgresFailure.self) { try await connection.query("SELECT pg_sleep(30)") }
    #expect(failure?.sqlstate == "57014")
    #expect(failure?.disposition == .retriable)
    #expect(try await connection.query("SELECT 1::int4")[0].int4(0) == 1)
  }

  @Test("a lock that is held elsewhere is given up in time")
  func lockTimeout() async throws {
    let database = try await TestDatabase.make()
    let waiting = try PostgresConnection(database.configuration { $0.lockTimeout = .milliseconds(50) })
    let holder = try Leader(database.configuration())
    _ = try await holder.take()
    let failure = await #expect(throws: PostgresFailure.self) {
      try await waiting.query("SELECT FROM pg_advisory_xact_lock(77)")
    }
    #expect(failure?.sqlstate == "55P03")
    #expect(failure?.disposition == .retriable)
  }

  /// Holds advisory lock 77 for as long as it lives.
  private struct Leader {
    let connection: PostgresConnection
    init(_ configuration: PostgresConfiguration) throws { connection = try PostgresConnection(configuration) }
    func take() async throws { _ = try await connection.query("SELECT FROM pg_advisory_lock(77)") }
  }

  @Test("a connection string that cannot be read is refused without being repeated")
  func badConnectionString() async throws {
    let connection = try PostgresConnection(
      PostgresConfiguration(connectionString: "host=localhost password = 'hunter2")
    )
    let failure = await #expect(throws: PostgresFailure.self) { try await connection.query("SELECT 1") }
    #expect(failure?.disposition == .fatal)
    #expect(failure?.description.contains("hunter2") == false)
  }

  @Test("no server gives a retriable failure")
  func noServer() async throws {
    let connection = try PostgresConnection(
      PostgresConfiguration(connectionString: "host=/nonexistent user=a dbname=b password=hunter2")
    )
    let failure = await #expect(throws: PostgresFailure.self) { try await connection.query("SELECT 1") }
    #expect(failure?.sqlstate == "08001")
    #expect(failure?.disposition == .retriable)
    #expect(failure?.description.contains("hunter2") == false)
  }
}
