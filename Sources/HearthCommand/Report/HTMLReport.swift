import EventModel

/// The report as one page that stands alone: style and drawings inside, no script, nothing fetched. Pure.
package struct HTMLReport {
  let model: ReportModel
  /// Rows of long tables.
  static let rowsMax = 40

  package static func render(_ model: ReportModel) -> String {
    let report = HTMLReport(model: model)
    return HTMLDocument.text(
      title: "\(model.title.both) · Hearth",
      styles: [HTMLStyle.css],
      body: "<main>\n\(report.body)</main>"
    )
  }

  private var body: String {
    var parts = [head, quadrants]
    parts += model.funnels.map(funnel)
    parts += [segments, touches]
    parts += model.flagged.map(flagged)
    parts.append(allTags)
    if let story = model.story { parts.append(self.story(story)) }
    parts.append(foot)
    return parts.joined()
  }

  // MARK: Head and foot

  private var head: String {
    var text = "<header>\n" + HTML.heading(1, model.title)
    if let asOf = model.asOf {
      let local = "\(ReportText.time(asOf, model.zone)) \(model.zone.identifier)"
      text += "<p class=\"soft\">截至 as of \(HTML.escape("\(local) · tenant \(model.tenant)"))</p>\n"
    }
    text += "<div class=\"figures\">\n" + HTML.figure(ReportText.number(model.members), "成员", "members")
    if let buyers = model.membersWithOrders {
      text += HTML.figure(ReportText.number(buyers), "有订单成员", "members with orders")
    }
    if let orders = model.orders { text += HTML.figure(ReportText.number(orders), "订单", "orders") }
    if let revenue = model.revenue { text += HTML.figure(ReportText.grouped(revenue), "销售额", "revenue") }
    text += HTML.figure(ReportText.number(model.communities), "社群", "communities")
    return text + "</div>\n</header>\n"
  }

  private var foot: String {
    let zone = HTML.escape(model.zone.identifier)
    return """
      <footer>次 entries: a member and a local day on which a path began. 人 members: counted once, with the best step \
      reached. Times are \(zone). 未分类 unclassified: no rule of a quadrant holds.</footer>

      """
  }

  // MARK: Segments, touches, communities

  var segments: String {
    guard !model.segments.isEmpty else { return "" }
    let largest = model.segments.map(\.members).max() ?? 0
    let rows = model.segments.map { segment in
      HTML.cell(segment.label.both) + HTML.cell(segment.name) + HTML.numeral(ReportText.number(segment.members))
        + HTML.numeral(ReportText.share(segment.members, of: model.members)) + HTML.meter(segment.members, of: largest)
        + HTML.cell(segment.cutAt.map { ReportText.time($0, model.zone) } ?? "rule")
    }
    return HTML.heading(2, "人群", "Segments")
      + HTML.table(["人群 segment", "name", "#成员 members", "#share", "|", "ranked at"], rows)
  }

  var touches: String {
    var text = HTML.heading(2, "触达", "Touches")
    guard !model.touches.counts.isEmpty else { return text + "<p class=\"soft\">没有 none</p>\n" }
    let largest = model.touches.counts.map(\.touches).max() ?? 0
    text += HTML.table(
      ["来源 source", "状态 status", "原因 reason", "#touches", "|"],
      model.touches.counts.map { count in
        HTML.cell(count.label.both) + HTML.cell(count.status) + HTML.cell(count.reason)
          + HTML.numeral(ReportText.number(count.touches)) + HTML.meter(count.touches, of: largest)
      }
    )
    if !model.touches.deliveries.isEmpty {
      let parts = model.touches.deliveries.map { "\($0.value ?? "–") \(ReportText.number($0.subjects))" }
      text += "<p>投递 deliveries: \(HTML.escape(parts.joined(separator: ", ")))</p>\n"
    }
    text += HTML.heading(3, "最近", "The last \(model.touches.last.count)")
    return text
      + HTML.table(
        ["时间 time", "对象 subject", "来源 source", "内容 template", "状态 status", "原因 reason", "投递 delivery"],
        model.touches.last.map { touch in
          HTML.cell(ReportText.time(touch.at, model.zone)) + HTML.cell(touch.subject) + HTML.cell(touch.source)
            + HTML.cell(touch.template) + HTML.cell(touch.status) + HTML.cell(touch.reason)
            + HTML.cell(touch.delivery ?? "–")
        }
      )
  }

  func flagged(_ flagged: ReportModel.FlaggedCommunities) -> String {
    let title = ReportLabel(zh: "社群：\(flagged.label.zh)", en: "Communities: \(flagged.label.en)")
    let text = HTML.heading(2, title, note: "\(flagged.rows.count)")
    guard !flagged.rows.isEmpty else { return text + "<p class=\"soft\">没有 none</p>\n" }
    return text
      + HTML.table(
        ["社群 community", "自 since"] + flagged.metrics.map { "#\($0)" },
        flagged.rows.prefix(Self.rowsMax).map { row in
          HTML.cell(row.id) + HTML.cell(row.since.map { ReportText.time($0, model.zone) } ?? "–")
            + row.values.map(HTML.numeral).joined()
        }
      )
  }

  // MARK: Tags

  var allTags: String {
    tags("成员标签", "Member tags", model.memberTags, of: model.members)
      + tags("社群标签", "Community tags", model.communityTags, of: model.communities)
  }

  private func tags(_ zh: String, _ en: String, _ tables: [ReportModel.TagTable], of total: Int) -> String {
    guard !tables.isEmpty else { return "" }
    return HTML.heading(2, zh, en) + "<div class=\"cards\">\n" + tables.map { card($0, of: total) }.joined()
      + "</div>\n"
  }

  private func card(_ table: ReportModel.TagTable, of total: Int) -> String {
    let largest = table.values.map(\.subjects).max() ?? 0
    let rows = table.values.prefix(Self.rowsMax).map { count in
      HTML.cell(count.value ?? "无 none") + HTML.numeral(ReportText.number(count.subjects))
        + HTML.numeral(ReportText.share(count.subjects, of: total)) + HTML.meter(count.subjects, of: largest)
    }
    return "<section class=\"card\">\n" + HTML.heading(3, table.label, note: table.category)
      + HTML.table([table.name, "#count", "#share", "|"], rows) + "</section>\n"
  }

  // MARK: One member

  private func story(_ story: MemberStory) -> String {
    let title = ReportLabel(zh: "成员 \(story.member) 的时间线", en: "Time line of member \(story.member)")
    let tags = story.tags.map { "<span>\(HTML.escape($0))</span>" }.joined()
    return HTML.heading(2, title, note: "\(story.lines.count) of \(story.total) lines")
      + "<p class=\"tags\">\(tags)</p>\n" + lines(story)
  }

  func lines(_ story: MemberStory) -> String {
    let items = story.lines.map { line in
      let reason = line.reason.isEmpty ? "" : "<em>← \(HTML.escape(line.reason))</em>"
      return "<li class=\"\(line.kind.rawValue)\"><time>\(ReportText.time(line.at, model.zone))</time>"
        + "<span class=\"kind\">\(line.kind.rawValue)</span> <b>\(HTML.escape(line.text))</b>\(reason)</li>\n"
    }
    return "<ol class=\"story\">\n\(items.joined())</ol>\n"
  }
}
