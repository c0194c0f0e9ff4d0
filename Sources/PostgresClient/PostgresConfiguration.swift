/// How to reach the store and how long to wait for it.
package struct PostgresConfiguration: Sendable {
  /// A URI (`postgresql://user@host:5432/db`) or `keyword=value` pairs, as libpq reads them. May hold a secret: it is
  /// never written into an error or a log.
  package var connectionString: String
  /// Shown in `pg_stat_activity`.
  package var applicationName: String
  /// From the first packet to a session that answers; name resolution comes on top.
  package var connectTimeout: Duration
  /// The server's limit for one statement.
  package var statementTimeout: Duration
  /// The server's limit for waiting on one lock.
  package var lockTimeout: Duration
  /// After this the server ends a session that holds a transaction open and says nothing: a stopped process cannot
  /// hold rows for longer.
  package var idleInTransactionTimeout: Duration
  /// What the client waits beyond `statementTimeout` without a single byte from the server before it gives the
  /// connection up: a server that is stopped or unreachable cannot enforce its own limits.
  package var answerGrace: Duration
  /// Pause before the second attempt to reconnect; doubled each time up to `reconnectPauseMax`.
  package var reconnectPauseMin: Duration
  package var reconnectPauseMax: Duration

  package init(
    connectionString: String,
    applicationName: String = "hearth",
    connectTimeout: Duration = .seconds(5),
    statementTimeout: Duration = .seconds(30),
    lockTimeout: Duration = .seconds(10),
    idleInTransactionTimeout: Duration = .seconds(30),
    answerGrace: Duration = .seconds(5),
    reconnectPauseMin: Duration = .milliseconds(50),
    reconnectPauseMax: Duration = .seconds(2)
  ) {
    self.connectionString = connectionString
    self.applicationName = applicationName
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
    self.lockTimeout = lockTimeout
    self.idleInTransactionTimeout = idleInTransactionTimeout
    self.answerGrace = answerGrace
    self.reconnectPauseMin = reconnectPauseMin
    self.reconnectPauseMax = reconnectPauseMax
  }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
  /// Without the connection string.
  package var description: String { "store for \(applicationName)" }
  package var debugDescription: String { description }
}

extension Duration {
  /// Whole milliseconds, at least 0.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }
}
