import EventModel
import PipelinePorts
import PostgresClient

extension PostgresStateStore {
  package func frames(
    group: String,
    partition: PartitionID,
    after position: Int64,
    framesMax: Int
  ) async throws(AdapterFailure) -> [OutboxFrame] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT position, frame FROM outbox_frames
        WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND position > $4 ORDER BY position LIMIT $5
        """,
        [
          .text(group), .text(partition.topic), .int4(partition.partition), .int8(position),
          .int8(Int64(max(0, framesMax))),
        ]
      )
      var frames: [OutboxFrame] = []
      for row in result.rows {
        let position = try row.int8(0)
        let bytes = try row.bytes(1)
        do throws(FrameCodec.Failure) {
          frames.append(OutboxFrame(position: position, records: try FrameCodec.decode(bytes)))
        } catch {
          throw .unexpectedResult(
            "outbox of \(partition.topic)/\(partition.partition): frame \(position) cannot be read: \(error)"
          )
        }
      }
      return frames
    }
  }

  /// Marks frames up to `position` as published, with the highest offset of each partition they went to; without
  /// `retainFrames` it deletes them. Marking again, or less than stands, changes nothing.
  package func published(
    group: String,
    partition: PartitionID,
    ownerEpoch: Int64,
    through position: Int64,
    written: [WrittenPosition]
  ) async throws(AdapterFailure) -> Bool {
    let place: [PostgresValue] = [.text(group), .text(partition.topic), .int4(partition.partition)]
    return try await pool.perform { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        let update = try session.query(
          """
          UPDATE partition_offsets SET published_through = GREATEST(published_through, $5), updated_at = now()
          WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND owner_epoch = $4 AND outbox_position >= $5
          """,
          place + [.int8(ownerEpoch), .int8(position)]
        )
        guard update.affectedRows == 1 else { return false }
        if retainFrames {
          try session.query(
            """
            UPDATE outbox_frames SET written = $5
            WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND position <= $4 AND written IS NULL
            """,
            place + [.int8(position), .jsonb(Self.writtenJSON(written))]
          )
        } else {
          try session.query(
            "DELETE FROM outbox_frames WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND position <= $4",
            place + [.int8(position)]
          )
        }
        return true
      }
    }
  }

  /// Deletes published frames whose every record has been folded by every group that has a row for its partition
  /// (`registerGroup`, `claim`). Returns how many.
  @discardableResult
  package func pruneFrames() async throws(AdapterFailure) -> Int {
    try await pool.perform { session throws(PostgresFailure) in try session.query(Self.pruneSQL).affectedRows }
  }

  static let pruneSQL = """
    DELETE FROM outbox_frames AS f
    WHERE f.written IS NOT NULL AND NOT EXISTS (
      SELECT FROM jsonb_each(f.written) AS t(topic, partitions)
      CROSS JOIN LATERAL jsonb_each_text(t.partitions) AS p(partition, high)
      JOIN partition_offsets AS o ON o.topic = t.topic AND o.partition = p.partition::int4
      WHERE o.next_offset <= p.high::int8
    )
    """

  /// `{"topic": {"partition": highest offset}}`; topic names are Kafka's (`[a-zA-Z0-9._-]`), so need no escapes.
  private static func writtenJSON(_ written: [WrittenPosition]) -> [UInt8] {
    var highs: [String: [Int32: Int64]] = [:]
    for item in written {
      let high = highs[item.partition.topic]?[item.partition.partition] ?? -1
      highs[item.partition.topic, default: [:]][item.partition.partition] = max(high, item.offset)
    }
    let topics = highs.map { topic, partitions in
      let fields = partitions.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
      return "\"\(topic)\":{\(fields)}"
    }
    return Array("{\(topics.joined(separator: ","))}".utf8)
  }
}
