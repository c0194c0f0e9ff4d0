import EventModel

/// The report as plain text. Pure: the same model and style give the same bytes.
package struct TerminalReport {
  let model: ReportModel
  let style: TerminalStyle
  var lines: [String] = []
  static let barWidth = 24

  package static func render(_ model: ReportModel, style: TerminalStyle) -> String {
    var report = TerminalReport(model: model, style: style)
    report.head()
    report.quadrants()
    for funnel in model.funnels { report.funnel(funnel) }
    report.segments()
    report.touches()
    for flagged in model.flagged { report.flagged(flagged) }
    report.tags("成员标签 Member tags", model.memberTags, of: model.members)
    report.tags("社群标签 Community tags", model.communityTags, of: model.communities)
    if let story = model.story { report.story(story) }
    return report.lines.joined(separator: "\n") + "\n"
  }

  private init(model: ReportModel, style: TerminalStyle) {
    self.model = model
    self.style = style
  }

  // MARK: Pieces

  mutating func heading(_ text: String) {
    lines.append("")
    lines.append(style.heading(TerminalText.clean(text)))
  }

  mutating func line(_ text: String) { lines.append("  " + text) }

  func cell(_ text: String, _ width: Int) -> String { TerminalText.fitted(text, width) }
  func number(_ value: Int, _ width: Int = 9) -> String {
    TerminalText.fitted(ReportText.number(value), width, right: true)
  }
  func share(_ part: Int, _ whole: Int) -> String {
    TerminalText.fitted(ReportText.share(part, of: whole), 8, right: true)
  }
  func bar(_ value: Int, of largest: Int, width: Int = barWidth) -> String {
    style.accent(TerminalText.bar(value, of: largest, width: width))
  }

  // MARK: Head

  private mutating func head() {
    lines.append(style.heading(TerminalText.clean("\(model.title.both) · \(model.tenant)")))
    if let asOf = model.asOf {
      lines.append("截至 as of \(ReportText.time(asOf, model.zone)) \(model.zone.identifier) (\(asOf.text))")
    }
    lines.append("")
    figure("成员 members", ReportText.number(model.members))
    if let buyers = model.membersWithOrders {
      figure("有订单成员 members with orders", ReportText.number(buyers))
    }
    figure("社群 communities", ReportText.number(model.communities))
    if let orders = model.orders { figure("订单 orders", ReportText.number(orders)) }
    if let revenue = model.revenue { figure("销售额 revenue", ReportText.grouped(revenue)) }
  }

  private mutating func figure(_ name: String, _ value: String) {
    line(cell(name, 34) + TerminalText.fitted(value, 16, right: true))
  }

  // MARK: Quadrants

  private mutating func quadrants() {
    guard let quadrants = model.quadrants else { return }
    heading("四象限 Quadrants: \(quadrants.y.label.both) × \(quadrants.x.label.both)")
    let total = quadrants.labels.reduce(quadrants.unclassified) { $0 + $1.members }
    let largest = quadrants.labels.map(\.members).max() ?? 0
    let width = 36
    let name = TerminalText.clean(quadrants.x.name)
    line("\(cell("", 10))│ \(cell("\(name) < \(quadrants.x.cut)", width))│ \(name) ≥ \(quadrants.x.cut)")
    for yHigh in [true, false] {
      line([10, width + 1, width + 1].map { String(repeating: "─", count: $0) }.joined(separator: "┼"))
      let places = [false, true].map { xHigh in
        quadrants.labels.first { $0.corner == .init(xHigh: xHigh, yHigh: yHigh) }
      }
      let axis = [quadrants.y.name, "\(yHigh ? "≥" : "<") \(quadrants.y.cut)"]
      for row in 0..<2 {
        let texts = places.map { place -> String in
          guard let place else { return cell("", width) }
          if row == 0 {
            return cell(place.label.both, 20) + number(place.members, 7) + share(place.members, total) + " "
          }
          let drawn = TerminalText.bar(place.members, of: largest, width: width - 2)
          return style.accent(drawn) + String(repeating: " ", count: max(0, width - TerminalText.columns(drawn)))
        }
        line("\(cell(axis[row], 10))│ \(texts[0])│ \(TerminalText.withoutEnd(texts[1]))")
      }
    }
    for place in quadrants.labels where place.corner == nil {
      line(cell(place.label.both, 24) + number(place.members) + share(place.members, total))
    }
    line(cell("未分类 unclassified", 24) + number(quadrants.unclassified) + share(quadrants.unclassified, total))
    for score in model.scores {
      line(
        style.dim(
          "\(score.label.both): \(ReportText.number(score.atOrOverCut)) at or over \(score.cut), "
            + "\(ReportText.number(score.unknown)) without a value"
        )
      )
    }
  }
}
