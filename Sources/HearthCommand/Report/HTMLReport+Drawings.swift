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

  /// Where a score from 0 to 100 stands in the plane.
  private enum Plane {
    static let left = 44.0
    static let top = 12.0
    static let side = 360.0
    static let cellPoints = 5
    static func x(_ score: Double) -> Double { left + score * side / 100 }
    static func y(_ score: Double) -> Double { top + (100 - score) * side / 100 }
  }

  /// Members as shaded cells, the cuts as lines, the labels in their corners.
  private func plane(_ quadrants: ReportModel.Quadrants, total: Int) -> String {
    var parts = [SVG.box("f", x: Plane.left, y: Plane.top, width: Plane.side, height: Plane.side)]
    parts += cells(quadrants)
    let cutX = min(max(Double(quadrants.x.cut) ?? 50, 0), 100)
    let cutY = min(max(Double(quadrants.y.cut) ?? 50, 0), 100)
    parts.append(SVG.rule(Plane.x(cutX), Plane.y(0), Plane.x(cutX), Plane.y(100)))
    parts.append(SVG.rule(Plane.x(0), Plane.y(cutY), Plane.x(100), Plane.y(cutY)))
    parts += quadrants.labels.flatMap { corner($0, total: total) }
    let below = Plane.y(0) + 16
    parts += [
      SVG.text(quadrants.x.cut, x: Plane.x(cutX), y: below, size: 12, anchor: .middle, style: "s"),
      SVG.text(quadrants.y.cut, x: Plane.left - 6, y: Plane.y(cutY) + 4, size: 12, anchor: .end, style: "s"),
      SVG.text("0", x: Plane.left, y: below, size: 12, anchor: .middle, style: "s"),
      SVG.text("100", x: Plane.x(100), y: below, size: 12, anchor: .end, style: "s"),
      SVG.text(
        "\(quadrants.x.label.both) →",
        x: Plane.x(50),
        y: below + 20,
        size: 13,
        anchor: .middle,
        style: "s"
      ),
      SVG.text(
        "\(quadrants.y.label.both) →",
        x: 14,
        y: Plane.y(50),
        size: 13,
        anchor: .middle,
        style: "s",
        upright: false
      ),
    ]
    return SVG.drawing(width: 420, height: 412, name: "quadrants", parts)
  }

  /// Counts of a crowd span orders of magnitude: the square root keeps the thin cells visible.
  private func cells(_ quadrants: ReportModel.Quadrants) -> [String] {
    let largest = Double(quadrants.cells.map(\.members).max() ?? 1).squareRoot()
    let size = Plane.side * Double(Plane.cellPoints) / 100
    return quadrants.cells.map { cell in
      let (x, y) = (cell.x * Plane.cellPoints, cell.y * Plane.cellPoints)
      let tip =
        "\(quadrants.x.name) \(x)–\(x + Plane.cellPoints), \(quadrants.y.name) \(y)–\(y + Plane.cellPoints): "
        + ReportText.number(cell.members)
      return SVG.box(
        "b",
        x: Plane.x(Double(x)),
        y: Plane.y(Double(y + Plane.cellPoints)),
        width: size - 0.6,
        height: size - 0.6,
        opacity: 0.08 + 0.82 * Double(cell.members).squareRoot() / largest,
        tip: tip
      )
    }
  }

  private func corner(_ place: ReportModel.Quadrants.Place, total: Int) -> [String] {
    guard let corner = place.corner else { return [] }
    let x = corner.xHigh ? 398.0 : 50.0
    let y = corner.yHigh ? 30.0 : 348.0
    let anchor: SVG.Anchor = corner.xHigh ? .end : .start
    let figure = "\(ReportText.number(place.members)) · \(ReportText.share(place.members, of: total))"
    return [
      SVG.text(place.label.both, x: x, y: y, size: 14, anchor: anchor, style: "h w"),
      SVG.text(figure, x: x, y: y + 17, size: 13, anchor: anchor, style: "h"),
    ]
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
        SVG.text(ReportText.number(month.entries), x: middle, y: top, size: 10, anchor: .middle, style: "s")
      )
      parts.append(SVG.text(String(name.suffix(2)), x: middle, y: 166, size: 12, anchor: .middle, style: "s"))
    }
    let span = "\(first.first.text.prefix(7)) – \(shown.last?.first.text.prefix(7) ?? "")"
    parts.append(SVG.text(span, x: 200, y: 184, size: 12, anchor: .middle, style: "s"))
    return HTML.heading(3, "按月", "By month: entries, and those that converted")
      + SVG.drawing(width: 410, height: 190, name: "months", parts)
  }
}
