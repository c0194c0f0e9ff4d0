/// What to do about a failure of the store.
package enum PostgresDisposition: String, Sendable {
  /// The same call may succeed later.
  case retriable
  /// The same call will never succeed; its input is at fault.
  case permanent
  /// The process must stop: a fault of the program, the schema or the server's files.
  case fatal
}

/// A failure of the store or of the way to it.
///
/// Holds no parameter, row or secret: the server's DETAIL, HINT and CONTEXT are never taken, and its message only for
/// the classes of SQLSTATE whose messages speak of the statement or the server, not of values.
package struct PostgresFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// SQLSTATE, also for what the client finds out itself (`08006` connection lost, `57014` no answer in time).
  package var sqlstate: String
  package var reason: String
  package var disposition: PostgresDisposition
  /// COMMIT had been sent and its answer never came: the transaction may stand.
  package var commitUnknown: Bool

  /// - Parameter disposition: by default what `PostgresFailure.disposition(of:)` says of the SQLSTATE.
  package init(
    sqlstate: String,
    reason: String,
    disposition: PostgresDisposition? = nil,
    commitUnknown: Bool = false
  ) {
    self.sqlstate = sqlstate
    self.reason = reason
    self.disposition = disposition ?? Self.disposition(of: sqlstate)
    self.commitUnknown = commitUnknown
  }

  package var description: String {
    "\(reason) [\(sqlstate), \(disposition.rawValue)\(commitUnknown ? ", commit unknown" : "")]"
  }

  /// The connection broke, or was given up, in the middle of something.
  package static func connectionLost(_ reason: String) -> PostgresFailure {
    PostgresFailure(sqlstate: "08006", reason: reason)
  }

  /// A result is not of the shape that the program expects.
  package static func unexpectedResult(_ reason: String) -> PostgresFailure {
    PostgresFailure(sqlstate: "XX000", reason: reason, disposition: .fatal)
  }

  /// By SQLSTATE, then its class. Source: PostgreSQL 15 manual, appendix A.
  package static func disposition(of sqlstate: String) -> PostgresDisposition {
    switch sqlstate {
    // Shutting down, crashed, starting up; cancelled by a time limit; idle-in-transaction and idle limits.
    case "57P01", "57P02", "57P03", "57014", "57P05", "25P03": return .retriable
    // Serialization failure, deadlock, lock not available, object in use.
    case "40001", "40P01", "55P03", "55006": return .retriable
    // A standby that is not yet promoted: the failover is on its way.
    case "25006": return .retriable
    // No commit answer known; only the fence can tell.
    case "40003": return .retriable
    default: break
    }
    switch sqlstate.prefix(2) {
    case "08", "53", "40", "58": return .retriable
    case "22", "23", "21": return .permanent
    default: return .fatal
    }
  }

  /// Whether messages of this class speak of the statement or the server, never of values.
  static func messageIsFreeOfData(_ sqlstate: String) -> Bool {
    ["08", "25", "28", "3D", "40", "42", "53", "55", "57", "58"].contains(sqlstate.prefix(2))
  }
}
