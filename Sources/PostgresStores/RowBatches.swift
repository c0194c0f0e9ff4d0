import EventModel
import PipelinePorts
import PostgresClient

/// The services' rows of a flush as upserts of at most `rowsMax` rows.
enum RowBatches {
  static let rowsMax = 5_000

  static func statements(_ rows: [TableRow]) -> [PostgresStatement] {
    var entries: [FunnelEntryRow] = []
    var touches: [TouchRow] = []
    var deliveries: [DeliveryRow] = []
    var snapshots: [SnapshotRow] = []
    var aggregates: [AggregateRow] = []
    for row in rows {
      switch row {
      case .funnelEntry(let row): entries.append(row)
      case .touch(let row): touches.append(row)
      case .delivery(let row): deliveries.append(row)
      case .snapshot(let row): snapshots.append(row)
      case .aggregate(let row): aggregates.append(row)
      }
    }
    return batches(entries) { [$0.tenant, $0.funnel, $0.member, "\($0.day.daysSinceEpoch)"] }.map(upsert)
      + batches(touches) { [$0.tenant, $0.source, "\($0.step)", $0.subject, $0.occurrence] }.map(upsert)
      + batches(deliveries) { [$0.tenant, $0.touch] }.map(upsert)
      + batches(snapshots) {
        [
          $0.instant.tenant, $0.instant.segment, $0.instant.asOf.text, $0.partition.topic, "\($0.partition.partition)",
        ]
      }.map(upsert)
      + batches(aggregates) { [$0.subject.key, $0.type, "\($0.day.daysSinceEpoch)"] }.map(upsert)
  }

  /// The last row of each key, in the order of first appearance, cut into batches: one statement may not touch a row
  /// twice.
  private static func batches<Row>(_ rows: [Row], key: (Row) -> [String]) -> [ArraySlice<Row>] {
    var places: [[String]: Int] = [:]
    var latest: [Row] = []
    for row in rows {
      let key = key(row).map(StorableText.clean)
      if let place = places[key] {
        latest[place] = row
      } else {
        places[key] = latest.count
        latest.append(row)
      }
    }
    return stride(from: 0, to: latest.count, by: rowsMax).map { latest[$0..<min($0 + rowsMax, latest.count)] }
  }

  private static func upsert(_ rows: ArraySlice<SnapshotRow>) -> PostgresStatement {
    PostgresStatement(
      """
      INSERT INTO population_snapshots (tenant, segment, as_of, topic, partition, snapshot)
      SELECT r.tenant, r.segment, r.as_of::timestamptz, r.topic, r.partition, r.snapshot
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::bytea[])
        AS r(tenant, segment, as_of, topic, partition, snapshot)
      ON CONFLICT (tenant, segment, as_of, topic, partition) DO UPDATE SET snapshot = excluded.snapshot
      """,
      [
        texts(rows, \.instant.tenant), texts(rows, \.instant.segment), .textArray(rows.map(\.instant.asOf.text)),
        .textArray(rows.map(\.partition.topic)), .int4Array(rows.map(\.partition.partition)),
        .byteaArray(rows.map(\.snapshot)),
      ]
    )
  }

  private static func upsert(_ rows: ArraySlice<AggregateRow>) -> PostgresStatement {
    var days = PostgresArrayBuilder(.dateArray, capacity: rows.count)
    for row in rows { days.append(days: Int32(clamping: row.day.daysSinceEpoch)) }
    return PostgresStatement(
      """
      INSERT INTO aggregates (tenant, type, day, kind, id, value)
      SELECT r.tenant, r.type, r.day, r.kind, r.id, r.value::numeric
      FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::text[])
        AS r(tenant, type, day, kind, id, value)
      ON CONFLICT (tenant, type, day, kind, id) DO UPDATE SET value = excluded.value
      """,
      [
        texts(rows, \.subject.tenant), texts(rows, \.type), days.value, .textArray(rows.map(\.subject.kind.rawValue)),
        texts(rows, \.subject.id), .textArray(rows.map(\.value.text)),
      ]
    )
  }

  private static func upsert(_ rows: ArraySlice<FunnelEntryRow>) -> PostgresStatement {
    var days = PostgresArrayBuilder(.dateArray, capacity: rows.count)
    for row in rows { days.append(days: Int32(clamping: row.day.daysSinceEpoch)) }
    return PostgresStatement(
      """
      INSERT INTO funnel_entries (tenant, funnel, member, day, level, status, times, breakdown, revision)
      SELECT r.tenant, r.funnel, r.member, r.day, r.level, r.status, r.times::timestamptz[], r.breakdown, r.revision
      FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::int4[], $6::text[], $7::text[], $8::text[],
        $9::int8[]) AS r(tenant, funnel, member, day, level, status, times, breakdown, revision)
      ON CONFLICT (tenant, funnel, member, day) DO UPDATE
      SET level = excluded.level, status = excluded.status, times = excluded.times, breakdown = excluded.breakdown,
        revision = excluded.revision
      """,
      [
        texts(rows, \.tenant), texts(rows, \.funnel), texts(rows, \.member), days.value,
        .int4Array(rows.map { Int32(clamping: $0.level) }), texts(rows, \.status),
        // Rows of different lengths fit no two-dimensional array: each goes as the text of an array.
        .textArray(rows.map { row in "{\(row.times.map { $0?.text ?? "NULL" }.joined(separator: ","))}" }),
        .textArray(rows.map { $0.breakdown.map(StorableText.clean) }), .int8Array(rows.map(\.revision)),
      ]
    )
  }

  private static func upsert(_ rows: ArraySlice<TouchRow>) -> PostgresStatement {
    PostgresStatement(
      """
      INSERT INTO touches AS t (tenant, source, step, subject, occurrence, id, template, channel, status, reason,
        due_at, decided_at)
      SELECT * FROM unnest($1::text[], $2::text[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[])
      ON CONFLICT (tenant, source, step, subject, occurrence) DO UPDATE
      SET id = excluded.id, template = excluded.template, channel = excluded.channel, status = excluded.status,
        reason = excluded.reason, due_at = excluded.due_at, decided_at = excluded.decided_at
      """,
      [
        texts(rows, \.tenant), texts(rows, \.source), .int4Array(rows.map { Int32(clamping: $0.step) }),
        texts(rows, \.subject), texts(rows, \.occurrence), texts(rows, \.id), texts(rows, \.template),
        texts(rows, \.channel), texts(rows, \.status), texts(rows, \.reason), instants(rows, \.dueAt),
        instants(rows, \.decidedAt),
      ]
    )
  }

  private static func upsert(_ rows: ArraySlice<DeliveryRow>) -> PostgresStatement {
    PostgresStatement(
      """
      INSERT INTO deliveries AS d (tenant, touch, channel, status, attempts, reason, updated_at)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::text[], $7::timestamptz[])
      ON CONFLICT (tenant, touch) DO UPDATE
      SET channel = excluded.channel, status = excluded.status, attempts = excluded.attempts,
        reason = excluded.reason, updated_at = excluded.updated_at
      """,
      [
        texts(rows, \.tenant), texts(rows, \.touch), texts(rows, \.channel), texts(rows, \.status),
        .int4Array(rows.map { Int32(clamping: $0.attempts) }), texts(rows, \.reason), instants(rows, \.updatedAt),
      ]
    )
  }

  private static func texts<Row>(_ rows: ArraySlice<Row>, _ read: (Row) -> String) -> PostgresValue {
    var builder = PostgresArrayBuilder(.textArray, capacity: rows.count)
    for row in rows { builder.append(text: StorableText.clean(read(row))) }
    return builder.value
  }

  private static func instants<Row>(_ rows: ArraySlice<Row>, _ read: (Row) -> Instant) -> PostgresValue {
    var builder = PostgresArrayBuilder(.timestamptzArray, capacity: rows.count)
    for row in rows { builder.append(microseconds: read(row).microseconds) }
    return builder.value
  }
}
