import EventModel
import PipelinePorts
import PostgresClient

/// A population segment at one instant.
package struct PopulationMoment: Hashable, Sendable {
  package var tenant: String
  package var segment: String
  package var asOf: Instant

  package init(tenant: String, segment: String, asOf: Instant) {
    self.tenant = tenant
    self.segment = segment
    self.asOf = asOf
  }
}

/// What one partition reports of its members.
package struct PopulationSnapshot: Hashable, Sendable {
  package var partition: PartitionID
  /// A JSON object, member id to value; UTF-8.
  package var members: [UInt8]
}

/// Where the partitions of the segmenter put what they know at an instant, and where its leader puts the cut.
package struct PopulationStore: Sendable {
  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  /// Puts a partition's members; a repeat replaces.
  package func report(
    _ moment: PopulationMoment,
    partition: PartitionID,
    members: [UInt8]
  ) async throws(AdapterFailure) {
    let members = StorableText.clean(json: members)
    try await pool.perform { session throws(PostgresFailure) in
      _ = try session.query(
        """
        INSERT INTO population_snapshots (tenant, segment, as_of, topic, partition, members)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant, segment, as_of, topic, partition) DO UPDATE SET members = excluded.members
        """,
        moment.values + [.text(partition.topic), .int4(partition.partition), .jsonb(members)]
      )
    }
  }

  /// What has been reported, by partition: the leader waits until all of the topic's are there.
  package func snapshots(_ moment: PopulationMoment) async throws(AdapterFailure) -> [PopulationSnapshot] {
    try await pool.perform { session throws(PostgresFailure) in
      var snapshots: [PopulationSnapshot] = []
      let result = try session.query(
        """
        SELECT topic, partition, members FROM population_snapshots
        WHERE tenant = $1 AND segment = $2 AND as_of = $3 ORDER BY topic, partition
        """,
        moment.values
      )
      for row in result.rows {
        snapshots.append(
          PopulationSnapshot(
            partition: PartitionID(topic: try row.text(0), partition: try row.int4(1)),
            members: try row.bytes(2)
          )
        )
      }
      return snapshots
    }
  }

  /// Puts the cut (a JSON object) unless one stands, and deletes the snapshots. Returns the one that stands: of two
  /// leaders the first decides.
  package func decide(_ moment: PopulationMoment, cut: [UInt8]) async throws(AdapterFailure) -> [UInt8] {
    let cut = StorableText.clean(json: cut)
    return try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        try session.query(
          "INSERT INTO population_results (tenant, segment, as_of, cut) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
          moment.values + [.jsonb(cut)]
        )
        try session.query(
          "DELETE FROM population_snapshots WHERE tenant = $1 AND segment = $2 AND as_of = $3",
          moment.values
        )
        let standing = try session.query(
          "SELECT cut FROM population_results WHERE tenant = $1 AND segment = $2 AND as_of = $3",
          moment.values
        )
        guard standing.count == 1 else { throw .unexpectedResult("population result is missing after its insert") }
        return try standing[0].bytes(0)
      }
    }
  }

  /// Nil while it is not decided.
  package func cut(_ moment: PopulationMoment) async throws(AdapterFailure) -> [UInt8]? {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT cut FROM population_results WHERE tenant = $1 AND segment = $2 AND as_of = $3",
        moment.values
      )
      return result.count == 0 ? nil : try result[0].bytes(0)
    }
  }

  /// The newest instant for which a segment has been decided; nil before the first.
  package func latest(tenant: String, segment: String) async throws(AdapterFailure) -> PopulationMoment? {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT max(as_of) FROM population_results WHERE tenant = $1 AND segment = $2",
        [.text(tenant), .text(segment)]
      )
      return try result[0].instantOrNull(0).map { PopulationMoment(tenant: tenant, segment: segment, asOf: $0) }
    }
  }
}

extension PopulationMoment {
  fileprivate var values: [PostgresValue] {
    [.text(tenant), .text(segment), .timestamptz(microseconds: asOf.microseconds)]
  }
}
