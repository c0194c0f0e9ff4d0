import EventModel
import PipelinePorts
import PostgresClient

/// Snapshots and cuts of population segments.
package struct PostgresPopulationStore: PopulationStore {
  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  package func complete(partitionCount: Int) async throws(AdapterFailure) -> [PopulationInstant] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT DISTINCT ON (tenant, segment) tenant, segment, as_of FROM (
          SELECT s.tenant, s.segment, s.as_of FROM population_snapshots AS s
          GROUP BY s.tenant, s.segment, s.as_of HAVING count(*) = $1
        ) AS c
        WHERE NOT EXISTS (
          SELECT FROM population_results AS r
          WHERE r.tenant = c.tenant AND r.segment = c.segment AND r.as_of >= c.as_of)
        ORDER BY tenant, segment, as_of DESC
        """,
        [.int8(Int64(partitionCount))]
      )
      var found: [PopulationInstant] = []
      for row in result.rows {
        found.append(
          PopulationInstant(tenant: try row.text(0), segment: try row.text(1), asOf: try row.instant(2))
        )
      }
      return found
    }
  }

  package func snapshots(of instant: PopulationInstant) async throws(AdapterFailure) -> [[UInt8]] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT snapshot FROM population_snapshots WHERE tenant = $1 AND segment = $2 AND as_of = $3
        ORDER BY topic, partition
        """,
        Self.key(instant)
      )
      var found: [[UInt8]] = []
      for row in result.rows { found.append(try row.bytes(0)) }
      return found
    }
  }

  package func decided(_ instant: PopulationInstant, record: [UInt8]) async throws(AdapterFailure) {
    try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        try session.query(
          """
          INSERT INTO population_results (tenant, segment, as_of, record) VALUES ($1, $2, $3, $4)
          ON CONFLICT DO NOTHING
          """,
          Self.key(instant) + [.jsonb(StorableText.clean(json: record))]
        )
        try session.query(
          "DELETE FROM population_snapshots WHERE tenant = $1 AND segment = $2 AND as_of <= $3",
          Self.key(instant)
        )
      }
    }
  }

  package func newestCuts() async throws(AdapterFailure) -> [[UInt8]] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT DISTINCT ON (tenant, segment) record::text FROM population_results
        ORDER BY tenant, segment, as_of DESC
        """
      )
      var found: [[UInt8]] = []
      for row in result.rows { found.append(Array(try row.text(0).utf8)) }
      return found
    }
  }

  private static func key(_ instant: PopulationInstant) -> [PostgresValue] {
    [.text(instant.tenant), .text(instant.segment), .timestamptz(microseconds: instant.asOf.microseconds)]
  }
}
