import EventModel
import PipelinePorts
import PostgresClient

/// How far a group has come in one partition, as the store knows it.
package struct PartitionProgress: Hashable, Sendable {
  package var group: String
  package var partition: PartitionID
  package var logEpoch: Int64
  /// Of the first record that is not folded.
  package var nextOffset: Int64
  package var ownerEpoch: Int64
  package var flushNumber: Int64
  /// Of the newest frame, and of the newest that is in the log: the difference is what is yet to be published.
  package var outboxPosition: Int64
  package var publishedThrough: Int64
  /// When the row last changed.
  package var updatedAt: Instant
}

/// Rows for `hearth lag`; the log's ends come from the broker.
package struct LagReader: Sendable {
  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  /// Ordered by group, topic, partition.
  ///
  /// - Parameters:
  ///   - group: only this one; nil for all.
  ///   - topic: only this one; nil for all.
  package func progress(group: String? = nil, topic: String? = nil) async throws(AdapterFailure) -> [PartitionProgress]
  {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT consumer_group, topic, partition, log_epoch, next_offset, owner_epoch, flush_no, outbox_position,
          published_through, updated_at
        FROM partition_offsets
        WHERE ($1::text IS NULL OR consumer_group = $1) AND ($2::text IS NULL OR topic = $2)
        ORDER BY consumer_group, topic, partition
        """,
        [group.map { .text($0) } ?? .null(.text), topic.map { .text($0) } ?? .null(.text)]
      )
      var rows: [PartitionProgress] = []
      for row in result.rows {
        rows.append(
          PartitionProgress(
            group: try row.text(0),
            partition: PartitionID(topic: try row.text(1), partition: try row.int4(2)),
            logEpoch: try row.int8(3),
            nextOffset: try row.int8(4),
            ownerEpoch: try row.int8(5),
            flushNumber: try row.int8(6),
            outboxPosition: try row.int8(7),
            publishedThrough: try row.int8(8),
            updatedAt: try row.instant(9)
          )
        )
      }
      return rows
    }
  }
}
