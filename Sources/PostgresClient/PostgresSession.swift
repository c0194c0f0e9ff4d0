import CPostgreSQL

/// A live session, used synchronously inside `PostgresConnection.run`: every call blocks the connection's own thread,
/// for a bounded time.
///
/// Statements go through the extended protocol in pipeline mode; those whose text has been seen are prepared once and
/// reused. A lost connection makes the session `isBroken`: nothing works on it any more.
package final class PostgresSession {
  /// Statements kept prepared; a text past that many is sent whole each time.
  package static let preparedStatementsMax = 256

  private struct StatementKey: Hashable {
    var sql: String
    var types: [PostgresType]
  }
  /// What was sent and is to be answered, in order.
  private enum Pending {
    case preparation(StatementKey, name: String)
    case statement(isCommit: Bool)
  }

  private let handle: ConnectionHandle
  private let answerLimit: Duration
  private var prepared: [StatementKey: String] = [:]
  private var preparedCount = 0
  private var deadline: ContinuousClock.Instant

  /// The connection is gone, or its state unknown.
  package private(set) var isBroken = false

  /// Connects and sets the session's limits; bounded by `connectTimeout` and one answer.
  init(_ configuration: PostgresConfiguration) throws(PostgresFailure) {
    handle = try ConnectionHandle.connect(configuration)
    answerLimit = configuration.statementTimeout + configuration.answerGrace
    deadline = .now + answerLimit
    try handle.enterPipeline()
    let settings: [(String, String)] = [
      ("statement_timeout", "\(configuration.statementTimeout.wholeMilliseconds)"),
      ("lock_timeout", "\(configuration.lockTimeout.wholeMilliseconds)"),
      ("idle_in_transaction_session_timeout", "\(configuration.idleInTransactionTimeout.wholeMilliseconds)"),
      ("synchronous_commit", "on"), ("default_transaction_isolation", "read committed"), ("timezone", "UTC"),
      ("datestyle", "ISO"),
    ]
    _ = try query(
      "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)",
      [.textArray(settings.map(\.0)), .textArray(settings.map(\.1))]
    )
  }

  /// The server closed the connection while nothing was under way.
  var isStale: Bool { isBroken || handle.isStale() }

  /// Whether a transaction is open, failed or not.
  package var isInTransaction: Bool {
    switch handle.transactionStatus {
    case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: true
    default: false
    }
  }

  /// One statement, in the transaction that is open or in one of its own.
  @discardableResult
  package func query(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresFailure) -> PostgresResult {
    let results = try pipeline(CollectionOfOne(PostgresStatement(sql, parameters)))
    guard let result = results.first else { throw .unexpectedResult("statement without an answer") }
    return result
  }

  /// Statements in one go: all are sent without waiting for answers. The first that fails stops those after it and is
  /// thrown; outside an explicit transaction the whole is one transaction.
  ///
  /// - Parameter statements: taken one by one, so that a lazy sequence holds one batch in memory at a time.
  package func pipeline(_ statements: some Sequence<PostgresStatement>) throws(PostgresFailure) -> [PostgresResult] {
    try exchange(statements, committing: false)
  }

  /// Statements and COMMIT in one go.
  ///
  /// Throws `commitUnknown` when the connection was lost after COMMIT was handed over and before its answer; any other
  /// failure means that nothing was committed.
  @discardableResult
  package func commit(
    after statements: some Sequence<PostgresStatement> = EmptyCollection<PostgresStatement>()
  ) throws(PostgresFailure) -> [PostgresResult] {
    var results = try exchange(statements, committing: true)
    // A failed transaction answers COMMIT with ROLLBACK, without an error.
    guard let last = results.popLast(), last.commandTag == "COMMIT" else {
      throw PostgresFailure(sqlstate: "25P02", reason: "transaction had failed before COMMIT", disposition: .retriable)
    }
    return results
  }

  /// `body` between BEGIN and COMMIT; rolled back when it throws.
  package func transaction<Value>(
    _ body: (PostgresSession) throws(PostgresFailure) -> Value
  ) throws(PostgresFailure) -> Value {
    do {
      try query("BEGIN")
      let value = try body(self)
      try commit()
      return value
    } catch {
      rollback()
      throw error
    }
  }

  /// Ends an open transaction without effect; a session on which that fails is broken, and the server ends it.
  package func rollback() {
    guard !isBroken, isInTransaction else { return }
    do { try query("ROLLBACK") } catch { isBroken = true }
  }

  /// Several statements in one text, without parameters (migrations). Inside the open transaction, if there is one.
  package func script(_ sql: String) throws(PostgresFailure) {
    try whileUsable { () throws(PostgresFailure) in
      try handle.exitPipeline()
      try handle.sendScript(sql)
      extendDeadline()
      while try !handle.flush() { try awaitProgress(write: true) }
      var failure: PostgresFailure?
      while let result = try nextResult() {
        let next = self.failure(of: result)
        PQclear(result)
        // A COPY would offer its result for ever.
        if let next, next.sqlstate == "XX000" { throw next }
        failure = failure ?? next
      }
      try handle.enterPipeline()
      if let failure { throw failure }
    }
  }

  // MARK: - The exchange

  private func exchange(
    _ statements: some Sequence<PostgresStatement>,
    committing: Bool
  ) throws(PostgresFailure) -> [PostgresResult] {
    var pending: [Pending] = []
    var firstFailure: PostgresFailure?
    var commitWasSent = false
    do {
      return try whileUsable { () throws(PostgresFailure) in
        for statement in statements { try send(statement, &pending) }
        if committing {
          commitWasSent = true
          try send(PostgresStatement("COMMIT"), &pending, isCommit: true)
        }
        try handle.sync()
        try drain()
        let results = try collect(pending, &firstFailure)
        if let firstFailure { throw firstFailure }
        return results
      }
    } catch {
      // A broken connection says nothing about a COMMIT that was handed over, unless an earlier statement is known to
      // have failed, which made that COMMIT void.
      guard isBroken, commitWasSent, firstFailure == nil || firstFailure == error else { throw error }
      var failure = error
      failure.commitUnknown = firstFailure == nil || Self.endsSession(error)
      throw failure
    }
  }

  private func send(
    _ statement: PostgresStatement,
    _ pending: inout [Pending],
    isCommit: Bool = false
  ) throws(PostgresFailure) {
    extendDeadline()
    let key = StatementKey(sql: statement.sql, types: statement.parameters.map(\.type))
    var name = prepared[key]
    if name == nil, preparedCount < Self.preparedStatementsMax {
      preparedCount += 1
      let fresh = "s\(preparedCount)"
      try handle.sendPrepare(name: fresh, sql: statement.sql, types: key.types.map(\.rawValue))
      pending.append(.preparation(key, name: fresh))
      // Known from here on, so that a repeat inside this pipeline uses it; taken back if the server refuses it.
      prepared[key] = fresh
      name = fresh
    }
    try handle.send(name: name, statement)
    pending.append(.statement(isCommit: isCommit))
    try drain()
  }

  /// Sends everything that libpq holds; reads along, so that neither side waits for the other with full buffers.
  private func drain() throws(PostgresFailure) {
    while try !handle.flush() { try awaitProgress(write: true) }
  }

  private func collect(
    _ pending: [Pending],
    _ firstFailure: inout PostgresFailure?
  ) throws(PostgresFailure) -> [PostgresResult] {
    var results: [PostgresResult] = []
    for item in pending {
      var isDone = false
      while let result = try nextResult() {
        isDone = true
        let status = PQresultStatus(result)
        if case .preparation(let key, _) = item {
          if status != PGRES_COMMAND_OK { prepared[key] = nil }
          if firstFailure == nil { firstFailure = failure(of: result) }
          PQclear(result)
        } else if let failure = failure(of: result) {
          if firstFailure == nil { firstFailure = failure }
          PQclear(result)
        } else {
          results.append(PostgresResult(result))
        }
        if let firstFailure, Self.endsSession(firstFailure) || handle.isBad { throw firstFailure }
      }
      if !isDone { throw .connectionLost("connection lost before an answer") }
    }
    guard let sync = try nextResult() else { throw .connectionLost("connection lost before the end of a pipeline") }
    defer { PQclear(sync) }
    let status = PQresultStatus(sync)
    guard status == PGRES_PIPELINE_SYNC else {
      // The server may end the session in this very place, after all answers: COMMIT's was read, or failed, before.
      throw failure(of: sync) ?? .unexpectedResult("pipeline ended with status \(status.rawValue)")
    }
    return results
  }

  /// The next result, waited for; nil at the end of a command's results.
  private func nextResult() throws(PostgresFailure) -> OpaquePointer? {
    while handle.isBusy {
      let isSent = try handle.flush()
      try awaitProgress(write: !isSent)
    }
    return handle.nextResult()
  }

  /// Waits for the socket; any byte from the server, or taken by it, starts the limit again.
  private func awaitProgress(write: Bool) throws(PostgresFailure) {
    guard try handle.wait(read: true, write: write, until: deadline) else {
      throw PostgresFailure(
        sqlstate: "08006",
        reason: "server gave no answer within \(answerLimit); connection given up"
      )
    }
    extendDeadline()
    try handle.consume()
  }

  private func extendDeadline() { deadline = .now + answerLimit }

  /// Any failure of the connection itself, and any fault of the protocol, breaks the session for good.
  private func whileUsable<Value>(_ body: () throws(PostgresFailure) -> Value) throws(PostgresFailure) -> Value {
    guard !isBroken else { throw .connectionLost("session is broken") }
    do {
      return try body()
    } catch {
      if handle.isBad || Self.endsSession(error) || error.sqlstate == "XX000" { isBroken = true }
      throw error
    }
  }

  /// Whether a failure comes from the connection's end rather than from a statement.
  private static func endsSession(_ failure: PostgresFailure) -> Bool {
    failure.sqlstate.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05", "25P03"].contains(failure.sqlstate)
  }

  // MARK: - Failures

  private func failure(of result: OpaquePointer) -> PostgresFailure? {
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_ABORTED: return nil
    case PGRES_FATAL_ERROR: break
    case PGRES_BAD_RESPONSE: return .connectionLost("server's answer could not be read")
    default: return .unexpectedResult("result status \(PQresultStatus(result).rawValue) is not one that is asked for")
    }
    // libpq's own failures (the connection went away) carry no SQLSTATE.
    guard let sqlstate = field(result, PG_DIAG_SQLSTATE_) else {
      return .connectionLost("connection lost before an answer")
    }
    var reason = "statement failed"
    if PostgresFailure.messageIsFreeOfData(sqlstate), let message = field(result, PG_DIAG_MESSAGE_PRIMARY_) {
      reason = String(message.prefix(200))
    }
    let names = [
      ("table", PG_DIAG_TABLE_NAME_), ("column", PG_DIAG_COLUMN_NAME_), ("constraint", PG_DIAG_CONSTRAINT_NAME_),
    ]
    for (word, code) in names {
      if let name = field(result, code) { reason += ", \(word) \(name)" }
    }
    return PostgresFailure(sqlstate: sqlstate, reason: reason)
  }

  private func field(_ result: OpaquePointer, _ code: Int32) -> String? {
    PQresultErrorField(result, code).map { String(cString: $0) }
  }
}

// The header gives these as character macros, which are not imported. Source: postgres_ext.h.
private let PG_DIAG_SQLSTATE_ = Int32(UInt8(ascii: "C"))
private let PG_DIAG_MESSAGE_PRIMARY_ = Int32(UInt8(ascii: "M"))
private let PG_DIAG_TABLE_NAME_ = Int32(UInt8(ascii: "t"))
private let PG_DIAG_COLUMN_NAME_ = Int32(UInt8(ascii: "c"))
private let PG_DIAG_CONSTRAINT_NAME_ = Int32(UInt8(ascii: "n"))
