import EventModel
import PipelinePorts
import PostgresClient

/// Reads what `hearth report` shows from the store of a running instance: one snapshot, nothing is written.
package struct ReportReader: Sendable {
  /// Different values of one kind's tags that are counted.
  package static let tagValuesMax: Int64 = 10_000
  package static let lastTouchesMax: Int64 = 10
  package static let flaggedMax: Int64 = 100
  package static let memberTouchesMax: Int64 = 200

  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  package func rows(_ question: ReportQuestion) async throws(AdapterFailure) -> ReportRows {
    try await pool.snapshot { session throws(PostgresFailure) in
      var rows = ReportRows()
      try subjects(of: question, into: &rows, session)
      try scores(of: question, into: &rows, session)
      try segments(of: question, into: &rows, session)
      try funnels(of: question, into: &rows, session)
      try touches(of: question, into: &rows, session)
      try communities(of: question, into: &rows, session)
      return rows
    }
  }

  // MARK: Subjects

  private func prefix(_ question: ReportQuestion, _ kind: SubjectKind) -> PostgresValue {
    TaggedSubjects.prefix(question.tenant, kind)
  }

  private func subjects(
    of question: ReportQuestion,
    into rows: inout ReportRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let count = "SELECT count(*) FROM subject_states WHERE \(TaggedSubjects.ofKind)"
    rows.members = Int(try session.query(count, [prefix(question, .member)])[0].int8(0))
    rows.communities = Int(try session.query(count, [prefix(question, .community)])[0].int8(0))
    rows.memberTags = try tagCounts(question.memberTags, prefix(question, .member), session)
    rows.communityTags = try tagCounts(question.communityTags, prefix(question, .community), session)
    let sums = try session.query(
      """
      SELECT m.name, trim_scale(COALESCE(sum((projection -> 'metrics' ->> m.name)::numeric), 0))::text,
        count(*) FILTER (WHERE (projection -> 'metrics' ->> m.name)::numeric > 0)
      FROM subject_states, unnest($2::text[]) AS m(name) WHERE \(TaggedSubjects.ofKind) GROUP BY 1
      """,
      [prefix(question, .member), .textArray(question.sums)]
    )
    for row in sums.rows {
      rows.sums.append(.init(metric: try row.text(0), sum: try row.text(1), positive: Int(try row.int8(2))))
    }
    let imported = try session.query(
      "SELECT max(last_time) FROM imports WHERE tenant = $1 AND finished_at IS NOT NULL",
      [.text(question.tenant)]
    )
    rows.lastImported = try imported[0].instantOrNull(0)
  }

  private func tagCounts(
    _ names: [String],
    _ prefix: PostgresValue,
    _ session: PostgresSession
  ) throws(PostgresFailure) -> [ReportRows.TagCount] {
    let result = try session.query(
      """
      SELECT t.key, t.value ->> 'value', count(*)
      FROM subject_states, jsonb_each(projection -> 'tags') AS t
      WHERE \(TaggedSubjects.ofKind) AND t.key = ANY ($2) GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2 LIMIT $3
      """,
      [prefix, .textArray(names), .int8(Self.tagValuesMax)]
    )
    var counts: [ReportRows.TagCount] = []
    for row in result.rows {
      counts.append(.init(tag: try row.text(0), value: try row.textOrNull(1), subjects: Int(try row.int8(2))))
    }
    return counts
  }

  private func scores(
    of question: ReportQuestion,
    into rows: inout ReportRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let figures = try session.query(
      """
      SELECT s.name, trim_scale(COALESCE(sum(v.value), 0))::text, count(*) FILTER (WHERE v.value >= s.cut::numeric),
        count(*) FILTER (WHERE v.value IS NULL)
      FROM subject_states, unnest($2::text[], $3::text[]) AS s(name, cut),
        LATERAL (SELECT (projection -> 'tags' -> s.name ->> 'value')::numeric AS value) AS v
      WHERE \(TaggedSubjects.ofKind) GROUP BY 1
      """,
      [
        prefix(question, .member), .textArray(question.scores.map(\.name)), .textArray(question.scores.map(\.cut)),
      ]
    )
    for row in figures.rows {
      rows.scores.append(
        .init(
          name: try row.text(0),
          sum: try row.text(1),
          atOrOverCut: Int(try row.int8(2)),
          unknown: Int(try row.int8(3))
        )
      )
    }
    guard let axes = question.axes else { return }
    let cells = try session.query(
      """
      SELECT least(floor(x / 5), 19)::int4, least(floor(y / 5), 19)::int4, count(*)
      FROM (
        SELECT (projection -> 'tags' -> $2 ->> 'value')::numeric AS x,
          (projection -> 'tags' -> $3 ->> 'value')::numeric AS y
        FROM subject_states WHERE \(TaggedSubjects.ofKind)) AS scores
      WHERE x IS NOT NULL AND y IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
      """,
      [prefix(question, .member), .text(axes.x), .text(axes.y)]
    )
    for row in cells.rows {
      rows.cells.append(.init(x: Int(try row.int4(0)), y: Int(try row.int4(1)), members: Int(try row.int8(2))))
    }
  }

  // MARK: Segments, funnels

  private func segments(
    of question: ReportQuestion,
    into rows: inout ReportRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let sizes = try session.query(
      """
      SELECT m.key, count(*) FROM subject_states, jsonb_each(projection -> 'segments') AS m
      WHERE consumer_group = 'segmenter' AND subject > $1 || '/' AND subject < $1 || '0' GROUP BY 1 ORDER BY 1
      """,
      [prefix(question, .member)]
    )
    for row in sizes.rows { rows.segments.append(.init(name: try row.text(0), members: Int(try row.int8(1)))) }
    let cuts = try session.query(
      "SELECT segment, max(as_of) FROM population_results WHERE tenant = $1 GROUP BY 1 ORDER BY 1",
      [.text(question.tenant)]
    )
    for row in cuts.rows { rows.cuts.append(.init(segment: try row.text(0), asOf: try row.instant(1))) }
  }

  private func funnels(
    of question: ReportQuestion,
    into rows: inout ReportRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let tenant: [PostgresValue] = [.text(question.tenant)]
    let entries = try session.query(
      """
      SELECT funnel, level, status, breakdown, date_trunc('month', day)::date, count(*)
      FROM funnel_entries WHERE tenant = $1 AND status <> 'withdrawn' GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 5, 4, 2, 3
      """,
      tenant
    )
    for row in entries.rows {
      rows.entries.append(
        .init(
          funnel: try row.text(0),
          level: Int(try row.int4(1)),
          status: try row.text(2),
          breakdown: try row.textOrNull(3),
          month: LocalDate(daysSinceEpoch: Int(try row.days(4))),
          entries: Int(try row.int8(5))
        )
      )
    }
    let best = try session.query(
      """
      SELECT funnel, level, count(*) FROM (
        SELECT funnel, member, max(level) AS level FROM funnel_entries
        WHERE tenant = $1 AND status <> 'withdrawn' GROUP BY 1, 2) AS best
      GROUP BY 1, 2 ORDER BY 1, 2
      """,
      tenant
    )
    for row in best.rows {
      rows.bestLevels.append(
        .init(funnel: try row.text(0), level: Int(try row.int4(1)), members: Int(try row.int8(2)))
      )
    }
    let times = try session.query(
      """
      SELECT funnel, step::int4,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY (extract(epoch FROM reached - times[1]) * 1000)::int8)
      FROM funnel_entries, unnest(times) WITH ORDINALITY AS t(reached, step)
      WHERE tenant = $1 AND status <> 'withdrawn' AND step > 1 AND reached IS NOT NULL AND times[1] IS NOT NULL
      GROUP BY 1, 2 ORDER BY 1, 2
      """,
      tenant
    )
    for row in times.rows {
      rows.stepTimes.append(
        .init(
          funnel: try row.text(0),
          step: Int(try row.int4(1)),
          median: TimeSpan(milliseconds: try row.int8(2))
        )
      )
    }
  }

  // MARK: Touches, communities

  private static let touchColumns = """
    t.source, t.step, t.subject, t.template, t.channel, t.status, t.reason, t.due_at, t.decided_at, d.status,
      d.updated_at
    FROM touches AS t LEFT JOIN deliveries AS d ON d.tenant = t.tenant AND d.touch = t.id
    """

  private func touches(
    of question: ReportQuestion,
    into rows: inout ReportRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let tenant: [PostgresValue] = [.text(question.tenant)]
    let counts = try session.query(
      "SELECT source, status, reason, count(*) FROM touches WHERE tenant = $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
      tenant
    )
    for row in counts.rows {
      rows.touchCounts.append(
        .init(source: try row.text(0), status: try row.text(1), reason: try row.text(2), touches: Int(try row.int8(3)))
      )
    }
    let deliveries = try session.query(
      "SELECT status, count(*) FROM deliveries WHERE tenant = $1 GROUP BY 1 ORDER BY 1",
      tenant
    )
    for row in deliveries.rows { rows.deliveries.append((try row.text(0), Int(try row.int8(1)))) }
    let last = try session.query(
      """
      SELECT \(Self.touchColumns) WHERE t.tenant = $1
      ORDER BY t.decided_at DESC, t.source, t.subject COLLATE "C" LIMIT $2
      """,
      tenant + [.int8(Self.lastTouchesMax)]
    )
    for row in last.rows { rows.lastTouches.append(try touch(row)) }
  }

  private func touch(_ row: PostgresRow) throws(PostgresFailure) -> ReportRows.Touch {
    ReportRows.Touch(
      source: try row.text(0),
      step: Int(try row.int4(1)),
      subject: try row.text(2),
      template: try row.text(3),
      channel: try row.text(4),
      status: try row.text(5),
      reason: try row.text(6),
      dueAt: try row.instant(7),
      decidedAt: try row.instant(8),
      delivery: try row.textOrNull(9),
      deliveredAt: try row.instantOrNull(10)
    )
  }

  private func communities(
    of question: ReportQuestion,
    into rows: inout ReportRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let flagged = try session.query(
      """
      SELECT f.name, substr(subject, length($1) + 2), (projection -> 'tags' -> f.name ->> 'since')::timestamptz,
        COALESCE(projection -> 'metrics', '{}')
      FROM subject_states, unnest($2::text[]) AS f(name)
      WHERE \(TaggedSubjects.ofKind) AND projection -> 'tags' -> f.name -> 'value' = 'true'
      ORDER BY 1, 3, subject LIMIT $3
      """,
      [prefix(question, .community), .textArray(question.communityFlags), .int8(Self.flaggedMax)]
    )
    for row in flagged.rows {
      rows.flagged.append(
        .init(
          tag: try row.text(0),
          id: try row.text(1),
          since: try row.instantOrNull(2),
          metrics: try row.bytes(3)
        )
      )
    }
  }

  // MARK: One member

  /// The member whose story tells most: with most conversions and decided touches together; else whoever has one.
  package func tellingMember(tenant: String) async throws(AdapterFailure) -> String? {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT member FROM (
          SELECT member, count(*) FILTER (WHERE status = 'converted') AS converted, 0 AS touched FROM funnel_entries
          WHERE tenant = $1 GROUP BY 1
          UNION ALL
          SELECT substr(subject, 8), 0, count(*) FILTER (WHERE status = 'decided') FROM touches
          WHERE tenant = $1 AND subject LIKE 'member/%' GROUP BY 1) AS told
        GROUP BY 1
        ORDER BY least(sum(converted), sum(touched)) DESC, sum(converted) + sum(touched) DESC, member COLLATE "C"
        LIMIT 1
        """,
        [.text(tenant)]
      )
      return result.count == 0 ? nil : try result[0].text(0)
    }
  }

  /// A member's touches with their deliveries, in order of time.
  package func touches(tenant: String, member: String) async throws(AdapterFailure) -> [ReportRows.Touch] {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        "SELECT \(Self.touchColumns) WHERE t.tenant = $1 AND t.subject = $2 ORDER BY t.decided_at LIMIT $3",
        [.text(tenant), .text("member/\(member)"), .int8(Self.memberTouchesMax)]
      )
      var touches: [ReportRows.Touch] = []
      for row in result.rows { touches.append(try touch(row)) }
      return touches
    }
  }
}
