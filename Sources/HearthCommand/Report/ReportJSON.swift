import EventModel

/// The report as one line of canonical JSON; `Tests/Oracle/expected-report.json` shows the shape of its counts.
package enum ReportJSON {
  package static func render(_ model: ReportModel) -> [UInt8] { Value.object(members(model)).canonicalJSON + [10] }

  static func members(_ model: ReportModel) -> [Value.Member] {
    var members: [Value.Member] = [
      .init("tenant", .string(model.tenant)),
      .init("until", model.asOf.map { .string(seconds($0)) } ?? .null),
      .init("members", whole(model.members)),
      .init("communities", whole(model.communities)),
      .init(
        "tags",
        .object([.init("community", tags(model.communityTags)), .init("member", tags(model.memberTags))])
      ),
      .init("scores", scores(model.scores)),
      .init("segments", .object(model.segments.map { .init($0.name, whole($0.members)) })),
      .init("funnels", .object(model.funnels.map { .init($0.name, funnel($0)) })),
      .init("funnel_times", .object(model.funnels.map { .init($0.name, times($0)) })),
      .init("touches", touches(model.touches)),
      .init("flagged", .object(model.flagged.map { .init($0.tag, .list($0.rows.map { .string($0.id) })) })),
    ]
    if let orders = model.orders { members.append(.init("orders", whole(orders))) }
    if let buyers = model.membersWithOrders { members.append(.init("members_with_orders", whole(buyers))) }
    if let revenue = model.revenue { members.append(.init("revenue", .string(revenue))) }
    if let story = model.story { members.append(.init("story", self.story(story))) }
    return members
  }

  private static func whole(_ number: Int) -> Value { .whole(Int64(number)) }

  /// RFC 3339 without a fraction of nothing.
  private static func seconds(_ instant: Instant) -> String { instant.text.replacing(".000Z", with: "Z") }

  private static func tags(_ tables: [ReportModel.TagTable]) -> Value {
    .object(
      tables.map { table in
        .init(table.name, .object(table.values.map { .init($0.value ?? "null", whole($0.subjects)) }))
      }
    )
  }

  private static func scores(_ scores: [ReportModel.Score]) -> Value {
    .object(
      scores.flatMap { score in
        var members: [Value.Member] = [
          .init("\(score.name)_at_or_over_cut", whole(score.atOrOverCut)),
          .init("\(score.name)_sum", .string(score.sum)),
        ]
        if score.unknown > 0 { members.append(.init("\(score.name)_null", whole(score.unknown))) }
        return members
      }
    )
  }

  private static func funnel(_ funnel: ReportModel.Funnel) -> Value {
    var members: [Value.Member] = [
      .init("entries", .list(funnel.steps.map { whole($0.entries) })),
      .init("members", .list(funnel.steps.map { whole($0.members) })),
      .init(
        "status",
        .object([
          .init("converted", whole(funnel.converted)), .init("dropped", whole(funnel.dropped)),
          .init("open", whole(funnel.open)),
        ])
      ),
    ]
    if let by = funnel.breakdownBy {
      members.append(
        .init(
          "by_\(by)",
          .object(funnel.breakdown.map { .init($0.value ?? "null", .list($0.reached.map(whole))) })
        )
      )
    }
    return .object(members)
  }

  /// Median milliseconds from step 1 to each later one.
  private static func times(_ funnel: ReportModel.Funnel) -> Value {
    .object(
      funnel.steps.compactMap { step in
        step.medianTime.map { .init(step.name, .whole($0.milliseconds)) }
      }
    )
  }

  private static func touches(_ touches: ReportModel.Touches) -> Value {
    .object([
      .init(
        "counts",
        .list(
          touches.counts.map {
            .object([
              .init("reason", .string($0.reason)), .init("source", .string($0.source)),
              .init("status", .string($0.status)), .init("touches", whole($0.touches)),
            ])
          }
        )
      ),
      .init("deliveries", .object(touches.deliveries.map { .init($0.value ?? "null", whole($0.subjects)) })),
      .init(
        "last",
        .list(
          touches.last.map {
            .object([
              .init("at", .time($0.at)), .init("delivery", $0.delivery.map(Value.string) ?? .null),
              .init("reason", .string($0.reason)), .init("source", .string($0.source)),
              .init("status", .string($0.status)), .init("subject", .string($0.subject)),
            ])
          }
        )
      ),
    ])
  }

  private static func story(_ story: MemberStory) -> Value {
    .object([
      .init("member", .string(story.member)),
      .init(
        "lines",
        .list(
          story.lines.map {
            .object([
              .init("at", .time($0.at)), .init("kind", .string($0.kind.rawValue)), .init("reason", .string($0.reason)),
              .init("text", .string($0.text)),
            ])
          }
        )
      ),
    ])
  }
}
