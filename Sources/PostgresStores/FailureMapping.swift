import EventModel
import PipelinePorts
import PostgresClient

extension AdapterFailure {
  /// The store's failure as the ports know it; `code` is the SQLSTATE.
  package init(_ failure: PostgresFailure) {
    let disposition: Disposition
    switch failure.disposition {
    case .retriable: disposition = .retriable
    case .permanent: disposition = .permanent
    case .fatal: disposition = .fatal
    }
    self.init(
      code: failure.sqlstate,
      reason: failure.reason,
      disposition: disposition,
      possiblyApplied: failure.commitUnknown
    )
  }
}

extension PostgresPool {
  /// `run` for the ports: failures come out as theirs.
  func perform<Value: Sendable>(
    _ body: @Sendable (PostgresSession) throws(PostgresFailure) -> Value
  ) async throws(AdapterFailure) -> Value {
    do { return try await run(body) } catch { throw AdapterFailure(error) }
  }
}

extension Instant {
  /// Microseconds since 1970; past what 64 bits hold, the extremes, which the store keeps as ±infinity.
  var microseconds: Int64 {
    let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
    return overflow ? (milliseconds < 0 ? .min : .max) : product
  }

  init(microseconds: Int64) {
    switch microseconds {
    case .max: self = .distantFuture
    case .min: self = .distantPast
    default: self.init(milliseconds: floorDivide(microseconds, 1000).quotient)
    }
  }
}

extension PostgresRow {
  func instant(_ column: Int) throws(PostgresFailure) -> Instant { Instant(microseconds: try microseconds(column)) }
  func instantOrNull(_ column: Int) throws(PostgresFailure) -> Instant? {
    try microsecondsOrNull(column).map { Instant(microseconds: $0) }
  }
}
