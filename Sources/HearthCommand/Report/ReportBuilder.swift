import EventCodec
import EventModel
import Playbook
import PostgresStores

/// Joins the store's counts with the playbook's names. Pure.
package struct ReportBuilder: Sendable {
  private let playbook: CompiledPlaybook
  private let tenant: String

  package init(playbook: CompiledPlaybook, tenant: String) {
    self.playbook = playbook
    self.tenant = tenant
  }

  // MARK: What to ask

  package var question: ReportQuestion {
    ReportQuestion(
      tenant: tenant,
      memberTags: counted(playbook.member).map(\.name),
      communityTags: counted(playbook.community).map(\.name),
      communityFlags: flags.map(\.name),
      scores: scores.map { ($0.definition.name, $0.cut.text) },
      axes: quadrant.map { ($0.x, $0.y) },
      sums: [orderMetric, revenueMetric].compactMap { $0 }
    )
  }

  /// Scores and other numbers have too many values to count.
  private func counted(_ program: SubjectProgram) -> [TagDefinition] {
    program.tags.filter { $0.kind != .decimal && $0.kind != .list }
  }

  private var flags: [TagDefinition] { playbook.community.tags.filter { $0.kind == .boolean } }

  private var scores: [(definition: TagDefinition, cut: FixedDecimal)] {
    playbook.member.tags.compactMap { tag in
      if case .score(_, let cut) = tag.rule { (tag, cut) } else { nil }
    }
  }

  private var quadrant: Quadrant? {
    for tag in playbook.member.tags { if case .quadrant(let quadrant) = tag.rule { return quadrant } }
    return nil
  }

  /// The metrics that count all orders and add up what was paid, whatever the playbook calls them.
  private var orderMetric: String? { lifetime(.count, field: nil) }
  private var revenueMetric: String? { lifetime(.sum, field: "amount") }

  private func lifetime(_ fold: Fold, field: String?) -> String? {
    playbook.member.metrics.first { metric in
      guard metric.fold == fold, metric.filter == nil, case .lifetime = metric.window else { return false }
      return metric.sources == [EventSelector(type: "order.paid", field: field)]
    }?.name
  }

  // MARK: The model

  package func model(_ rows: ReportRows, asOf: Instant?) -> ReportModel {
    var model = ReportModel(
      tenant: tenant,
      title: label(playbook.label, playbook.id),
      asOf: asOf ?? rows.lastImported,
      zone: playbook.zone,
      members: rows.members,
      communities: rows.communities
    )
    let orders = rows.sums.first { $0.metric == orderMetric }
    model.orders = orders.flatMap { Int($0.sum) }
    model.membersWithOrders = orders?.positive
    model.revenue = rows.sums.first { $0.metric == revenueMetric }?.sum
    model.memberTags = tables(counted(playbook.member), rows.memberTags)
    model.communityTags = tables(counted(playbook.community), rows.communityTags)
    model.scores = scores.compactMap { score in
      rows.scores.first { $0.name == score.definition.name }.map { figures in
        .init(
          name: figures.name,
          label: label(score.definition.label, figures.name),
          cut: score.cut.text,
          sum: figures.sum,
          atOrOverCut: figures.atOrOverCut,
          unknown: figures.unknown
        )
      }
    }
    model.quadrants = quadrants(rows)
    model.segments = playbook.segments.map { segment in
      .init(
        name: segment.name,
        label: label(segment.label, segment.name),
        members: rows.segments.first { $0.name == segment.name }?.members ?? 0,
        cutAt: rows.cuts.first { $0.segment == segment.name }?.asOf
      )
    }
    model.funnels = playbook.funnels.map { funnel($0, rows) }
    model.touches = touches(rows)
    model.flagged = flags.map { flagged($0, rows) }
    return model
  }

  private func tables(_ tags: [TagDefinition], _ counts: [ReportRows.TagCount]) -> [ReportModel.TagTable] {
    let byTag = Dictionary(grouping: counts, by: \.tag)
    let tables = tags.map { tag in
      ReportModel.TagTable(
        name: tag.name,
        label: label(tag.label, tag.name),
        category: tag.category,
        values: (byTag[tag.name] ?? []).map { .init(value: $0.value, subjects: $0.subjects) }
      )
    }
    // Tags of one category together, those without one last.
    return tables.sorted { ($0.category ?? "~", $0.name) < ($1.category ?? "~", $1.name) }
  }

  private func quadrants(_ rows: ReportRows) -> ReportModel.Quadrants? {
    guard let quadrant, let x = axis(quadrant.x), let y = axis(quadrant.y) else { return nil }
    let counts = rows.memberTags.filter { $0.tag == "quadrant" }
    let corners = QuadrantCorners(playbook: playbook, quadrant: quadrant)
    let places = quadrant.labels.map { place in
      ReportModel.Quadrants.Place(
        value: place.value,
        label: label(place.label, place.value),
        strategy: place.strategy,
        members: counts.first { $0.value == place.value }?.subjects ?? 0,
        corner: corners.corner(of: place.value)
      )
    }
    return .init(
      x: x,
      y: y,
      labels: places,
      unclassified: counts.first { $0.value == Quadrant.unclassified }?.subjects ?? 0,
      cells: rows.cells.map { .init(x: $0.x, y: $0.y, members: $0.members) }
    )
  }

  private func axis(_ name: String) -> ReportModel.Quadrants.Axis? {
    scores.first { $0.definition.name == name }.map {
      .init(name: name, label: label($0.definition.label, name), cut: $0.cut.text)
    }
  }

  // MARK: Funnels

  private func funnel(_ definition: FunnelDefinition, _ rows: ReportRows) -> ReportModel.Funnel {
    let entries = rows.entries.filter { $0.funnel == definition.name }
    let best = rows.bestLevels.filter { $0.funnel == definition.name }
    let times = rows.stepTimes.filter { $0.funnel == definition.name }
    let steps = definition.steps.enumerated().map { index, step in
      ReportModel.Funnel.Step(
        name: step.name,
        label: label(step.label, step.name),
        entries: total(entries) { $0.level > index },
        members: best.reduce(0) { $1.level > index ? $0 + $1.members : $0 },
        medianTime: times.first { $0.step == index + 1 }?.median
      )
    }
    return .init(
      name: definition.name,
      label: label(definition.label, definition.name),
      window: definition.window,
      steps: steps,
      converted: total(entries) { $0.status == "converted" },
      open: total(entries) { $0.status == "open" },
      dropped: total(entries) { $0.status == "dropped" },
      breakdownBy: breakdownName(definition),
      breakdown: definition.breakdown == nil ? [] : parts(entries, steps: steps.count),
      months: months(entries)
    )
  }

  private func total(_ entries: [ReportRows.Entries], where holds: (ReportRows.Entries) -> Bool) -> Int {
    entries.reduce(0) { holds($1) ? $0 + $1.entries : $0 }
  }

  private func breakdownName(_ definition: FunnelDefinition) -> String? {
    switch definition.breakdown?.by {
    case .tag(let index): playbook.member.tags[index].name
    case .field(let name): name
    case nil: nil
    }
  }

  private func parts(_ entries: [ReportRows.Entries], steps: Int) -> [ReportModel.Funnel.Part] {
    Dictionary(grouping: entries, by: \.breakdown).map { value, entries in
      .init(value: value, reached: (0..<steps).map { step in total(entries) { $0.level > step } })
    }.sorted { left, right in
      (left.reached.first ?? 0, right.value ?? "") > (right.reached.first ?? 0, left.value ?? "")
    }
  }

  private func months(_ entries: [ReportRows.Entries]) -> [ReportModel.Funnel.Month] {
    Dictionary(grouping: entries, by: \.month).map { month, entries in
      .init(first: month, entries: total(entries) { _ in true }, converted: total(entries) { $0.status == "converted" })
    }.sorted { $0.first < $1.first }
  }

  // MARK: Touches, communities

  private func touches(_ rows: ReportRows) -> ReportModel.Touches {
    var touches = ReportModel.Touches()
    touches.counts = rows.touchCounts.map {
      .init(
        source: $0.source,
        label: sourceLabel($0.source),
        status: $0.status,
        reason: $0.reason,
        touches: $0.touches
      )
    }
    touches.deliveries = rows.deliveries.map { .init(value: $0.status, subjects: $0.touches) }
    touches.last = rows.lastTouches.map {
      .init(
        at: $0.decidedAt,
        source: $0.source,
        subject: $0.subject,
        template: $0.template,
        channel: $0.channel,
        status: $0.status,
        reason: $0.reason,
        delivery: $0.delivery
      )
    }
    return touches
  }

  /// The label of `journey/NAME` or `calendar/NAME`.
  private func sourceLabel(_ source: String) -> ReportLabel {
    let name = source.split(separator: "/", maxSplits: 1).last.map(String.init) ?? source
    if let journey = playbook.journeys.first(where: { source == "journey/\($0.name)" }) {
      return label(journey.label, name)
    }
    if let calendar = playbook.calendars.first(where: { source == "calendar/\($0.name)" }) {
      return label(calendar.label, name)
    }
    return ReportLabel(zh: name, en: name)
  }

  private func flagged(_ tag: TagDefinition, _ rows: ReportRows) -> ReportModel.FlaggedCommunities {
    var metrics: [String] = []
    if case .rule(let formula) = tag.rule {
      metrics = formula.references().metrics.sorted().map { playbook.community.metrics[$0].name }
    }
    let communities = rows.flagged.filter { $0.tag == tag.name }.map { row in
      let values = try? JSONReader.parse(row.metrics)
      return ReportModel.FlaggedCommunities.Row(
        id: row.id,
        since: row.since,
        values: metrics.map { ReportText.plain(values?[$0] ?? .null) }
      )
    }
    return .init(tag: tag.name, label: label(tag.label, tag.name), metrics: metrics, rows: communities)
  }

  private func label(_ text: LocalizedText, _ name: String) -> ReportLabel { ReportLabel(text, name: name) }
}

extension ReportLabel {
  /// The playbook's label, or the definition's name where it has none.
  init(_ text: LocalizedText, name: String) {
    let zh = text.text(in: "zh")
    let en = text.text(in: "en")
    self.init(zh: zh.isEmpty ? name : zh, en: en.isEmpty ? name : en)
  }
}

/// Finds the quadrant in which each label holds, by trying the four.
private struct QuadrantCorners {
  private var found: [String: [ReportModel.Quadrants.Corner]] = [:]

  /// Two scores, everything else unknown.
  private struct Trial: FormulaContext {
    let values: [Int: Value]
    let now = Instant(milliseconds: 0)
    func metric(_ index: Int) -> Value { .null }
    func tag(_ index: Int) -> Value { values[index] ?? .null }
    func field(_ name: String) -> Value? { nil }
  }

  init(playbook: CompiledPlaybook, quadrant: Quadrant) {
    func score(_ name: String) -> (index: Int, cut: FixedDecimal)? {
      for (index, tag) in playbook.member.tags.enumerated() where tag.name == name {
        if case .score(_, let cut) = tag.rule { return (index, cut) }
      }
      return nil
    }
    guard let x = score(quadrant.x), let y = score(quadrant.y) else { return }
    for xHigh in [false, true] {
      for yHigh in [false, true] {
        let trial = Trial(values: [
          x.index: .number(xHigh ? x.cut : Self.below(x.cut)), y.index: .number(yHigh ? y.cut : Self.below(y.cut)),
        ])
        guard let label = quadrant.labels.first(where: { $0.condition.holds(in: trial) }) else { continue }
        found[label.value, default: []].append(.init(xHigh: xHigh, yHigh: yHigh))
      }
    }
  }

  private static func below(_ cut: FixedDecimal) -> FixedDecimal {
    FixedDecimal(millionths: cut.millionths - 1) ?? cut
  }

  /// Nil for a label that holds in none or in several.
  func corner(of label: String) -> ReportModel.Quadrants.Corner? {
    found[label].flatMap { $0.count == 1 ? $0[0] : nil }
  }
}
