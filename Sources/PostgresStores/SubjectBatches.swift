import EventModel
import PipelinePorts
import PostgresClient

/// The subjects of a flush as upserts of bounded size, made one at a time so that one batch is in memory.
struct SubjectBatches: Sequence, IteratorProtocol {
  /// Rows and, roughly, bytes of one statement. libpq moves what it has not sent yet to the front of its buffer after
  /// each partial write: the time of a large statement grows with the square of its size.
  static let rowsMax = 5_000
  static let bytesMax = 1 << 20

  private let group: String
  private let flushes: [PartitionFlush]
  private var flush = 0
  private var subject = 0

  init(group: String, flushes: [PartitionFlush]) {
    self.group = group
    self.flushes = flushes
  }

  mutating func next() -> PostgresStatement? {
    var columns = Columns()
    while flush < flushes.count, columns.rows < Self.rowsMax, columns.bytes < Self.bytesMax {
      guard subject < flushes[flush].subjects.count else {
        flush += 1
        subject = 0
        continue
      }
      columns.append(flushes[flush].partition, flushes[flush].subjects[subject])
      subject += 1
    }
    return columns.rows == 0 ? nil : columns.statement(group)
  }

  private struct Columns {
    var rows = 0
    var bytes = 0
    var keys = PostgresArrayBuilder(.textArray)
    var topics = PostgresArrayBuilder(.textArray)
    var partitions = PostgresArrayBuilder(.int4Array)
    var dues = PostgresArrayBuilder(.int8Array)
    var states = PostgresArrayBuilder(.byteaArray)
    var projections = PostgresArrayBuilder(.jsonbArray)

    mutating func append(_ place: PartitionID, _ write: SubjectWrite) {
      rows += 1
      bytes += write.key.count + write.state.count + (write.projection?.count ?? 0)
      keys.append(bytes: write.key)
      topics.append(text: place.topic)
      partitions.append(place.partition)
      if let due = write.due { dues.append(due.milliseconds) } else { dues.appendNull() }
      states.append(bytes: write.state)
      if let projection = write.projection {
        projections.append(json: StorableText.clean(json: projection))
      } else {
        projections.appendNull()
      }
    }

    func statement(_ group: String) -> PostgresStatement {
      PostgresStatement(
        """
        INSERT INTO subject_states AS s (consumer_group, subject, topic, partition, due, state, projection)
        SELECT $1, w.subject, w.topic, w.partition, w.due, w.state, w.projection
        FROM unnest($2::text[], $3::text[], $4::int4[], $5::int8[], $6::bytea[], $7::jsonb[])
          AS w(subject, topic, partition, due, state, projection)
        ON CONFLICT (consumer_group, subject) DO UPDATE
        SET topic = excluded.topic, partition = excluded.partition, due = excluded.due, state = excluded.state,
          projection = COALESCE(excluded.projection, s.projection)
        """,
        [.text(group), keys.value, topics.value, partitions.value, dues.value, states.value, projections.value]
      )
    }
  }
}
