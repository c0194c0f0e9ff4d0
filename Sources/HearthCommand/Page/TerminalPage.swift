import EventModel
import Insights

/// A page's conclusions as plain text, a few lines a tenant; the rest stands in its HTML. Pure.
package enum TerminalPage {
  package static func render(_ model: PageModel) -> String {
    var lines = [model.title.both]
    for section in model.sections {
      let report = section.report
      let badge = Badge(section.spec.provenance).caption.plain
      lines += ["", "[\(badge)] \(report.title.both) · \(section.spec.tenant)"]
      if let asOf = report.asOf {
        lines.append("  截至 as of \(ReportText.time(asOf, report.zone)) \(report.zone.identifier)")
      }
      var figures = "  成员 members \(ReportText.number(report.members))"
      if let orders = report.orders { figures += " · 订单 orders \(ReportText.number(orders))" }
      if let revenue = report.revenue { figures += " · 销售额 revenue \(ReportText.grouped(revenue))" }
      lines.append(figures)
      for funnel in report.funnels {
        let steps = funnel.steps.map { "\($0.label.zh) \(ReportText.number($0.members))" }
        lines.append("  \(funnel.label.both): \(steps.joined(separator: " → "))")
      }
      lines.append("  \(section.comparisons.made) tests, bound p < \(SmallNumber.below(section.comparisons.bound))")
      for finding in section.findings {
        lines += ["  ● \(finding.title.zh)", "    \(finding.sentence.zh)", "    \(finding.sentence.en)"]
      }
      if section.findings.isEmpty { lines.append("  没有通过界限的结论 nothing is claimed") }
    }
    return lines.map(TerminalText.clean).joined(separator: "\n")
  }
}
