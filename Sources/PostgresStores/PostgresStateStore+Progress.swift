import EventModel
import PipelinePorts
import PostgresClient

extension PostgresStateStore: ConsumerProgress {
  /// Records progress of several partitions in one transaction, rows in partition order. Marking again, or less than
  /// stands, changes nothing.
  package func published(
    group: String,
    _ progress: [PublicationProgress]
  ) async throws(AdapterFailure) -> [PartitionID] {
    let sorted = progress.sorted { $0.partition < $1.partition }
    let retain = retainFrames
    return try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        let result = try session.query(
          """
          UPDATE partition_offsets AS o
          SET published_through = GREATEST(o.published_through, u.through), updated_at = now()
          FROM (
            SELECT p.consumer_group, p.topic, p.partition, w.owner_epoch, w.through
            FROM unnest($2::text[], $3::int4[], $4::int8[], $5::int8[]) AS w(topic, partition, owner_epoch, through)
            JOIN partition_offsets AS p ON p.consumer_group = $1 AND p.topic = w.topic AND p.partition = w.partition
            ORDER BY p.topic, p.partition FOR UPDATE OF p
          ) AS u
          WHERE o.consumer_group = u.consumer_group AND o.topic = u.topic AND o.partition = u.partition
            AND o.owner_epoch = u.owner_epoch AND o.outbox_position >= u.through
          RETURNING o.topic, o.partition
          """,
          [
            .text(group), .textArray(sorted.map(\.partition.topic)), .int4Array(sorted.map(\.partition.partition)),
            .int8Array(sorted.map(\.ownerEpoch)), .int8Array(sorted.map(\.through)),
          ]
        )
        var held: Set<PartitionID> = []
        for row in result.rows { held.insert(PartitionID(topic: try row.text(0), partition: try row.int4(1))) }
        let kept = sorted.filter { held.contains($0.partition) }
        try Self.settle(kept, group: group, retain: retain, session)
        return Array(held)
      }
    }
  }

  private static func settle(
    _ progress: [PublicationProgress],
    group: String,
    retain: Bool,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    guard retain else {
      try session.query(
        """
        DELETE FROM outbox_frames AS f
        USING unnest($2::text[], $3::int4[], $4::int8[]) AS w(topic, partition, through)
        WHERE f.consumer_group = $1 AND f.topic = w.topic AND f.partition = w.partition AND f.position <= w.through
        """,
        [
          .text(group), .textArray(progress.map(\.partition.topic)), .int4Array(progress.map(\.partition.partition)),
          .int8Array(progress.map(\.through)),
        ]
      )
      return
    }
    var topics: [String] = []
    var partitions: [Int32] = []
    var positions: [Int64] = []
    var written: [String] = []
    for item in progress {
      for (position, highs) in item.written {
        topics.append(item.partition.topic)
        partitions.append(item.partition.partition)
        positions.append(position)
        written.append(String(decoding: writtenJSON(highs), as: UTF8.self))
      }
    }
    guard !topics.isEmpty else { return }
    try session.query(
      """
      UPDATE outbox_frames AS f SET written = w.written::jsonb
      FROM unnest($2::text[], $3::int4[], $4::int8[], $5::text[]) AS w(topic, partition, position, written)
      WHERE f.consumer_group = $1 AND f.topic = w.topic AND f.partition = w.partition AND f.position = w.position
      """,
      [.text(group), .textArray(topics), .int4Array(partitions), .int8Array(positions), .textArray(written)]
    )
  }

  package func keys(
    group: String,
    partition: PartitionID,
    tenant: String
  ) async throws(AdapterFailure) -> [[UInt8]] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT subject FROM subject_states
        WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND subject >= $4 AND subject < $5
        """,
        [
          .text(group), .text(partition.topic), .int4(partition.partition), .text(tenant + "/"), .text(tenant + "0"),
        ]
      )
      var keys: [[UInt8]] = []
      for row in result.rows { keys.append(Array(try row.text(0).utf8)) }
      return keys
    }
  }

  package func foldedThrough(topics: [String]) async throws(AdapterFailure) -> [PartitionID: Int64] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT topic, partition, min(next_offset) FROM partition_offsets
        WHERE topic = ANY ($1::text[]) GROUP BY topic, partition
        """,
        [.textArray(topics)]
      )
      var folded: [PartitionID: Int64] = [:]
      for row in result.rows {
        folded[PartitionID(topic: try row.text(0), partition: try row.int4(1))] = try row.int8(2)
      }
      return folded
    }
  }
}

/// Timers of all consuming services, and the store's clock.
package struct PostgresTimerOutlook: TimerOutlook {
  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  package func nextDue(after instant: Instant) async throws(AdapterFailure) -> Instant? {
    try await pool.perform { session throws(PostgresFailure) in
      // Timers of tenants whose clock is their log lie in another time and are never between two live ticks for long.
      // One probe of the timers' index for each partition: min() over the table would read all that are due later.
      let result = try session.query(
        """
        SELECT min(t.due) FROM partition_offsets AS o
        CROSS JOIN LATERAL (
          SELECT s.due FROM subject_states AS s
          WHERE s.consumer_group = o.consumer_group AND s.topic = o.topic AND s.partition = o.partition AND s.due > $1
          ORDER BY s.due LIMIT 1
        ) AS t
        """,
        [.int8(instant.milliseconds)]
      )
      return try result.rows.first?.int8OrNull(0).map { Instant(milliseconds: $0) }
    }
  }

  package func now() async throws(AdapterFailure) -> Instant {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8")
      return Instant(milliseconds: try result[0].int8(0))
    }
  }
}
