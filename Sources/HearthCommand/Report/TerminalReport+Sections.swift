import EventModel

extension TerminalReport {
  /// Rows of a breakdown, of a tag's values.
  static let rowsMax = 12

  // MARK: Funnels

  mutating func funnel(_ funnel: ReportModel.Funnel) {
    heading("漏斗 Funnel: \(funnel.label.both), window \(ReportText.span(funnel.window))")
    let first = funnel.steps.first
    line(
      style.dim(
        cell("", 26) + TerminalText.fitted("次 entries", 12, right: true) + "        "
          + TerminalText.fitted("人 members", 12, right: true) + "        " + "  中位 median time"
      )
    )
    for (index, step) in funnel.steps.enumerated() {
      let median = step.medianTime.map { "  " + ReportText.span($0) } ?? ""
      line(
        cell("\(index + 1) \(step.label.both)", 26) + number(step.entries, 12)
          + share(step.entries, first?.entries ?? 0) + number(step.members, 12)
          + share(step.members, first?.members ?? 0) + median
      )
      line("  次 " + bar(step.entries, of: first?.entries ?? 0, width: 60))
      line("  人 " + bar(step.members, of: first?.members ?? 0, width: 60))
      guard index > 0 else { continue }
      let before = funnel.steps[index - 1]
      line(
        style.dim(
          "  step \(index) → \(index + 1): \(ReportText.share(step.entries, of: before.entries)) of entries, "
            + "\(ReportText.share(step.members, of: before.members)) of members"
        )
      )
    }
    if let last = funnel.steps.last, let first {
      line(
        "总转化 overall: \(ReportText.share(last.entries, of: first.entries)) of entries, "
          + "\(ReportText.share(last.members, of: first.members)) of members"
      )
    }
    line(
      "converted \(ReportText.number(funnel.converted)), open \(ReportText.number(funnel.open)), "
        + "dropped \(ReportText.number(funnel.dropped))"
    )
    breakdown(funnel)
  }

  private mutating func breakdown(_ funnel: ReportModel.Funnel) {
    guard let by = funnel.breakdownBy, !funnel.breakdown.isEmpty else { return }
    let rows = funnel.breakdown.prefix(Self.rowsMax)
    line(style.dim("by \(by): the \(rows.count) largest of \(funnel.breakdown.count), entries → converted"))
    let largest = rows.compactMap(\.reached.first).max() ?? 0
    for part in rows {
      let entries = part.reached.first ?? 0
      let converted = part.reached.last ?? 0
      line(
        cell(part.value ?? "–", 14) + number(entries) + " →" + number(converted, 7) + share(converted, entries) + "  "
          + bar(entries, of: largest)
      )
    }
  }

  // MARK: Segments, touches, communities

  mutating func segments() {
    guard !model.segments.isEmpty else { return }
    heading("人群 Segments")
    let largest = model.segments.map(\.members).max() ?? 0
    for segment in model.segments {
      let cut = segment.cutAt.map { "  ranked at \(ReportText.time($0, model.zone))" } ?? ""
      line(
        cell("\(segment.label.both) (\(segment.name))", 40) + number(segment.members)
          + share(segment.members, model.members) + "  " + bar(segment.members, of: largest) + style.dim(cut)
      )
    }
  }

  mutating func touches() {
    heading("触达 Touches")
    if model.touches.counts.isEmpty { line("none") }
    for count in model.touches.counts {
      line(
        cell("\(count.label.both)", 40) + cell(count.status, 10) + cell(count.reason, 18) + number(count.touches)
      )
    }
    if !model.touches.deliveries.isEmpty {
      let parts = model.touches.deliveries.map { "\($0.value ?? "–") \(ReportText.number($0.subjects))" }
      line("投递 deliveries: " + TerminalText.clean(parts.joined(separator: ", ")))
    }
    guard !model.touches.last.isEmpty else { return }
    line(style.dim("最近 the last \(model.touches.last.count)"))
    for touch in model.touches.last {
      line(
        "\(ReportText.time(touch.at, model.zone))  \(cell(touch.subject, 18)) \(cell(touch.source, 26)) "
          + cell("\(touch.status), \(touch.reason)", 22) + " " + TerminalText.clean(touch.delivery ?? "–")
      )
    }
  }

  mutating func flagged(_ flagged: ReportModel.FlaggedCommunities) {
    heading("社群 Communities: \(flagged.label.both) (\(flagged.rows.count))")
    guard !flagged.rows.isEmpty else { return }
    line(style.dim(cell("community", 18) + cell("since", 18) + flagged.metrics.map { columnName($0) }.joined()))
    for row in flagged.rows {
      let since = row.since.map { ReportText.time($0, model.zone) } ?? "–"
      line(
        cell(row.id, 18) + cell(since, 18)
          + row.values.map { TerminalText.fitted($0, 20, right: true) }.joined()
      )
    }
  }

  private func columnName(_ name: String) -> String { TerminalText.fitted(name, 20, right: true) }

  // MARK: Tags

  mutating func tags(_ title: String, _ tables: [ReportModel.TagTable], of total: Int) {
    guard !tables.isEmpty else { return }
    heading(title)
    for table in tables {
      let category = table.category.map { " · \($0)" } ?? ""
      line(TerminalText.clean("\(table.label.both) (\(table.name))\(category)"))
      let largest = table.values.map(\.subjects).max() ?? 0
      for count in table.values.prefix(Self.rowsMax) {
        line(
          "  " + cell(count.value ?? "无 none", 22) + number(count.subjects) + share(count.subjects, total) + "  "
            + bar(count.subjects, of: largest)
        )
      }
      if table.values.count > Self.rowsMax {
        line(style.dim("  and \(table.values.count - Self.rowsMax) more values"))
      }
    }
  }

  // MARK: One member

  mutating func story(_ story: MemberStory) {
    heading("成员时间线 Time line of member \(story.member)")
    line(style.dim(TerminalText.clean(story.tags.joined(separator: " · "))))
    line(style.dim("\(story.lines.count) of \(story.total) lines"))
    for entry in story.lines {
      let text = TerminalText.clean(entry.text)
      let reason = entry.reason.isEmpty ? "" : style.dim("  ← \(TerminalText.clean(entry.reason))")
      line("\(ReportText.time(entry.at, model.zone))  \(mark(entry.kind)) \(text)\(reason)")
    }
  }

  private func mark(_ kind: MemberStory.Line.Kind) -> String {
    switch kind {
    case .event: "● event  "
    case .tag: "  tag    "
    case .segment: "  segment"
    case .funnel: "  funnel "
    case .touch: style.accent("▶ touch  ")
    }
  }
}
