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
      "<p class=\"soft\">\(HTML.escape(score.label.both)): \(ReportText.number(score.atOrOverCut)) at or over \(HTML.escape(score.cut)), \(ReportText.number(score.unknown)) without a value</p>\n"
    }
    return HTML.heading(2, "四象限", "Quadrants: \(quadrants.y.label.en) × \(quadrants.x.label.en)")
      + "<div class=\"two\">\n<div>\(plane(quadrants, total: total))</div>\n<div>"
      + HTML.table(["象限 quadrant", "#成员 members", "#share", "策略 strategy"], rows + [none])
      + scores.joined() + "</div>\n</div>\n"
  }

  /// The plane of both scores, 0 to 100: members as shaded cells, the cuts as lines, the labels in their corners.
  private func plane(_ quadrants: ReportModel.Quadrants, total: Int) -> String {
    let (left, top, side) = (44.0, 12.0, 360.0)
    let x = { (score: Double) in left + score * side / 100 }
    let y = { (score: Double) in top + (100 - score) * side / 100 }
    var parts = ["<svg viewBox=\"0 0 420 424\" role=\"img\" aria-label=\"quadrants\">"]
    parts.append("<rect class=\"f\" x=\"\(left)\" y=\"\(top)\" width=\"\(side)\" height=\"\(side)\"/>")
    // Counts of a crowd span orders of magnitude: the square root keeps the thin cells visible.
    let largest = Double(quadrants.cells.map(\.members).max() ?? 1).squareRoot()
    for cell in quadrants.cells {
      let shade = two(0.08 + 0.82 * Double(cell.members).squareRoot() / largest)
      parts.append(
        "<rect class=\"b\" x=\"\(two(x(Double(cell.x * 5))))\" y=\"\(two(y(Double(cell.y * 5 + 5))))\" width=\"17.4\" height=\"17.4\" opacity=\"\(shade)\"><title>\(quadrants.x.name.isEmpty ? "" : HTML.escape(quadrants.x.name)) \(cell.x * 5)–\(cell.x * 5 + 5), \(HTML.escape(quadrants.y.name)) \(cell.y * 5)–\(cell.y * 5 + 5): \(cell.members)</title></rect>"
      )
    }
    let cutX = min(max(Double(quadrants.x.cut) ?? 50, 0), 100)
    let cutY = min(max(Double(quadrants.y.cut) ?? 50, 0), 100)
    parts.append(rule(x(cutX), y(0), x(cutX), y(100)))
    parts.append(rule(x(0), y(cutY), x(100), y(cutY)))
    for place in quadrants.labels { parts.append(corner(place, total: total)) }
    parts += [
      caption(x(cutX), y(0) + 16, "\(quadrants.x.cut)", anchor: "middle"),
      caption(x(0) - 6, y(cutY) + 4, "\(quadrants.y.cut)", anchor: "end"),
      caption(x(50), y(0) + 36, "\(quadrants.x.label.both) →", anchor: "middle"),
      caption(x(0), y(0) + 16, "0", anchor: "middle"), caption(x(100), y(0) + 16, "100", anchor: "end"),
      "<text class=\"s\" font-size=\"13\" text-anchor=\"middle\" transform=\"translate(14 \(two(y(50)))) rotate(-90)\">\(HTML.escape(quadrants.y.label.both)) →</text>",
    ]
    return parts.joined(separator: "\n") + "\n</svg>"
  }

  private func corner(_ place: ReportModel.Quadrants.Place, total: Int) -> String {
    guard let corner = place.corner else { return "" }
    let x = corner.xHigh ? 398.0 : 50.0
    let y = corner.yHigh ? 30.0 : 348.0
    let anchor = corner.xHigh ? "end" : "start"
    let label = HTML.escape(place.label.both)
    let figure = "\(ReportText.number(place.members)) · \(ReportText.share(place.members, of: total))"
    return
      "<text x=\"\(x)\" y=\"\(y)\" font-size=\"14\" font-weight=\"650\" text-anchor=\"\(anchor)\" paint-order=\"stroke\" stroke=\"var(--page)\" stroke-width=\"4\">\(label)</text>\n"
      + "<text x=\"\(x)\" y=\"\(y + 17)\" font-size=\"13\" text-anchor=\"\(anchor)\" paint-order=\"stroke\" stroke=\"var(--page)\" stroke-width=\"4\">\(figure)</text>"
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
    return HTML.heading(2, funnel.label, note: "funnel, window \(ReportText.span(funnel.window))")
      + "<p class=\"key soft\"><i style=\"background:var(--accent)\"></i>次 entries<i style=\"background:var(--second)\"></i>人 members</p>\n"
      + steps(funnel) + "<p>\(HTML.escape(overall))</p>\n" + "<div class=\"two\">\n<div>" + breakdown(funnel)
      + "</div>\n<div>" + months(funnel) + "</div>\n</div>\n"
  }

  private func steps(_ funnel: ReportModel.Funnel) -> String {
    let entriesAll = funnel.steps.first?.entries ?? 0
    let membersAll = funnel.steps.first?.members ?? 0
    let height = funnel.steps.count * 96
    var parts = ["<svg viewBox=\"0 0 720 \(height)\" role=\"img\" aria-label=\"funnel\">"]
    for (index, step) in funnel.steps.enumerated() {
      let y = index * 96
      var title = "\(index + 1)  \(step.label.both)"
      if index > 0 {
        let before = funnel.steps[index - 1]
        title +=
          "   \(ReportText.share(step.entries, of: before.entries)) / \(ReportText.share(step.members, of: before.members)) of step \(index)"
      }
      if let median = step.medianTime { title += " · 中位 median \(ReportText.span(median))" }
      parts.append("<text x=\"0\" y=\"\(y + 18)\" font-size=\"15\" font-weight=\"600\">\(HTML.escape(title))</text>")
      parts.append(bar("a", y + 28, step.entries, entriesAll, "次 entries"))
      parts.append(bar("b", y + 56, step.members, membersAll, "人 members"))
    }
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  /// A bar of at most 520 units with its figure behind it.
  private func bar(_ style: String, _ y: Int, _ value: Int, _ all: Int, _ unit: String) -> String {
    let width = all > 0 ? max(2, Double(value) * 520 / Double(all)) : 0
    let text = "\(ReportText.number(value)) \(unit) · \(ReportText.share(value, of: all))"
    return "<rect class=\"\(style)\" x=\"0\" y=\"\(y)\" width=\"\(two(width))\" height=\"22\" rx=\"2\"/>"
      + "<text x=\"\(two(width + 8))\" y=\"\(y + 16)\" font-size=\"14\">\(HTML.escape(text))</text>"
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
    return HTML.heading(3, "按 \(by)", "by \(by)")
      + HTML.table([by, "#次 entries", "#converted", "#share", "|"], rows)
  }

  /// Entries and conversions by the month in which the path began.
  private func months(_ funnel: ReportModel.Funnel) -> String {
    guard funnel.months.count > 1 else { return "" }
    let shown = funnel.months.suffix(24)
    let largest = Double(shown.map(\.entries).max() ?? 1)
    let step = 400 / Double(shown.count)
    var parts = ["<svg viewBox=\"0 0 410 190\" role=\"img\" aria-label=\"months\">"]
    for (index, month) in shown.enumerated() {
      let x = Double(index) * step
      for (count, style) in [(month.entries, "f"), (month.converted, "a")] {
        let height = Double(count) * 130 / largest
        parts.append(
          "<rect class=\"\(style)\" x=\"\(two(x + 2))\" y=\"\(two(150 - height))\" width=\"\(two(step - 4))\" height=\"\(two(height))\"><title>\(month.first.text.prefix(7)): \(month.entries) → \(month.converted)</title></rect>"
        )
      }
      parts.append(caption(x + step / 2, 166, String(month.first.text.dropFirst(5).prefix(2)), anchor: "middle"))
      let above = "\(ReportText.number(month.entries))"
      parts.append(
        "<text class=\"s\" x=\"\(two(x + step / 2))\" y=\"\(two(145 - Double(month.entries) * 130 / largest))\" font-size=\"10\" text-anchor=\"middle\">\(above)</text>"
      )
    }
    let years =
      "\(shown.first.map { String($0.first.text.prefix(7)) } ?? "") – \(shown.last.map { String($0.first.text.prefix(7)) } ?? "")"
    parts.append(caption(200, 184, years, anchor: "middle"))
    return HTML.heading(3, "按月", "By month: entries, and those that converted") + parts.joined(separator: "\n")
      + "\n</svg>\n"
  }

  // MARK: Pieces

  private func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"l\" x1=\"\(two(x1))\" y1=\"\(two(y1))\" x2=\"\(two(x2))\" y2=\"\(two(y2))\"/>"
  }

  private func caption(_ x: Double, _ y: Double, _ text: String, anchor: String) -> String {
    "<text class=\"s\" x=\"\(two(x))\" y=\"\(two(y))\" font-size=\"12\" text-anchor=\"\(anchor)\">\(HTML.escape(text))</text>"
  }

  /// Two places, without the library's locale.
  private func two(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let (whole, part) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
    return part == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(part < 10 ? "0" : "")\(part)"
  }
}
