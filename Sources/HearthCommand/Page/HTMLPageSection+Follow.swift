import Drawings
import EventModel
import PostgresStores

/// One member, followed from the first event to the touch that was not sent.
extension HTMLPageSection {
  /// Days that the drawing holds.
  private static let daysMax = 60
  /// Moments of events that are drawn.
  private static let marksMax = 400

  var follow: String {
    guard let follow = section.follow else { return "" }
    let title = Caption(zh: "跟着一位成员：\(follow.shownName)", en: "One member followed: \(follow.shownName)")
    let tags = follow.story.tags.map { "<span>\(HTML.escape($0))</span>" }.joined()
    return heading(3, title) + moments(follow) + month(follow) + "<p class=\"tags\">\(tags)</p>\n" + lines(follow)
  }

  private func moments(_ follow: PageSection.FollowView) -> String {
    guard !follow.moments.isEmpty else { return "" }
    let items = follow.moments.map { moment in
      let isHeld = moment.at == follow.held?.dueAt && moment.text.isEmpty
      let text = moment.text.isEmpty ? "" : "<em>\(HTML.escape(moment.text))</em>"
      let reason = moment.reason.isEmpty ? "" : "<em>← \(HTML.escape(moment.reason))</em>"
      return "<li\(isHeld ? " class=\"held\"" : "")><time>\(ReportText.time(moment.at, report.zone))</time>"
        + "<b>\(moment.label.caption.elements("span"))</b>\(text)\(reason)</li>\n"
    }
    return "<ol class=\"moments\">\n\(items.joined())</ol>\n"
  }

  /// Her month by day and hour, with quiet hours and what was held in them.
  private func month(_ follow: PageSection.FollowView) -> String {
    let zone = report.zone
    let instants = follow.story.moments.map(\.at) + follow.touches.map(\.dueAt)
    guard let end = instants.max() else { return "" }
    let last = zone.date(at: end).daysSinceEpoch
    let first = max(instants.map { zone.date(at: $0).daysSinceEpoch }.min() ?? last, last - Self.daysMax + 1)
    func mark(_ at: Instant, _ kind: DayHourDrawing.Kind, _ text: String) -> DayHourDrawing.Mark {
      .init(
        day: zone.date(at: at).daysSinceEpoch - first,
        hour: Double(zone.timeOfDay(at: at).milliseconds) / 3_600_000,
        kind: kind,
        tip: "\(ReportText.time(at, zone)) \(text)"
      )
    }
    var marks = follow.story.moments.compactMap { moment -> DayHourDrawing.Mark? in
      guard case .event(let type) = moment.kind else { return nil }
      return mark(moment.at, .happened, type)
    }
    marks = Array(marks.suffix(Self.marksMax))
    marks += follow.touches.map { touch in
      let isHeld = touch.status != "decided"
      return mark(
        isHeld ? touch.dueAt : touch.decidedAt,
        isHeld ? .held : .sent,
        "\(section.sourceName(touch.source).both): \(touch.status), \(touch.reason)"
      )
    }
    let every = max(1, (last - first) / 6)
    let days = (first...last).map { day in
      (day - first).isMultiple(of: every) ? String(LocalDate(daysSinceEpoch: day).text.dropFirst(5)) : ""
    }
    let quiet = follow.quiet.map { (Double($0.from.milliseconds) / 3_600_000, Double($0.to.milliseconds) / 3_600_000) }
    let drawing = DayHourDrawing(name: "one member by day and hour", days: days, quiet: quiet, marks: marks)
    let key = Caption(
      zh: "横轴是日子，纵轴是一天里的钟点；阴影是免打扰时段。小点：她的事件；大点：发出的触达；叉：没发的触达。",
      en:
        "Days to the right, hours of the day down; quiet hours are shaded. Small dots: her events; large dots: touches "
        + "that were sent; a cross: one that was not."
    )
    return draw(drawing.render()) + say(key)
  }

  private func lines(_ follow: PageSection.FollowView) -> String {
    let title = Caption(
      zh: "她的时间线：\(follow.story.lines.count) / \(follow.story.total) 行",
      en: "Her time line: \(follow.story.lines.count) of \(follow.story.total) lines"
    )
    return "<details><summary>\(title.elements("span"))</summary>\n" + HTMLReport(model: report).lines(follow.story)
      + "</details>\n"
  }
}
