import Drawings
import EventModel
import Insights

/// One tenant of a page. What its spec does not ask for is left out, heading and all.
struct HTMLPageSection {
  let section: PageSection
  /// Rows of long tables.
  static let rowsMax = 40

  var report: ReportModel { section.report }
  var spec: PageSpec.Section { section.spec }

  var body: String {
    let parts = [
      head, findings, figures, path, parts, behaviours, heat, quadrants, rfm, communities, ranking, ratings, follow,
      limits, more,
    ]
    return "<section id=\"\(spec.id)\" class=\"tenant \(spec.provenance.rawValue)\">\n" + parts.joined()
      + "</section>\n"
  }

  // MARK: Pieces

  func heading(_ level: Int, _ caption: Caption) -> String { "<h\(level)>\(caption.elements("span"))</h\(level)>\n" }

  func say(_ caption: Caption) -> String { "<p class=\"say\">\(caption.elements("span"))</p>\n" }

  func draw(_ svg: String) -> String { "<div class=\"draw\">\n\(svg)</div>\n" }

  func cell(_ label: ReportLabel) -> String { "<td>\(label.caption.elements("span"))</td>" }

  /// A table whose head is in both languages; numbers stand right where `numbers` says so.
  func table(_ columns: [Caption], numbers: Set<Int>, _ rows: [String]) -> String {
    let head = columns.enumerated().map { index, caption in
      "<th\(numbers.contains(index) ? " class=\"n\"" : "")>\(caption.elements("span"))</th>"
    }.joined()
    return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(rows.joined(separator: "\n"))\n"
      + "</tbody></table></div>\n"
  }

  func row(_ cells: String, stands: Bool = false) -> String { "<tr\(stands ? " class=\"stands\"" : "")>\(cells)</tr>" }

  // MARK: Head, findings, figures

  private var head: String {
    var text = "<h2>\(Badge(spec.provenance).element) \(report.title.caption.elements("span"))</h2>\n"
    text += "<p class=\"source\">\(spec.source.caption.elements("span"))</p>\n"
    if let asOf = report.asOf {
      let at = "\(ReportText.time(asOf, report.zone)) \(report.zone.identifier)"
      text += say(Caption(zh: "截至 \(at)，租户 \(spec.tenant)", en: "as of \(at), tenant \(spec.tenant)"))
    }
    return text
  }

  private var findings: String {
    let made = section.comparisons.made
    let bound = SmallNumber.below(section.comparisons.bound)
    let tested = Caption(
      zh: "本版块做了 \(made) 个检验；结论要 p < 0.01 ÷ \(max(1, made)) ≈ \(bound)。",
      en: "\(made) tests were made here; a claim needs p < 0.01 ÷ \(max(1, made)) ≈ \(bound)."
    )
    let title = heading(3, Caption(zh: "结论", en: "Conclusions"))
    let claims = section.findings.filter { $0.kind != .held }
    var text = title
    if claims.isEmpty {
      let none = Caption(zh: "没有通过界限的结论：这一版块不下任何结论。", en: "Nothing passes the bound: nothing is claimed here.")
      text += "<p class=\"say none\">\(none.elements("span"))</p>\n"
    }
    if !section.findings.isEmpty {
      text += "<ol class=\"findings\">\n" + section.findings.map(finding).joined() + "</ol>\n"
    }
    return text + "<p class=\"say soft\">\(tested.elements("span"))</p>\n"
  }

  private func finding(_ finding: PageFinding) -> String {
    "<li class=\"\(finding.kind.rawValue)\">" + heading(4, finding.title.caption)
      + "<p>\(finding.sentence.caption.elements("span"))</p><small>\(finding.evidence.caption.elements("span"))</small></li>\n"
  }

  private var figures: String {
    func figure(_ value: String, _ zh: String, _ en: String) -> String {
      "<div><b>\(HTML.escape(value))</b><span>\(Caption(zh: zh, en: en).elements("span"))</span></div>\n"
    }
    var text = "<div class=\"figures\">\n" + figure(ReportText.number(report.members), "成员", "members")
    if let buyers = report.membersWithOrders {
      text += figure(ReportText.number(buyers), "有订单成员", "members with orders")
    }
    if let orders = report.orders { text += figure(ReportText.number(orders), "订单", "orders") }
    if let revenue = report.revenue { text += figure(ReportText.grouped(revenue), "销售额", "revenue") }
    text += figure(ReportText.number(report.communities), "社群", "communities")
    return text + "</div>\n"
  }

  // MARK: Quadrants, limits, the rest

  private var quadrants: String {
    guard let quadrants = report.quadrants else { return "" }
    let total = quadrants.labels.reduce(quadrants.unclassified) { $0 + $1.members }
    let rows = quadrants.labels.map { place in
      row(
        cell(place.label) + HTML.numeral(ReportText.number(place.members))
          + HTML.numeral(ReportText.share(place.members, of: total)) + HTML.cell(place.strategy ?? "")
      )
    }
    let none = row(
      cell(ReportLabel(zh: "未分类", en: "unclassified")) + HTML.numeral(ReportText.number(quadrants.unclassified))
        + HTML.numeral(ReportText.share(quadrants.unclassified, of: total)) + HTML.cell("")
    )
    let columns = [
      Caption(zh: "象限", en: "quadrant"), Caption(zh: "成员", en: "members"), Caption("%"),
      Caption(zh: "策略", en: "strategy"),
    ]
    return heading(3, Caption(zh: "四象限：忠诚度 × 满意度", en: "Quadrants: loyalty × satisfaction"))
      + "<div class=\"two\">\n" + draw(HTMLReport(model: report).plane(quadrants, total: total)) + "<div>"
      + table(columns, numbers: [1, 2], rows + [none]) + "</div>\n</div>\n"
  }

  private var limits: String {
    guard !spec.limits.isEmpty else { return "" }
    let items = spec.limits.map { "<li>\($0.caption.elements("span"))</li>\n" }.joined()
    return heading(3, Caption(zh: "这份数据说不了什么", en: "What these data cannot say"))
      + "<ul class=\"limits\">\n\(items)</ul>\n"
  }

  private var more: String {
    let report = HTMLReport(model: self.report)
    let parts = [report.segments, report.touches] + self.report.flagged.map(report.flagged) + [report.allTags]
    let title = Caption(zh: "更多：人群、触达、标签", en: "More: segments, touches, tags")
    return "<details><summary>\(title.elements("span"))</summary>\n" + parts.joined() + "</details>\n"
  }
}
