import EventModel
import PipelinePorts
import PostgresClient

/// The state of the consuming services in PostgreSQL, where the fence of each partition's row decides.
///
/// Rows of `partition_offsets` are always locked in the order of `PartitionID`, before anything else is touched, and
/// every other row belongs to the subject of one partition: so transactions of this store cannot wait for each other
/// in a circle.
package struct PostgresStateStore: StateStore {
  /// Keys looked up by one statement.
  package static let keysPerStatement = 5_000

  let pool: PostgresPool
  /// Keep published frames until every group that reads their topics has folded them (`pruneFrames`); else a frame
  /// goes as soon as it is published.
  let retainFrames: Bool

  /// - Parameter retainFrames: true where the broker keeps no durable log (embedded mode).
  package init(pool: PostgresPool, retainFrames: Bool) {
    self.pool = pool
    self.retainFrames = retainFrames
  }

  package func claim(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [Claim] {
    let places = PartitionColumns(partitions.sorted())
    return try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        INSERT INTO partition_offsets AS o (consumer_group, topic, partition, log_epoch, owner_epoch)
        SELECT $1, u.topic, u.partition, current_log_epoch(u.topic), 1
        FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS u(topic, partition, place)
        ORDER BY u.place
        ON CONFLICT (consumer_group, topic, partition)
        DO UPDATE SET owner_epoch = o.owner_epoch + 1, updated_at = now()
        RETURNING o.topic, o.partition, o.log_epoch, o.owner_epoch, o.flush_no, o.next_offset, o.outbox_position,
          o.published_through, o.state,
          ARRAY(SELECT e.key::int8 FROM jsonb_each_text(o.folded_epochs) AS e ORDER BY e.key),
          ARRAY(SELECT e.value::int8 FROM jsonb_each_text(o.folded_epochs) AS e ORDER BY e.key)
        """,
        [.text(group), places.topics, places.partitions]
      )
      var claims: [Claim] = []
      for row in result.rows { claims.append(try Claim(row)) }
      return claims.sorted { $0.partition < $1.partition }
    }
  }

  package func subjects(group: String, keys: [[UInt8]]) async throws(AdapterFailure) -> [StoredSubject] {
    guard !keys.isEmpty else { return [] }
    return try await pool.perform { session throws(PostgresFailure) in
      let starts = stride(from: 0, to: keys.count, by: Self.keysPerStatement)
      let results = try session.pipeline(
        starts.lazy.map { start in
          let batch = keys[start..<min(start + Self.keysPerStatement, keys.count)]
          var builder = PostgresArrayBuilder(.textArray, capacity: batch.count)
          for key in batch { builder.append(bytes: key) }
          return PostgresStatement(
            "SELECT subject, state FROM subject_states WHERE consumer_group = $1 AND subject = ANY ($2::text[])",
            [.text(group), builder.value]
          )
        }
      )
      var subjects: [StoredSubject] = []
      for result in results {
        for row in result.rows { subjects.append(StoredSubject(key: try row.bytes(0), state: try row.bytes(1))) }
      }
      return subjects
    }
  }

  package func timers(group: String, partition: PartitionID) async throws(AdapterFailure) -> [(
    key: [UInt8], due: Instant
  )] {
    let timers = try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT subject, due FROM subject_states
        WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND due IS NOT NULL ORDER BY due
        """,
        [.text(group), .text(partition.topic), .int4(partition.partition)]
      )
      var timers: [SubjectTimer] = []
      timers.reserveCapacity(result.count)
      for row in result.rows {
        timers.append(SubjectTimer(key: try row.bytes(0), due: Instant(milliseconds: try row.int8(1))))
      }
      return timers
    }
    return timers.map { ($0.key, $0.due) }
  }

  /// Waits for a transaction that is still deciding on one of these rows, at most the lock timeout (`55P03`): the
  /// COMMIT whose answer was lost may be under way in the server, and before its end there is no answer.
  package func fences(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [FencePosition] {
    let places = PartitionColumns(partitions.sorted())
    return try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT o.topic, o.partition, o.log_epoch, o.owner_epoch, o.flush_no
        FROM unnest($2::text[], $3::int4[]) WITH ORDINALITY AS u(topic, partition, place)
        JOIN partition_offsets AS o ON o.consumer_group = $1 AND o.topic = u.topic AND o.partition = u.partition
        ORDER BY u.place FOR SHARE OF o
        """,
        [.text(group), places.topics, places.partitions]
      )
      var positions: [FencePosition] = []
      for row in result.rows {
        positions.append(
          FencePosition(
            partition: PartitionID(topic: try row.text(0), partition: try row.int4(1)),
            logEpoch: try row.int8(2),
            ownerEpoch: try row.int8(3),
            flushNumber: try row.int8(4)
          )
        )
      }
      return positions
    }
  }

  package func storeEpoch() async throws(AdapterFailure) -> Int64 {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query("SELECT store_epoch FROM store_meta")
      guard result.count == 1 else { throw .unexpectedResult("store_meta has \(result.count) rows, expected 1") }
      return try result[0].int8(0)
    }
  }
}

private struct SubjectTimer: Sendable {
  var key: [UInt8]
  var due: Instant
}

/// Partitions as two array parameters, in the order given.
struct PartitionColumns: Sendable {
  let topics: PostgresValue
  let partitions: PostgresValue

  init(_ places: [PartitionID]) {
    topics = .textArray(places.map(\.topic))
    partitions = .int4Array(places.map(\.partition))
  }
}

extension Claim {
  init(_ row: PostgresRow) throws(PostgresFailure) {
    var folded: [Int64: Int64] = [:]
    for case (let epoch?, let offset?) in zip(try row.int8Array(9), try row.int8Array(10)) { folded[epoch] = offset }
    self.init(
      partition: PartitionID(topic: try row.text(0), partition: try row.int4(1)),
      logEpoch: try row.int8(2),
      ownerEpoch: try row.int8(3),
      flushNumber: try row.int8(4),
      nextOffset: try row.int8(5),
      outboxPosition: try row.int8(6),
      publishedThrough: try row.int8(7),
      state: try row.bytes(8),
      foldedEpochs: folded
    )
  }
}
