import Drawings
import EventModel

/// The drawings: the 2×2 of two scores, and the funnel.
extension HTMLReport {
  // MARK: Quadrants

  var quadrants: String {
    guard let quadrants = model.quadrants else { return "" }
    let total = quadrants.labels.reduce(quadrants.unclassified) { $0 + $1.members }
    let rows = quadrants.labels.map { place in
      HTML.cell(place.label.both) + HTML.numeral(ReportText.number(place.members))
        + HTML.numeral(ReportText.share(place.members, of: total)) + HTML.cell(place.strategy ?? "")
    }
    let none =
      HTML.cell("未分类 unclassified") + HTML.numeral(ReportText.number(quadrants.unclassified))
      + HTML.numeral(ReportText.share(quadrants.unclassified, of: total)) + HTML.cell("")
    let scores = model.scores.map { score in
      let figures = "\(ReportText.number(score.atOrOverCut)) at or over \(score.cut)"
      let text = "\(score.label.both): \(figures), \(ReportText.number(score.unknown)) without a value"
      return "<p class=\"soft\">\(HTML.escape(text))</p>\n"
    }
    return HTML.heading(2, "四象限", "Quadrants: \(quadrants.y.label.en) × \(quadrants.x.label.en)")
      + "<div class=\"two\">\n<div>\(plane(quadrants, total: total))</div>\n<div>"
      + HTML.table(["象限 quadrant", "#成员 members", "#share", "策略 strategy"], rows + [none])
      + scores.joined() + "</div>\n</div>\n"
  }

  func plane(_ quadrants: ReportModel.Quadrants, total: Int) -> String {
    func axis(_ axis: ReportModel.Quadrants.Axis) -> PlaneDrawing.Axis {
      let label = Caption(zh: axis.label.zh + " →", en: axis.label.en + " →")
      return .init(label: label, name: axis.name, cut: Double(axis.cut) ?? 50, cutText: axis.cut)
    }
    let corners = quadrants.labels.compactMap { place in
      place.corner.map { corner in
        PlaneDrawing.Corner(
          label: place.label.caption,
          figure: "\(ReportText.number(place.members)) · \(ReportText.share(place.members, of: total))",
          xHigh: corner.xHigh,
          yHigh: corner.yHigh
        )
      }
    }
    return PlaneDrawing(
      x: axis(quadrants.x),
      y: axis(quadrants.y),
      cells: quadrants.cells.map { .init(x: $0.x, y: $0.y, members: $0.members) },
      corners: corners
    ).render()
  }

  // MARK: The funnel

  func funnel(_ funnel: ReportModel.Funnel) -> String {
    let first = funnel.steps.first
    let last = funnel.steps.last
    let overall =
      "总转化 overall: \(ReportText.share(last?.entries ?? 0, of: first?.entries ?? 0)) of entries (次), "
      + "\(ReportText.share(last?.members ?? 0, of: first?.members ?? 0)) of members (人). "
      + "converted \(ReportText.number(funnel.converted)), open \(ReportText.number(funnel.open)), "
      + "dropped \(ReportText.number(funnel.dropped))."
    let key =
      "<p class=\"key soft\"><i style=\"background:var(--accent)\"></i>次 entries"
      + "<i style=\"background:var(--second)\"></i>人 members</p>\n"
    return HTML.heading(2, funnel.label, note: "funnel, window \(ReportText.span(funnel.window))") + key
      + steps(funnel) + "<p>\(HTML.escape(overall))</p>\n" + "<div class=\"two\">\n<div>" + breakdown(funnel)
      + "</div>\n<div>" + months(funnel) + "</div>\n</div>\n"
  }

  private func steps(_ funnel: ReportModel.Funnel) -> String {
    let entriesAll = funnel.steps.first?.entries ?? 0
    let membersAll = funnel.steps.first?.members ?? 0
    return funnel.steps.enumerated().map { index, step in
      HTML.heading(
        3,
        ReportLabel(zh: "\(index + 1) \(step.label.zh)", en: step.label.en),
        note: note(step, index, funnel)
      )
        + reach("a", step.entries, entriesAll, "次 entries") + reach("b", step.members, membersAll, "人 members")
    }.joined()
  }

  /// How many of the step before came on, and how long they took.
  private func note(_ step: ReportModel.Funnel.Step, _ index: Int, _ funnel: ReportModel.Funnel) -> String? {
    guard index > 0 else { return nil }
    let before = funnel.steps[index - 1]
    let shares =
      "\(ReportText.share(step.entries, of: before.entries)) of entries, "
      + "\(ReportText.share(step.members, of: before.members)) of members of step \(index)"
    return step.medianTime.map { "\(shares) · 中位 median \(ReportText.span($0))" } ?? shares
  }

  /// A bar with its figure behind it; the figure keeps its room however narrow the page is.
  private func reach(_ style: String, _ value: Int, _ all: Int, _ unit: String) -> String {
    let part = SVG.number(all > 0 ? Double(value) / Double(all) * 100 : 0)
    let text = "\(ReportText.number(value)) \(unit) · \(ReportText.share(value, of: all))"
    return "<div class=\"reach\"><i class=\"\(style)\" style=\"width:calc((100% - 14.5rem)*\(part)/100)\"></i>"
      + "<span>\(HTML.escape(text))</span></div>\n"
  }

  private func breakdown(_ funnel: ReportModel.Funnel) -> String {
    guard let by = funnel.breakdownBy, !funnel.breakdown.isEmpty else { return "" }
    let shown = funnel.breakdown.prefix(Self.rowsMax)
    let largest = shown.compactMap(\.reached.first).max() ?? 0
    let rows = shown.map { part in
      let entries = part.reached.first ?? 0
      let converted = part.reached.last ?? 0
      return HTML.cell(part.value ?? "–") + HTML.numeral(ReportText.number(entries))
        + HTML.numeral(ReportText.number(converted)) + HTML.numeral(ReportText.share(converted, of: entries))
        + HTML.meter(entries, of: largest)
    }
    return HTML.heading(3, "按 \(by)", "by \(by), \(shown.count) of \(funnel.breakdown.count)")
      + HTML.table([by, "#次 entries", "#converted", "#share", "|"], rows)
  }

  /// Months that are drawn.
  private static let monthsMax = 24

  /// Entries and conversions by the month in which the path began.
  private func months(_ funnel: ReportModel.Funnel) -> String {
    guard funnel.months.count > 1, let first = funnel.months.suffix(Self.monthsMax).first else { return "" }
    let shown = funnel.months.suffix(Self.monthsMax)
    let scale = 130 / Double(max(1, shown.map(\.entries).max() ?? 1))
    let step = 400 / Double(shown.count)
    var parts: [String] = []
    for (index, month) in shown.enumerated() {
      let x = Double(index) * step
      let name = month.first.text.prefix(7)
      let tip = "\(name): \(ReportText.number(month.entries)) → \(ReportText.number(month.converted))"
      for (count, style) in [(month.entries, "g"), (month.converted, "a")] {
        let height = Double(count) * scale
        parts.append(SVG.box(style, x: x + 2, y: 150 - height, width: step - 4, height: height, tip: tip))
      }
      let top = 145 - Double(month.entries) * scale
      let middle = x + step / 2
      parts.append(
        SVG.text(Caption(ReportText.number(month.entries)), x: middle, y: top, size: 10, anchor: .middle, style: "s")
      )
      parts.append(SVG.text(Caption(String(name.suffix(2))), x: middle, y: 166, size: 12, anchor: .middle, style: "s"))
    }
    let span = "\(first.first.text.prefix(7)) – \(shown.last?.first.text.prefix(7) ?? "")"
    parts.append(SVG.text(Caption(span), x: 200, y: 184, size: 12, anchor: .middle, style: "s"))
    return HTML.heading(3, "按月", "By month: entries, and those that converted")
      + SVG.drawing(width: 410, height: 190, name: "months", parts)
  }
}
