import EventModel
import PipelinePorts
import PostgresClient

/// What queries read of a subject.
package struct SubjectProjection: Hashable, Sendable {
  /// `tenant/kind/id`.
  package var key: String
  /// A JSON object, UTF-8.
  package var projection: [UInt8]
}

/// Reads subjects' projections by key, through the primary key: the views scan every subject.
package struct SubjectReader: Sendable {
  package static let pageMax = 10_000

  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  /// Nil for a subject that is not there or has no projection.
  package func projection(group: String, subject: Subject) async throws(AdapterFailure) -> [UInt8]? {
    guard !subject.key.utf8.contains(0) else { return nil }
    return try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT projection FROM subject_states WHERE consumer_group = $1 AND subject = $2",
        [.text(group), .text(subject.key)]
      )
      return result.count == 0 ? nil : try result[0].bytesOrNull(0)
    }
  }

  /// A tenant's subjects in the order of their keys' bytes.
  ///
  /// - Parameters:
  ///   - after: the last key of the page before; nil for the first.
  ///   - limit: 1 to `pageMax`.
  package func page(
    group: String,
    tenant: String,
    kind: SubjectKind,
    after key: String? = nil,
    limit: Int = 1_000
  ) async throws(AdapterFailure) -> [SubjectProjection] {
    // "0" is the byte after "/": the range holds the keys that begin with the prefix, and no others.
    let prefix = "\(tenant)/\(kind.rawValue)"
    return try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT subject, projection FROM subject_states
        WHERE consumer_group = $1 AND subject > $2 AND subject < $3 AND projection IS NOT NULL
        ORDER BY subject LIMIT $4
        """,
        [
          .text(group), .text(key ?? "\(prefix)/"), .text("\(prefix)0"),
          .int8(Int64(min(max(limit, 1), Self.pageMax))),
        ]
      )
      var page: [SubjectProjection] = []
      for row in result.rows { page.append(SubjectProjection(key: try row.text(0), projection: try row.bytes(1))) }
      return page
    }
  }
}
