import Synchronization

/// At most `connectionsMax` connections, opened as needed and kept; who finds none free waits in order.
package final class PostgresPool: Sendable {
  /// Callers that may wait at once; one more is refused at once (`53300`).
  package static let waitersMax = 4096

  private enum Lease {
    case connection(PostgresConnection)
    case refused(PostgresFailure)
  }
  private enum Admission {
    case now(Lease)
    case open
    case wait(UInt64)
  }
  private struct Waiter {
    var number: UInt64
    var continuation: CheckedContinuation<Lease, Never>
  }
  private struct State {
    var idle: [PostgresConnection] = []
    var openCount = 0
    var waiters: [Waiter] = []
    var nextNumber: UInt64 = 0
    /// Told to wait and not waiting yet; one whose time is up in between is taken out.
    var arriving: Set<UInt64> = []
    var isClosed = false
  }

  package let configuration: PostgresConfiguration
  package let connectionsMax: Int
  package let waitLimit: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - connectionsMax: 1 or more.
  ///   - waitLimit: how long a caller waits for a free connection before `53300`.
  package init(_ configuration: PostgresConfiguration, connectionsMax: Int = 4, waitLimit: Duration = .seconds(10)) {
    self.configuration = configuration
    self.connectionsMax = max(1, connectionsMax)
    self.waitLimit = waitLimit
  }

  /// Runs `body` on a connection that is this caller's alone meanwhile (`PostgresConnection.run`).
  package func run<Value: Sendable>(
    _ body: @Sendable (PostgresSession) throws(PostgresFailure) -> Value
  ) async throws(PostgresFailure) -> Value {
    let connection = try await lease()
    defer { giveBack(connection) }
    return try await connection.run(body)
  }

  /// One statement in a transaction of its own.
  package func query(
    _ sql: String,
    _ parameters: [PostgresValue] = []
  ) async throws(PostgresFailure) -> PostgresResult {
    try await run { session throws(PostgresFailure) in try session.query(sql, parameters) }
  }

  /// Refuses new work and those who wait; connections end when the work on them has.
  package func close() {
    let waiters = state.withLock { state in
      state.isClosed = true
      state.idle = []
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume(returning: .refused(Self.closed)) }
  }

  private static let closed = PostgresFailure(sqlstate: "57P01", reason: "pool is closed", disposition: .permanent)

  private func lease() async throws(PostgresFailure) -> PostgresConnection {
    switch state.withLock({ admit(&$0) }) {
    case .now(let lease): return try connection(of: lease)
    case .open: return try open()
    case .wait(let number): return try connection(of: await wait(number))
    }
  }

  private func connection(of lease: Lease) throws(PostgresFailure) -> PostgresConnection {
    switch lease {
    case .connection(let connection): return connection
    case .refused(let failure): throw failure
    }
  }

  private func admit(_ state: inout State) -> Admission {
    if state.isClosed { return .now(.refused(Self.closed)) }
    if let connection = state.idle.popLast() { return .now(.connection(connection)) }
    if state.openCount < connectionsMax {
      state.openCount += 1
      return .open
    }
    guard state.waiters.count + state.arriving.count < Self.waitersMax else {
      let reason = "more than \(Self.waitersMax) wait for a connection"
      return .now(.refused(PostgresFailure(sqlstate: "53300", reason: reason)))
    }
    state.nextNumber += 1
    state.arriving.insert(state.nextNumber)
    return .wait(state.nextNumber)
  }

  private func open() throws(PostgresFailure) -> PostgresConnection {
    do {
      return try PostgresConnection(configuration)
    } catch {
      state.withLock { $0.openCount -= 1 }
      throw error
    }
  }

  private func wait(_ number: UInt64) async -> Lease {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [waitLimit] in
        // Ends early, by cancellation, once the connection is there; or when the caller is cancelled.
        try? await Task.sleep(for: waitLimit)
        self.expire(number)
      }
      let lease = await withCheckedContinuation { continuation in
        enqueue(Waiter(number: number, continuation: continuation))
      }
      group.cancelAll()
      return lease
    }
  }

  private func enqueue(_ waiter: Waiter) {
    let lease: Lease? = state.withLock { state in
      if state.isClosed {
        state.arriving.remove(waiter.number)
        return .refused(Self.closed)
      }
      guard state.arriving.remove(waiter.number) != nil else { return .refused(timedOut) }
      // One may have been given back since the caller was told to wait.
      if let connection = state.idle.popLast() { return .connection(connection) }
      state.waiters.append(waiter)
      return nil
    }
    if let lease { waiter.continuation.resume(returning: lease) }
  }

  private var timedOut: PostgresFailure {
    PostgresFailure(
      sqlstate: "53300",
      reason: "no free connection within \(waitLimit), all \(connectionsMax) are in use"
    )
  }

  private func expire(_ number: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      state.arriving.remove(number)
      guard let place = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
      return state.waiters.remove(at: place)
    }
    waiter?.continuation.resume(returning: .refused(timedOut))
  }

  private func giveBack(_ connection: PostgresConnection) {
    let waiter: Waiter? = state.withLock { state in
      if state.isClosed { return nil }
      if state.waiters.isEmpty {
        state.idle.append(connection)
        return nil
      }
      return state.waiters.removeFirst()
    }
    waiter?.continuation.resume(returning: .connection(connection))
  }
}
