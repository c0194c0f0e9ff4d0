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
  static func writtenJSON(_ written: [WrittenPosition]) -> [UInt8] {
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
