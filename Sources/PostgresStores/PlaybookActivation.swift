import EventModel
import PipelinePorts
import PostgresClient

extension PostgresPlaybookStore {
  /// Versions that were applied and are not in the log yet, oldest first.
  package func pendingActivations() async throws(AdapterFailure) -> [(tenant: String, version: Int64)] {
    let pairs = try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT tenant, version FROM playbooks WHERE activated_at IS NULL ORDER BY tenant, version"
      )
      var found: [StoredPlaybook] = []
      for row in result.rows {
        found.append(StoredPlaybook(tenant: try row.text(0), version: try row.int8(1), files: []))
      }
      return found
    }
    return pairs.map { ($0.tenant, $0.version) }
  }

  package func activated(tenant: String, version: Int64) async throws(AdapterFailure) {
    try await pool.perform { session throws(PostgresFailure) in
      _ = try session.query(
        "UPDATE playbooks SET activated_at = now() WHERE tenant = $1 AND version = $2 AND activated_at IS NULL",
        [.text(tenant), .int8(version)]
      )
    }
  }

  package func isActivated(tenant: String, version: Int64) async throws(AdapterFailure) -> Bool {
    try await pool.perform { session throws(PostgresFailure) in
      try session.query(
        "SELECT 1 FROM playbooks WHERE tenant = $1 AND version = $2 AND activated_at IS NOT NULL",
        [.text(tenant), .int8(version)]
      ).count == 1
    }
  }
}

/// A partition in an earlier life of the log.
package struct FoldedEpoch: Hashable, Sendable {
  package var partition: PartitionID
  package var logEpoch: Int64

  package init(partition: PartitionID, logEpoch: Int64) {
    self.partition = partition
    self.logEpoch = logEpoch
  }
}

extension LogAdministration {
  /// For each earlier log epoch of a partition the offset through which every group registered for it has folded; an
  /// epoch that some group does not know is left out.
  package func foldedEpochs() async throws(AdapterFailure) -> [FoldedEpoch: Int64] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT o.topic, o.partition, e.key::int8, min(e.value::int8)
        FROM partition_offsets AS o CROSS JOIN LATERAL jsonb_each_text(o.folded_epochs) AS e
        GROUP BY o.topic, o.partition, e.key
        HAVING count(*) = (
          SELECT count(*) FROM partition_offsets AS p WHERE p.topic = o.topic AND p.partition = o.partition)
        """
      )
      var folded: [FoldedEpoch: Int64] = [:]
      for row in result.rows {
        let partition = PartitionID(topic: try row.text(0), partition: try row.int4(1))
        folded[FoldedEpoch(partition: partition, logEpoch: try row.int8(2))] = try row.int8(3)
      }
      return folded
    }
  }

  /// The lanes' own states of a group.
  package func laneStates(group: String, topics: [String]) async throws(AdapterFailure) -> [[UInt8]] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT state FROM partition_offsets WHERE consumer_group = $1 AND topic = ANY ($2::text[])",
        [.text(group), .textArray(topics)]
      )
      var states: [[UInt8]] = []
      for row in result.rows { states.append(try row.bytes(0)) }
      return states
    }
  }
}

extension ImportStore {
  /// Moves `done_rows` from one value to another; false when it did not stand at the first.
  package func advance(
    tenant: String,
    id: String,
    from: Int64,
    to: Int64
  ) async throws(AdapterFailure) -> Bool {
    try await pool.perform { session throws(PostgresFailure) in
      try session.query(
        "UPDATE imports SET done_rows = $4 WHERE tenant = $1 AND import_id = $2 AND done_rows = $3",
        [.text(tenant), .text(id), .int8(from), .int8(to)]
      ).affectedRows == 1
    }
  }
}
