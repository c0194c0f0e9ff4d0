import EventCodec
import EventModel
import Insights
import Playbook
import PostgresStores

/// Joins what the store and the events gave with the names of the playbook and of the page. Pure.
package struct PageBuilder: Sendable {
  let spec: PageSpec.Section
  let playbook: CompiledPlaybook

  /// - Throws: where the page names something that the playbook has not.
  package init(spec: PageSpec.Section, playbook: CompiledPlaybook) throws(CommandFailure) {
    self.spec = spec
    self.playbook = playbook
    try checkNames()
  }

  // MARK: What to ask

  package func question(until: Instant) -> PageQuestion {
    var question = PageQuestion(tenant: spec.tenant, until: until, zone: playbook.zone.identifier)
    if let path = spec.path, let funnel = funnel(path.funnel) {
      question.path = (path.funnel, funnel.steps.count, path.within)
      question.totals = funnel.total?.types ?? []
      if path.parts != nil { question.partedFunnels.append(path.funnel) }
    }
    question.partedFunnels += spec.behaviours.map(\.funnel)
    question.wantsCommunities = spec.health != nil || spec.ratings != nil
    question.rfm = spec.rfm.map { ($0.recency, $0.frequency, $0.money) }
    question.ranking = spec.ranking.map { ($0.by, $0.top) }
    return question
  }

  func funnel(_ name: String) -> FunnelDefinition? { playbook.funnels.first { $0.name == name } }

  // MARK: The section

  /// - Parameter follow: the member's story and touches, where the page follows one.
  package func section(
    report: ReportModel,
    rows: PageRows,
    tally: EventTally?,
    follow: PageSection.FollowView? = nil
  ) -> PageSection {
    var section = PageSection(spec: spec, report: report)
    var comparisons = Comparisons()
    section.behaviours = spec.behaviours.map { behaviour in
      .init(spec: behaviour, parts: parts(behaviour.funnel, goal: nil, rows))
    }
    section.path = path(report, rows)
    section.communities = communities(rows, tally)
    if let path = section.path {
      comparisons.compareDays(path.days)
      comparisons.compareParts(path.funnel.name, Self.compared(path.parts))
    }
    for view in section.behaviours { comparisons.compareParts(view.spec.funnel, Self.compared(view.parts)) }
    comparisons.compareActivity(section.communities.map { .init(community: $0.id, now: $0.now, before: $0.before) })
    section.comparisons = comparisons
    section.heat = heat(tally)
    section.rfm = rows.rfm
    section.ranking = ranking(rows)
    section.ratings = ratings(rows)
    section.follow = follow
    mark(&section)
    section.findings = PageFindings(section: section).all
    return section
  }

  /// What the findings are about stands out where it is drawn.
  private func mark(_ section: inout PageSection) {
    for (step, findings) in section.comparisons.brokenDays {
      section.path?.broken[step] = Set(findings.map(Comparisons.day(of:)))
    }
    let cooling = section.comparisons.coolingCommunities.map(\.question)
    for index in section.communities.indices {
      let community = section.communities[index]
      section.communities[index].isClaimed = community.isTagged && cooling.contains(.community(community.id))
    }
  }

  private func path(_ report: ReportModel, _ rows: PageRows) -> PageSection.PathView? {
    guard let spec = spec.path, let funnel = report.funnels.first(where: { $0.name == spec.funnel }) else {
      return nil
    }
    let exposures = Dictionary(rows.totals.map { ($0.id, $0.sum) }, uniquingKeysWith: +)
    let total = self.funnel(spec.funnel)?.total
    let node = total.map { (ReportLabel($0.label, name: $0.name), exposures.values.reduce(0, +)) }
    return .init(
      funnel: funnel,
      node: node,
      days: rows.stepDays.map {
        .init(step: $0.step, day: $0.day.daysSinceEpoch, moved: Proportion($0.moved, of: $0.reached))
      },
      parts: spec.parts == nil ? [] : parts(spec.funnel, goal: spec.to, rows),
      goal: goal(spec.funnel, spec.to),
      exposures: exposures,
      broken: [:]
    )
  }

  /// Parts that are compared stand first, each kind by its conversion.
  private func parts(_ name: String, goal step: String?, _ rows: PageRows) -> [PageSection.Part] {
    let steps = funnel(name)?.steps.count ?? 0
    let goal = goal(name, step)
    let levels = Dictionary(grouping: rows.partLevels.filter { $0.funnel == name }, by: \.value)
    let parts = levels.map { value, levels in
      PageSection.Part(
        value: value,
        reached: (1...max(1, steps)).map { step in levels.reduce(0) { $1.level >= step ? $0 + $1.members : $0 } },
        goal: goal
      )
    }
    return parts.sorted { left, right in
      func order(_ part: PageSection.Part) -> (Int, Double) {
        (part.converted.of >= Comparisons.partMin && part.value != nil ? 1 : 0, part.converted.rate)
      }
      return order(left) == order(right) ? (left.value ?? "") < (right.value ?? "") : order(left) > order(right)
    }
  }

  /// A step's place from 0; the last where none is named.
  private func goal(_ name: String, _ step: String?) -> Int {
    let steps = funnel(name)?.steps ?? []
    return step.flatMap { step in steps.firstIndex { $0.name == step } } ?? max(0, steps.count - 1)
  }

  /// A part without a value is none that one could choose.
  static func compared(_ parts: [PageSection.Part]) -> [Comparisons.Part] {
    parts.compactMap { part in part.value.map { .init(value: $0, converted: part.converted) } }
  }

  private func heat(_ tally: EventTally?) -> PageSection.HeatView? {
    guard spec.heat != nil, let tally else { return nil }
    var peak: (day: Int, hour: Int)?
    for (day, row) in tally.weights.enumerated() {
      for (hour, weight) in row.enumerated() where weight > (peak.map { tally.weights[$0.day][$0.hour] } ?? 0) {
        peak = (day, hour)
      }
    }
    return .init(weights: tally.weights, events: tally.heatEvents, peak: peak)
  }

  // MARK: Subjects

  private func communities(_ rows: PageRows, _ tally: EventTally?) -> [PageSection.CommunityView] {
    guard let health = spec.health else { return [] }
    return rows.communities.map { row in
      let projection = (try? JSONReader.parse(row.projection)) ?? .null
      let tags = projection["tags"]
      let tag = tags?[health.tag]
      let isTagged = tag?["value"] == .bool(true)
      var since: Instant?
      if case .string(let text)? = tag?["since"] { since = Instant(text: text) }
      let active = tally?.active(row.id) ?? (now: 0, before: 0)
      return .init(
        id: row.id,
        name: health.name.flatMap { tags?[$0]?["value"] }.map(ReportText.plain) ?? row.id,
        shown: health.show.map { ReportText.plain(tags?[$0]?["value"] ?? projection["metrics"]?[$0] ?? .null) },
        now: active.now,
        before: active.before,
        isTagged: isTagged,
        since: isTagged ? since : nil,
        isClaimed: false
      )
    }
  }

  private func ranking(_ rows: PageRows) -> PageSection.RankingView? {
    guard let ranking = spec.ranking else { return nil }
    var top = 0.0
    let shown = rows.ranked.map { row in
      let metrics = try? JSONReader.parse(row.metrics)
      top += Double(ReportText.plain(metrics?[ranking.by] ?? .null)) ?? 0
      let values = ([ranking.by] + ranking.show).map { ReportText.plain(metrics?[$0] ?? .null) }
      return (member: row.member, values: values)
    }
    let sum = Double(rows.rankedSum) ?? 0
    return .init(rows: shown, shareTenths: sum > 0 ? Int((top / sum * 1000).rounded()) : nil, sum: rows.rankedSum)
  }

  private func ratings(_ rows: PageRows) -> PageSection.RatingsView? {
    guard let ratings = spec.ratings, let row = rows.communities.first(where: { $0.id == ratings.community }) else {
      return nil
    }
    let metrics = (try? JSONReader.parse(row.projection))?["metrics"]
    return .init(
      count: ReportText.plain(metrics?[ratings.count] ?? .null),
      also: ratings.also.map { ($0, ReportText.plain(metrics?[$0] ?? .null)) },
      means: ratings.scores.map { ($0, ReportText.plain(metrics?[$0] ?? .null)) }
    )
  }
}

extension PageBuilder {
  // MARK: Names

  /// A page that names what is not there would show nothing, and nobody would know why.
  private func checkNames() throws(CommandFailure) {
    let funnels = playbook.funnels.map(\.name)
    for name in [spec.path?.funnel].compactMap({ $0 }) + spec.behaviours.map(\.funnel) {
      try check(name, in: funnels, "a funnel")
    }
    if let path = spec.path, let step = path.to {
      try check(step, in: funnel(path.funnel)?.steps.map(\.name) ?? [], "a step of the path")
    }
    let members = playbook.member.metrics.map(\.name)
    let asked =
      [spec.rfm?.recency, spec.rfm?.frequency, spec.rfm?.money, spec.ranking?.by].compactMap { $0 }
      + (spec.ranking?.show ?? [])
    for name in asked { try check(name, in: members, "a metric of members") }
    let communities = playbook.community.metrics.map(\.name) + playbook.community.tags.map(\.name)
    let shown = [spec.health?.tag, spec.health?.name, spec.ratings?.count].compactMap { $0 }
    for name in shown + (spec.health?.show ?? []) + (spec.ratings?.scores ?? []) + (spec.ratings?.also ?? []) {
      try check(name, in: communities, "a metric or tag of communities")
    }
    var tags = [spec.follow?.name].compactMap { $0 }
    for moment in spec.follow?.moments ?? [] {
      if case .tag(let name, _) = moment.kind { tags.append(name) }
    }
    for name in tags { try check(name, in: playbook.member.tags.map(\.name), "a tag of members") }
  }

  private func check(_ name: String, in names: [String], _ what: String) throws(CommandFailure) {
    guard !names.contains(name) else { return }
    throw CommandFailure(
      .invalidInput,
      "page names what the playbook of \(spec.tenant) has not",
      at: spec.id,
      expected: what,
      got: name
    )
  }
}
