import EventModel
import PipelinePorts
import PostgresClient

/// Reads what a page shows of one tenant beyond a report: one snapshot, nothing is written.
package struct PageReader: Sendable {
  package static let communitiesMax: Int64 = 500
  /// Values of a breakdown.
  package static let partsMax: Int64 = 5_000
  /// Days by steps.
  package static let stepDaysMax: Int64 = 20_000

  private let pool: PostgresPool

  package init(pool: PostgresPool) { self.pool = pool }

  package func rows(_ question: PageQuestion) async throws(AdapterFailure) -> PageRows {
    try await pool.snapshot { session throws(PostgresFailure) in
      var rows = PageRows()
      try totals(of: question, into: &rows, session)
      try stepDays(of: question, into: &rows, session)
      try parts(of: question, into: &rows, session)
      try communities(of: question, into: &rows, session)
      try rfm(of: question, into: &rows, session)
      try ranking(of: question, into: &rows, session)
      return rows
    }
  }

  // MARK: Funnels

  /// SEMANTICS, "Aggregates": `reached(0)` is their sum by day and channel.
  private func totals(
    of question: PageQuestion,
    into rows: inout PageRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let result = try session.query(
      """
      SELECT id, sum(value)::int8 FROM aggregates
      WHERE tenant = $1 AND type = ANY ($2) AND day <= ($3 AT TIME ZONE $4)::date GROUP BY 1 ORDER BY 1 LIMIT $5
      """,
      [
        .text(question.tenant), .textArray(question.totals), instant(question.until), .text(question.zone),
        .int8(Self.partsMax),
      ]
    )
    for row in result.rows { rows.totals.append(.init(id: try row.text(0), sum: Int(try row.int8(1)))) }
  }

  /// A member who reached a step on two days counts on both; on one day of a step she counts once for each instant.
  private func stepDays(
    of question: PageQuestion,
    into rows: inout PageRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    guard let path = question.path, let within = path.within, path.steps > 1 else { return }
    let result = try session.query(
      """
      SELECT step::int4, (reached AT TIME ZONE $5)::date, count(*), count(*) FILTER (WHERE moved)
      FROM (
        SELECT member, s.step, times[s.step] AS reached,
          bool_or(COALESCE(times[s.step + 1] - times[s.step] <= $4 * interval '1 millisecond', false)) AS moved
        FROM funnel_entries, generate_series(1, $3::int4 - 1) AS s(step)
        WHERE tenant = $1 AND funnel = $2 AND status <> 'withdrawn' AND times[s.step] IS NOT NULL
        GROUP BY 1, 2, 3) AS steps
      WHERE reached <= $6 - $4 * interval '1 millisecond'
      GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $7
      """,
      [
        .text(question.tenant), .text(path.funnel), .int8(Int64(path.steps)), .int8(within.milliseconds),
        .text(question.zone), instant(question.until), .int8(Self.stepDaysMax),
      ]
    )
    for row in result.rows {
      rows.stepDays.append(
        .init(
          step: Int(try row.int4(0)),
          day: LocalDate(daysSinceEpoch: Int(try row.days(1))),
          reached: Int(try row.int8(2)),
          moved: Int(try row.int8(3))
        )
      )
    }
  }

  /// SEMANTICS, "Funnels": members count once with their best level, then latest day, and that entry's breakdown.
  private func parts(
    of question: PageQuestion,
    into rows: inout PageRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    let result = try session.query(
      """
      SELECT funnel, breakdown, level, count(*) FROM (
        SELECT DISTINCT ON (funnel, member) funnel, member, breakdown, level FROM funnel_entries
        WHERE tenant = $1 AND funnel = ANY ($2) AND status <> 'withdrawn'
        ORDER BY funnel, member, level DESC, day DESC) AS best
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT $3
      """,
      [.text(question.tenant), .textArray(question.partedFunnels), .int8(Self.partsMax)]
    )
    for row in result.rows {
      rows.partLevels.append(
        .init(
          funnel: try row.text(0),
          value: try row.textOrNull(1),
          level: Int(try row.int4(2)),
          members: Int(try row.int8(3))
        )
      )
    }
  }

  // MARK: Subjects

  private func communities(
    of question: PageQuestion,
    into rows: inout PageRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    guard question.wantsCommunities else { return }
    let result = try session.query(
      """
      SELECT substr(subject, length($1) + 2), projection FROM subject_states
      WHERE \(TaggedSubjects.ofKind) AND projection IS NOT NULL ORDER BY subject LIMIT $2
      """,
      [TaggedSubjects.prefix(question.tenant, .community), .int8(Self.communitiesMax)]
    )
    for row in result.rows { rows.communities.append(.init(id: try row.text(0), projection: try row.bytes(1))) }
  }

  /// Scores of fifths by rank: members with the same value have the same score, and the newest buyers the highest.
  private func rfm(
    of question: PageQuestion,
    into rows: inout PageRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    guard let rfm = question.rfm else { return }
    let result = try session.query(
      """
      SELECT r::int4, f::int4, m::int4, count(*), trim_scale(sum(money))::text FROM (
        SELECT money, 5 - (rank() OVER (ORDER BY recent DESC) - 1) * 5 / count(*) OVER () AS r,
          1 + (rank() OVER (ORDER BY frequency) - 1) * 5 / count(*) OVER () AS f,
          1 + (rank() OVER (ORDER BY money) - 1) * 5 / count(*) OVER () AS m
        FROM (
          SELECT (projection -> 'metrics' ->> $2)::timestamptz AS recent,
            (projection -> 'metrics' ->> $3)::numeric AS frequency, (projection -> 'metrics' ->> $4)::numeric AS money
          FROM subject_states WHERE \(TaggedSubjects.ofKind) AND projection -> 'metrics' ->> $2 IS NOT NULL) AS facts) AS scores
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      """,
      [TaggedSubjects.prefix(question.tenant, .member), .text(rfm.recency), .text(rfm.frequency), .text(rfm.money)]
    )
    for row in result.rows {
      rows.rfm.append(
        .init(
          recency: Int(try row.int4(0)),
          frequency: Int(try row.int4(1)),
          money: Int(try row.int4(2)),
          members: Int(try row.int8(3)),
          sum: try row.text(4)
        )
      )
    }
  }

  private func ranking(
    of question: PageQuestion,
    into rows: inout PageRows,
    _ session: PostgresSession
  ) throws(PostgresFailure) {
    guard let ranking = question.ranking else { return }
    let prefix = TaggedSubjects.prefix(question.tenant, .member)
    let result = try session.query(
      """
      SELECT substr(subject, length($1) + 2), COALESCE(projection -> 'metrics', '{}') FROM subject_states
      WHERE \(TaggedSubjects.ofKind) AND (projection -> 'metrics' ->> $2)::numeric > 0
      ORDER BY (projection -> 'metrics' ->> $2)::numeric DESC, subject LIMIT $3
      """,
      [prefix, .text(ranking.by), .int8(Int64(ranking.top))]
    )
    for row in result.rows { rows.ranked.append(.init(member: try row.text(0), metrics: try row.bytes(1))) }
    let sum = try session.query(
      """
      SELECT trim_scale(COALESCE(sum((projection -> 'metrics' ->> $2)::numeric), 0))::text
      FROM subject_states WHERE \(TaggedSubjects.ofKind)
      """,
      [prefix, .text(ranking.by)]
    )
    rows.rankedSum = try sum[0].text(0)
  }

  private func instant(_ instant: Instant) -> PostgresValue {
    .timestamptz(microseconds: instant.milliseconds * 1000)
  }

  // MARK: One member

  /// The member whose touches tell most: one of whose was dropped for quiet hours first, then most journeys that
  /// reached her, then most steps of paths, then the smaller id.
  package func followedMember(tenant: String) async throws(AdapterFailure) -> String? {
    try await pool.perform { session throws(PostgresFailure) in
      let result = try session.query(
        """
        SELECT t.member FROM (
          SELECT substr(subject, 8) AS member, bool_or(status = 'dropped' AND reason = 'quiet_hours') AS quiet,
            bool_or(status <> 'decided' OR reason <> 'due') AS held,
            count(DISTINCT source) FILTER (WHERE status = 'decided') AS reached
          FROM touches WHERE tenant = $1 AND subject LIKE 'member/%' GROUP BY 1) AS t
        LEFT JOIN (
          SELECT member, sum(level) AS levels FROM funnel_entries WHERE tenant = $1 GROUP BY 1) AS f USING (member)
        ORDER BY quiet DESC, held DESC, reached DESC, COALESCE(levels, 0) DESC, t.member COLLATE "C" LIMIT 1
        """,
        [.text(tenant)]
      )
      return result.count == 0 ? nil : try result[0].text(0)
    }
  }
}
