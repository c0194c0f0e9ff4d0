/// One connection to the store, kept up: its work runs on a thread of its own, one piece at a time, and a lost
/// connection is made anew before the next piece.
///
/// Nothing is repeated by itself: a piece of work whose connection breaks fails with a retriable `PostgresFailure`.
package actor PostgresConnection {
  private let executor: ThreadExecutor
  private let configuration: PostgresConfiguration
  private var session: PostgresSession?
  private var pause: Duration
  private var nextAttempt: ContinuousClock.Instant = .now

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Starts the thread; connects at the first use. Throws when the system has no thread to give.
  package init(_ configuration: PostgresConfiguration) throws(PostgresFailure) {
    executor = try ThreadExecutor()
    self.configuration = configuration
    pause = configuration.reconnectPauseMin
  }

  deinit { executor.stop() }

  /// Runs `body` with the live session; nothing else uses the connection meanwhile.
  ///
  /// A transaction that `body` leaves open is rolled back. Takes at most the pause between attempts, the connect
  /// timeout and what the statements' own limits allow. A cancelled task still waits for the answer of the statement
  /// under way.
  package func run<Value: Sendable>(
    _ body: @Sendable (PostgresSession) throws(PostgresFailure) -> Value
  ) async throws(PostgresFailure) -> Value {
    let session = try await connected()
    defer {
      session.rollback()
      if session.isBroken { self.session = nil }
    }
    return try body(session)
  }

  /// One statement in a transaction of its own.
  package func query(
    _ sql: String,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresFailure) -> PostgresResult {
    try await run { session throws(PostgresFailure) in try session.query(sql, parameters) }
  }

  /// Whether a live session stands, as far as is known without asking the server.
  package var isConnected: Bool { session.map { !$0.isStale } ?? false }

  /// Ends the session; the next use connects again.
  package func disconnect() { session = nil }

  private func connected() async throws(PostgresFailure) -> PostgresSession {
    if let session, !session.isStale { return session }
    session = nil
    while nextAttempt > .now {
      do { try await Task.sleep(until: nextAttempt) } catch {
        throw PostgresFailure(sqlstate: "57014", reason: "cancelled while waiting to reconnect")
      }
      // Another piece of work may have connected, or failed to, during the pause.
      if let session, !session.isStale { return session }
    }
    do {
      let fresh = try PostgresSession(configuration)
      pause = configuration.reconnectPauseMin
      session = fresh
      return fresh
    } catch {
      nextAttempt = .now + pause
      pause = min(pause * 2, configuration.reconnectPauseMax)
      throw error
    }
  }
}
