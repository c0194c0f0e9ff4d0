import EventModel
import PipelinePorts
import PostgresClient

extension PostgresPool {
  /// Reads in one transaction that sees one instant of the store and writes nothing.
  func snapshot<Answer: Sendable>(
    _ read: @Sendable @escaping (PostgresSession) throws(PostgresFailure) -> Answer
  ) async throws(AdapterFailure) -> Answer {
    try await perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        try session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return try read(session)
      }
    }
  }
}

/// The tagger's subjects of one kind of one tenant.
enum TaggedSubjects {
  /// The keys that begin with `tenant/kind/`, found through the primary key ("0" is the byte after "/"); `$1` is
  /// `prefix`.
  static let ofKind = "consumer_group = 'tagger' AND subject > $1 || '/' AND subject < $1 || '0'"

  static func prefix(_ tenant: String, _ kind: SubjectKind) -> PostgresValue { .text("\(tenant)/\(kind.rawValue)") }
}
