import PostgresClient
import Testing

@Suite("The pool")
struct PostgresPoolTests {
  @Test("never more connections than its bound, and everybody is served")
  func bound() async throws {
    let database = try await TestDatabase.make()
    let pool = PostgresPool(database.configuration { $0.applicationName = "hearth-bound" }, connectionsMax: 3)
    let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<60 { group.addTask { try await pool.query("SELECT pg_backend_pid()")[0].int4(0) } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect((1...3).contains(pids.count))
    let open = try await database.connection().query(
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hearth-bound'"
    )
    #expect(try open[0].int8(0) == Int64(pids.count))
  }

  @Test("who waits too long for a connection gets a retriable failure, and the pool goes on")
  func waitLimit() async throws {
    let database = try await TestDatabase.make()
    let pool = PostgresPool(database.configuration(), connectionsMax: 1, waitLimit: .milliseconds(30))
    let gate = Gate()
    async let holder: Void = pool.run { session throws(PostgresFailure) in
      try session.query("SELECT 1")
      gate.hold()
    }
    await gate.isHeld()
    let failure = await #expect(throws: PostgresFailure.self) { try await pool.query("SELECT 1") }
    #expect(failure?.sqlstate == "53300")
    #expect(failure?.disposition == .retriable)
    gate.open()
    try await holder
    #expect(try await pool.query("SELECT 1::int4")[0].int4(0) == 1)
  }

  @Test("a cancelled caller stops waiting")
  func cancellation() async throws {
    let database = try await TestDatabase.make()
    let pool = PostgresPool(database.configuration(), connectionsMax: 1, waitLimit: .seconds(60))
    let gate = Gate()
    async let holder: Void = pool.run { _ throws(PostgresFailure) in
      gate.hold()
    }
    await gate.isHeld()
    let waiter = Task { try await pool.query("SELECT 1") }
    waiter.cancel()
    await #expect(throws: PostgresFailure.self) { try await waiter.value }
    gate.open()
    try await holder
  }

  @Test("a closed pool refuses")
  func closed() async throws {
    let pool = try await TestDatabase.make().pool()
    _ = try await pool.query("SELECT 1")
    pool.close()
    let failure = await #expect(throws: PostgresFailure.self) { try await pool.query("SELECT 1") }
    #expect(failure?.disposition == .permanent)
  }
}
