import PipelinePorts
import PostgresClient

/// What an administrator's command or the embedded supervisor does to the offsets; services only claim and commit.
package struct LogAdministration: Sendable {
  let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  /// Gives a consumer group a row for every partition it reads, so that pacing and pruning count it before it has ever
  /// run. Rows that stand stay as they are.
  ///
  /// - Parameter topics: name to number of partitions.
  package func registerGroup(_ group: String, topics: [String: Int32]) async throws(AdapterFailure) {
    let partitions = topics.flatMap { topic, count in
      (0..<max(0, count)).map { PartitionID(topic: topic, partition: $0) }
    }.sorted()
    let places = PartitionColumns(partitions)
    try await pool.perform { session throws(PostgresFailure) in
      _ = try session.query(
        """
        INSERT INTO partition_offsets (consumer_group, topic, partition, log_epoch)
        SELECT $1, u.topic, u.partition, current_log_epoch(u.topic)
        FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS u(topic, partition, place) ORDER BY u.place
        ON CONFLICT DO NOTHING
        """,
        [.text(group), places.topics, places.partitions]
      )
    }
  }

  /// Forgets a group: its offsets and frames, and so what it holds back. Its subjects stay. Returns the rows removed.
  package func forgetGroup(_ group: String) async throws(AdapterFailure) -> Int {
    try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        try session.query(
          """
          SELECT 1 FROM partition_offsets WHERE consumer_group = $1 ORDER BY topic, partition FOR UPDATE
          """,
          [.text(group)]
        )
        try session.query("DELETE FROM outbox_frames WHERE consumer_group = $1", [.text(group)])
        return try session.query("DELETE FROM partition_offsets WHERE consumer_group = $1", [.text(group)]).affectedRows
      }
    }
  }

  /// Opens a new log epoch: the topics were made anew, and every group starts at offset 0 of them.
  ///
  /// What was folded through is kept in `folded_epochs`; present owners lose their fence; frames that not every group
  /// has folded are to be published again, from the first.
  ///
  /// - Parameter topics: the topics made anew; nil for all.
  /// - Returns: the epoch.
  package func openLogEpoch(topics: [String]? = nil, reason: String) async throws(AdapterFailure) -> Int64 {
    let list = topics.map { PostgresValue.textArray($0) } ?? .null(.textArray)
    return try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        // No claim may read the old epoch and insert its row behind this. A weaker mode would let a commit lock its
        // rows first and then wait for this, which waits for those rows.
        try session.query("LOCK TABLE partition_offsets IN EXCLUSIVE MODE")
        let opened = try session.query(
          """
          INSERT INTO log_epochs (epoch, topics, reason)
          SELECT max(epoch) + 1, $1::text[], $2 FROM log_epochs RETURNING epoch
          """,
          [list, .text(reason)]
        )
        let epoch = try opened[0].int8(0)
        try Self.republish(session, list)
        try session.query(
          """
          UPDATE partition_offsets
          SET folded_epochs = folded_epochs || jsonb_build_object(log_epoch::text, next_offset), next_offset = 0,
            log_epoch = $1, owner_epoch = owner_epoch + 1, updated_at = now()
          WHERE $2::text[] IS NULL OR topic = ANY ($2::text[])
          """,
          [.int8(epoch), list]
        )
        return epoch
      }
    }
  }

  /// Frames whose records went to the old log, and that not all have folded, count as unpublished.
  private static func republish(_ session: PostgresSession, _ topics: PostgresValue) throws(PostgresFailure) {
    try session.query(PostgresStateStore.pruneSQL)
    try session.query(
      """
      WITH again AS (
        SELECT consumer_group, topic, partition, min(position) AS first FROM outbox_frames
        WHERE written IS NULL OR $1::text[] IS NULL OR written ?| $1::text[]
        GROUP BY consumer_group, topic, partition
      ), unmarked AS (
        UPDATE outbox_frames AS f SET written = NULL FROM again AS a
        WHERE f.consumer_group = a.consumer_group AND f.topic = a.topic AND f.partition = a.partition
          AND f.position >= a.first
      )
      UPDATE partition_offsets AS o SET published_through = LEAST(o.published_through, a.first - 1)
      FROM again AS a
      WHERE o.consumer_group = a.consumer_group AND o.topic = a.topic AND o.partition = a.partition
      """,
      [topics]
    )
  }

  /// Says to subscribers that the store has stepped back or moved: after a restore or a failover. Returns the epoch.
  package func raiseStoreEpoch() async throws(AdapterFailure) -> Int64 {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query("UPDATE store_meta SET store_epoch = store_epoch + 1 RETURNING store_epoch")
      guard result.count == 1 else { throw .unexpectedResult("store_meta has \(result.count) rows, expected 1") }
      return try result[0].int8(0)
    }
  }
}
