import CPostgreSQL
import Glibc

/// One libpq connection: each function of the library that talks to the server is called once, here, and waits with a
/// limit. Used by one thread at a time (it is not Sendable).
final class ConnectionHandle {
  let pointer: OpaquePointer

  private init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { PQfinish(pointer) }

  /// Connects within `configuration.connectTimeout`, leaves the connection non-blocking and outside pipeline mode.
  static func connect(_ configuration: PostgresConfiguration) throws(PostgresFailure) -> ConnectionHandle {
    try check(configuration.connectionString)
    // `dbname` first: the connection string is expanded in its place and what follows overrides it.
    let settings: [(String, String)] = [
      ("dbname", configuration.connectionString),
      ("application_name", configuration.applicationName),
      ("client_encoding", "UTF8"),
      ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
      ("tcp_user_timeout", "\(configuration.statementTimeout.wholeMilliseconds)"),
    ]
    let pointer = withCStrings(settings.map(\.0)) { names in
      withCStrings(settings.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
    }
    guard let pointer else { throw PostgresFailure(sqlstate: "53200", reason: "no memory for a connection") }
    let handle = ConnectionHandle(pointer)
    // By default libpq prints the server's notices, which may hold values, to stderr.
    PQsetNoticeReceiver(pointer, { _, _ in }, nil)
    try handle.finishConnecting(deadline: .now + configuration.connectTimeout)
    guard PQsetnonblocking(pointer, 1) == 0 else { throw .connectionLost("connection cannot be made non-blocking") }
    return handle
  }

  /// Refuses a string that libpq cannot read, without repeating any of it.
  private static func check(_ connectionString: String) throws(PostgresFailure) {
    guard connectionString.contains("=") || connectionString.contains("://") else { return }
    var message: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(connectionString, &message)
    PQfreemem(message)
    guard let options else {
      throw PostgresFailure(
        sqlstate: "08001",
        reason: "connection string is not one that libpq reads",
        disposition: .fatal
      )
    }
    PQconninfoFree(options)
  }

  private func finishConnecting(deadline: ContinuousClock.Instant) throws(PostgresFailure) {
    guard PQstatus(pointer) != CONNECTION_BAD else { throw connectFailure() }
    var step = PGRES_POLLING_WRITING
    while step != PGRES_POLLING_OK {
      guard try wait(read: step == PGRES_POLLING_READING, write: step == PGRES_POLLING_WRITING, until: deadline) else {
        throw PostgresFailure(sqlstate: "08001", reason: "connection not made in time")
      }
      step = PQconnectPoll(pointer)
      if step == PGRES_POLLING_FAILED { throw connectFailure() }
    }
  }

  private func connectFailure() -> PostgresFailure {
    // One line; names host, port, user and database at most.
    let line = errorMessage.split(separator: "\n").first.map(String.init) ?? "connection failed"
    return PostgresFailure(sqlstate: "08001", reason: String(line.prefix(200)))
  }

  var errorMessage: String { PQerrorMessage(pointer).map { String(cString: $0) } ?? "" }
  var isBad: Bool { PQstatus(pointer) == CONNECTION_BAD }
  var transactionStatus: PGTransactionStatusType { PQtransactionStatus(pointer) }

  /// Waits until the socket can be read or written, or has failed; false when `deadline` passed.
  func wait(read: Bool, write: Bool, until deadline: ContinuousClock.Instant) throws(PostgresFailure) -> Bool {
    let socket = PQsocket(pointer)
    guard socket >= 0 else { throw .connectionLost("connection has no socket") }
    let events = Int16((read ? POLLIN : 0) | (write ? POLLOUT : 0))
    while true {
      let left = (deadline - .now).wholeMilliseconds
      var entry = pollfd(fd: socket, events: events, revents: 0)
      let ready = poll(&entry, 1, Int32(clamping: left))
      if ready > 0 { return true }
      if ready == 0 {
        // Rounded down to a millisecond: only a deadline that is truly past ends the wait.
        if ContinuousClock.now >= deadline { return false }
      } else if errno != EINTR {
        throw .connectionLost("poll failed: errno \(errno)")
      }
    }
  }

  /// Hands the socket what libpq holds; true when nothing is left to send.
  func flush() throws(PostgresFailure) -> Bool {
    let left = PQflush(pointer)
    guard left >= 0 else { throw .connectionLost("connection lost while sending") }
    return left == 0
  }

  /// Reads what the socket has.
  func consume() throws(PostgresFailure) {
    guard PQconsumeInput(pointer) == 1 else { throw .connectionLost("connection lost while receiving") }
  }

  /// Whether the server has closed the connection, or said something unasked, while nothing was under way.
  func isStale() -> Bool {
    guard !isBad, PQsocket(pointer) >= 0 else { return true }
    var entry = pollfd(fd: PQsocket(pointer), events: Int16(POLLIN), revents: 0)
    // A server that ends a session says why first: what it said is read, until there is nothing or the end of file.
    while poll(&entry, 1, 0) > 0 {
      if PQconsumeInput(pointer) != 1 || isBad { return true }
    }
    return false
  }

  func enterPipeline() throws(PostgresFailure) {
    guard PQenterPipelineMode(pointer) == 1 else { throw .connectionLost("pipeline mode refused") }
  }
  func exitPipeline() throws(PostgresFailure) {
    guard PQexitPipelineMode(pointer) == 1 else { throw .connectionLost("pipeline mode cannot be left") }
  }
  func sync() throws(PostgresFailure) {
    guard PQpipelineSync(pointer) == 1 else { throw .connectionLost("connection lost while sending") }
  }
  func sendScript(_ sql: String) throws(PostgresFailure) {
    guard PQsendQuery(pointer, sql) == 1 else { throw .connectionLost("connection lost while sending") }
  }
  func sendPrepare(name: String, sql: String, types: [UInt32]) throws(PostgresFailure) {
    guard PQsendPrepare(pointer, name, sql, Int32(types.count), types) == 1 else {
      throw .connectionLost("connection lost while sending")
    }
  }

  /// Sends a prepared statement, or with `name` nil the SQL text itself; binary results are asked for.
  func send(name: String?, _ statement: PostgresStatement) throws(PostgresFailure) {
    let count = Int32(statement.parameters.count)
    let types = statement.parameters.map { UInt32($0.type.rawValue) }
    let formats = [Int32](repeating: 1, count: statement.parameters.count)
    let lengths = statement.parameters.map { Int32($0.bytes?.count ?? 0) }
    let sent = withParameterPointers(statement.parameters[...], []) { values in
      if let name {
        PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
      } else {
        PQsendQueryParams(pointer, statement.sql, count, types, values, lengths, formats, 1)
      }
    }
    guard sent == 1 else { throw .connectionLost("connection lost while sending") }
  }

  /// The next result, if libpq has read it whole; nil ends the results of a command. Only when `isBusy` is false.
  func nextResult() -> OpaquePointer? { PQgetResult(pointer) }
  var isBusy: Bool { PQisBusy(pointer) == 1 }
}

/// Pins every parameter's bytes while `body` runs; NULL is a null pointer, an empty value is not.
private func withParameterPointers<Result>(
  _ parameters: ArraySlice<PostgresValue>,
  _ pointers: [UnsafePointer<CChar>?],
  _ body: ([UnsafePointer<CChar>?]) -> Result
) -> Result {
  guard let first = parameters.first else { return body(pointers) }
  guard let bytes = first.bytes else {
    return withParameterPointers(parameters.dropFirst(), pointers + [nil], body)
  }
  return (bytes.isEmpty ? [0] : bytes).withUnsafeBytes { buffer in
    let pointer = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
    return withParameterPointers(parameters.dropFirst(), pointers + [pointer], body)
  }
}

/// A null-terminated array of C strings that lives while `body` runs.
private func withCStrings<Result>(
  _ strings: [String],
  _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  let pointers = copies.map { UnsafePointer($0) } + [nil]
  return pointers.withUnsafeBufferPointer { buffer in
    // The array holds at least its terminator, so its address is there.
    guard let base = buffer.baseAddress else { return withUnsafePointer(to: nil, body) }
    return body(base)
  }
}
