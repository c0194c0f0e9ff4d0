import EventModel
import PipelinePorts
import PostgresClient

extension PostgresStateStore {
  /// Two round trips: BEGIN, locks and fences; then all rows, frames and COMMIT.
  ///
  /// A partition and, within it, a subject stand once in a flush. Of rows with the same natural key the last counts.
  /// Fails with `.fatal` when a frame's position is not the next one, or a frame is past `FrameCodec.frameBytesMax`.
  package func commit(group: String, _ flushes: [PartitionFlush]) async throws(AdapterFailure) -> FlushOutcome {
    guard !flushes.isEmpty else { return .committed }
    let flushes = flushes.sorted { $0.partition < $1.partition }
    return try await pool.perform { session throws(PostgresFailure) in
      let lost = try fence(session, group, flushes)
      guard lost.isEmpty else {
        session.rollback()
        return .lost(lost)
      }
      try session.commit(after: try writes(group, flushes))
      return .committed
    }
  }

  /// Opens the transaction, locks the rows in order, and raises those whose fence holds; the others are returned.
  private func fence(
    _ session: PostgresSession,
    _ group: String,
    _ flushes: [PartitionFlush]
  ) throws(PostgresFailure) -> [PartitionID] {
    let places = PartitionColumns(flushes.map(\.partition))
    let numbers: ((PartitionFlush) -> Int64) -> PostgresValue = { read in .int8Array(flushes.map(read)) }
    let results = try session.pipeline([
      PostgresStatement("BEGIN"),
      // UPDATE alone would lock in whatever order its plan visits the rows.
      PostgresStatement(
        """
        SELECT 1 FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS u(topic, partition, place)
        JOIN partition_offsets AS o ON o.consumer_group = $1 AND o.topic = u.topic AND o.partition = u.partition
        ORDER BY u.place FOR NO KEY UPDATE OF o
        """,
        [.text(group), places.topics, places.partitions]
      ),
      PostgresStatement(
        """
        UPDATE partition_offsets AS o
        SET next_offset = f.next_offset, flush_no = o.flush_no + 1, outbox_position = o.outbox_position + f.frames,
          published_through = CASE WHEN $11 THEN o.published_through
            ELSE GREATEST(o.published_through, f.published_through) END,
          state = f.state, updated_at = now()
        FROM unnest($2::text[], $3::int4[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[],
          $10::bytea[]) AS f(topic, partition, log_epoch, owner_epoch, flush_no, next_offset, published_through, frames,
          state)
        WHERE o.consumer_group = $1 AND o.topic = f.topic AND o.partition = f.partition
          AND o.log_epoch = f.log_epoch AND o.owner_epoch = f.owner_epoch AND o.flush_no = f.flush_no
        RETURNING o.topic, o.partition, o.outbox_position
        """,
        [
          .text(group), places.topics, places.partitions, numbers(\.logEpoch), numbers(\.ownerEpoch),
          numbers(\.flushNumber), numbers(\.nextOffset), numbers(\.publishedThrough),
          numbers { $0.frame == nil ? 0 : 1 }, .byteaArray(flushes.map(\.state)),
          // A retained frame counts as published only together with where it went (`published`): else a crash in
          // between would leave a frame that is never pruned, nor published again into a new log.
          .bool(retainFrames),
        ]
      ),
    ])
    guard let update = results.last else { throw .unexpectedResult("fence without an answer") }
    var positions: [PartitionID: Int64] = [:]
    for row in update.rows {
      positions[PartitionID(topic: try row.text(0), partition: try row.int4(1))] = try row.int8(2)
    }
    for flush in flushes {
      guard let frame = flush.frame, let position = positions[flush.partition], frame.position != position else {
        continue
      }
      throw .unexpectedResult(
        "outbox of \(flush.partition.topic)/\(flush.partition.partition): frame \(frame.position), expected \(position)"
      )
    }
    return flushes.map(\.partition).filter { positions[$0] == nil }
  }

  private func writes(
    _ group: String,
    _ flushes: [PartitionFlush]
  ) throws(PostgresFailure) -> some Sequence<PostgresStatement> {
    var small = RowBatches.statements(flushes.flatMap(\.rows))
    small += try Self.frameInserts(group, flushes)
    if !retainFrames { small.append(Self.publishedDelete(group, flushes)) }
    return [AnySequence(SubjectBatches(group: group, flushes: flushes)), AnySequence(small)].joined()
  }

  /// The frames in statements of about `SubjectBatches.bytesMax`, each at least one.
  private static func frameInserts(
    _ group: String,
    _ flushes: [PartitionFlush]
  ) throws(PostgresFailure) -> [PostgresStatement] {
    var statements: [PostgresStatement] = []
    var batch: [(partition: PartitionID, position: Int64, bytes: [UInt8])] = []
    var size = 0
    for flush in flushes {
      guard let frame = flush.frame else { continue }
      let bytes: [UInt8]
      do { bytes = try FrameCodec.encode(frame.records) } catch {
        throw PostgresFailure(
          sqlstate: "54000",
          reason: "outbox frame past \(FrameCodec.frameBytesMax) bytes or \(FrameCodec.headersMax) headers",
          disposition: .fatal
        )
      }
      if !batch.isEmpty, size + bytes.count > SubjectBatches.bytesMax {
        statements.append(frameInsert(group, batch))
        batch = []
        size = 0
      }
      batch.append((flush.partition, frame.position, bytes))
      size += bytes.count
    }
    if !batch.isEmpty { statements.append(frameInsert(group, batch)) }
    return statements
  }

  private static func frameInsert(
    _ group: String,
    _ batch: [(partition: PartitionID, position: Int64, bytes: [UInt8])]
  ) -> PostgresStatement {
    let places = PartitionColumns(batch.map(\.partition))
    var positions = PostgresArrayBuilder(.int8Array, capacity: batch.count)
    var frames = PostgresArrayBuilder(.byteaArray, capacity: batch.count)
    for one in batch {
      positions.append(one.position)
      frames.append(bytes: one.bytes)
    }
    return PostgresStatement(
      """
      INSERT INTO outbox_frames (consumer_group, topic, partition, position, frame)
      SELECT $1, f.topic, f.partition, f.position, f.frame
      FROM unnest($2::text[], $3::int4[], $4::int8[], $5::bytea[]) AS f(topic, partition, position, frame)
      """,
      [.text(group), places.topics, places.partitions, positions.value, frames.value]
    )
  }

  private static func publishedDelete(_ group: String, _ flushes: [PartitionFlush]) -> PostgresStatement {
    let places = PartitionColumns(flushes.map(\.partition))
    return PostgresStatement(
      """
      DELETE FROM outbox_frames AS f
      USING unnest($2::text[], $3::int4[], $4::int8[]) AS p(topic, partition, through)
      WHERE f.consumer_group = $1 AND f.topic = p.topic AND f.partition = p.partition AND f.position <= p.through
      """,
      [.text(group), places.topics, places.partitions, .int8Array(flushes.map(\.publishedThrough))]
    )
  }
}
