import Drawings
import EventModel
import Insights
import PostgresStores

/// Heat map, recency × frequency, communities, rankings, ratings.
extension HTMLPageSection {
  // MARK: Heat map

  private static let weekdays = [
    Caption(zh: "周一", en: "Mon"), Caption(zh: "周二", en: "Tue"), Caption(zh: "周三", en: "Wed"),
    Caption(zh: "周四", en: "Thu"), Caption(zh: "周五", en: "Fri"), Caption(zh: "周六", en: "Sat"),
    Caption(zh: "周日", en: "Sun"),
  ]

  var heat: String {
    guard let heat = section.heat, let asked = spec.heat else { return "" }
    let hours = (0..<24).map { $0.isMultiple(of: 3) ? "\($0)" : "" }
    let tips = Self.weekdays.map { day in (0..<24).map { "\(day.plain) \($0):00" } }
    let drawing = HeatMapDrawing(
      name: "weekday by hour",
      rows: Self.weekdays,
      columns: hours,
      counts: heat.weights,
      tips: tips
    )
    let zone = report.zone.identifier
    var caption = Caption(
      zh: "\(zone) 的星期 × 钟点；共 \(ReportText.number(heat.total))。",
      en: "Weekday × hour of \(zone); \(ReportText.number(heat.total)) in all."
    )
    if let peak = heat.peak {
      let day = Self.weekdays[peak.day]
      let count = ReportText.number(heat.weights[peak.day][peak.hour])
      caption.zh += "最热：\(day.zh) \(peak.hour) 点，\(count)。"
      caption.en += " Hottest: \(day.en) \(peak.hour):00, \(count)."
    }
    let title = Caption(zh: "热力图：\(asked.label.zh)", en: "Heat map: \(asked.label.en)")
    return heading(3, title) + draw(drawing.render()) + say(caption)
  }

  // MARK: Recency, frequency, money

  var rfm: String {
    guard spec.rfm != nil, !section.rfm.isEmpty else { return "" }
    let cells = RFMGrid(section.rfm)
    let rows = (1...5).reversed().map { Caption("R \($0)") }
    let drawing = HeatMapDrawing(
      name: "recency by frequency",
      rows: rows,
      columns: (1...5).map { "F \($0)" },
      counts: (1...5).reversed().map { r in (1...5).map { cells.members[r]?[$0] ?? 0 } },
      texts: (1...5).reversed().map { r in (1...5).map { (cells.members[r]?[$0]).map(String.init) ?? "" } },
      left: 40,
      cellHeight: 40
    )
    let best = Caption(
      zh: "最近又最勤的（R、F 都在 4 以上）\(cells.bestMembers) 人，占 \(ReportText.share(cells.bestMembers, of: cells.all))，"
        + "贡献了 \(cells.bestShare) 的金额。曾经很勤、最近没来的（F 4 以上、R 2 以下）\(cells.fadingMembers) 人。",
      en: "Recent and frequent (R and F at 4 or more): \(cells.bestMembers) members, "
        + "\(ReportText.share(cells.bestMembers, of: cells.all)), who gave \(cells.bestShare) of the money. Once frequent, "
        + "not seen lately (F 4 or more, R 2 or less): \(cells.fadingMembers)."
    )
    let how = Caption(
      zh: "R 最近一次、F 次数、M 金额，各按名次分五档，5 最好；同值同档。格内是人数。",
      en: "R recency, F frequency, M money: fifths by rank, 5 is best, equal values share a fifth. Cells hold members."
    )
    let columns = [
      Caption(zh: "金额档", en: "money fifth"), Caption(zh: "成员", en: "members"), Caption(zh: "金额", en: "money"),
      Caption("%"),
    ]
    let table = table(
      columns,
      numbers: [1, 2, 3],
      (1...5).reversed().map { m in
        row(
          "<td>M \(m)</td>" + HTML.numeral(ReportText.number(cells.byMoney[m]?.members ?? 0))
            + HTML.numeral(ReportText.grouped(cells.byMoney[m]?.sum.text ?? "0"))
            + HTML.numeral(cells.share(ofMoney: m))
        )
      }
    )
    return heading(3, Caption(zh: "RFM：最近、次数、金额", en: "RFM: recency, frequency, money")) + say(best)
      + "<div class=\"two\">\n" + draw(drawing.render()) + "<div>\(table)</div>\n</div>\n" + say(how)
  }

  // MARK: Communities

  var communities: String {
    guard let health = spec.health, !section.communities.isEmpty else { return "" }
    let period = ReportText.span(health.period)
    var columns = [Caption(zh: "社群", en: "community")]
    columns += health.show.map { section.named($0).caption }
    columns += [
      Caption(zh: "近 \(period) 人天", en: "member-days, last \(period)"),
      Caption(zh: "前 \(period)", en: "\(period) before"), Caption(zh: "降温标签", en: "cooling tag"),
    ]
    let rows = section.communities.prefix(Self.rowsMax).map { community in
      let since = community.since.map { ReportText.time($0, report.zone) } ?? "–"
      return row(
        HTML.cell(community.name) + community.shown.map { cell(section.named($0)) }.joined()
          + HTML.numeral("\(community.now)") + HTML.numeral("\(community.before)")
          + HTML.cell(community.isTagged ? since : "–"),
        stands: community.isClaimed
      )
    }
    let from = health.show.count + 1
    return heading(3, Caption(zh: "社群健康", en: "Health of communities"))
      + table(columns, numbers: [from, from + 1], rows)
      + say(
        Caption(
          zh: "人天：一位成员在一个自然日里说过话，算一。",
          en: "A member-day: a member wrote on a local day."
        )
      )
  }

  // MARK: Ranking, ratings

  var ranking: String {
    guard let ranking = section.ranking, let asked = spec.ranking, !ranking.rows.isEmpty else { return "" }
    let names = [asked.by] + asked.show
    let columns = [Caption(zh: "成员", en: "member")] + names.map { section.named($0).caption }
    let rows = ranking.rows.map { one in
      row(HTML.cell(one.member) + one.values.map { HTML.numeral(ReportText.grouped($0)) }.joined())
    }
    var text = heading(3, asked.label.caption) + table(columns, numbers: Set(1..<columns.count), rows)
    if let share = ranking.shareTenths {
      let part = "\(share / 10).\(share % 10) %"
      text += say(
        Caption(
          zh: "这 \(ranking.rows.count) 人占全部 \(ReportText.grouped(ranking.sum)) 的 \(part)。",
          en: "These \(ranking.rows.count) have \(part) of all \(ReportText.grouped(ranking.sum))."
        )
      )
    }
    return text
  }

  var ratings: String {
    guard let ratings = section.ratings, let asked = spec.ratings else { return "" }
    let rows = ratings.means.map { mean in
      row(
        cell(section.named(mean.name)) + HTML.numeral(Self.hundredths(mean.mean))
          + HTML.meter(Self.tenths(mean.mean), of: 100)
      )
    }
    let count = ReportText.grouped(ratings.count)
    let title = Caption(zh: "评分（另列）：\(count) 份", en: "Ratings, apart: \(count)")
    let also = ratings.also.map { one -> String in
      let name = section.named(one.name)
      let figure = ReportText.grouped(one.count)
      return say(Caption(zh: "\(name.zh)：\(figure) 份。", en: "\(name.en): \(figure)."))
    }
    let columns = [Caption(zh: "评分", en: "rating"), Caption(zh: "均值（0–10）", en: "mean (0–10)"), Caption("")]
    return heading(3, title) + table(columns, numbers: [1], rows) + also.joined()
      + (asked.note.map { say($0.caption) } ?? "")
  }

  /// A mean to two places; as it stands where it is no number.
  private static func hundredths(_ text: String) -> String { Double(text).map(SVG.number) ?? text }

  private static func tenths(_ text: String) -> Int { Int(((Double(text) ?? 0) * 10).rounded()) }
}

/// The cells of recency, frequency and money, added up the ways the page shows them.
struct RFMGrid {
  private(set) var members: [Int: [Int: Int]] = [:]
  private(set) var byMoney: [Int: (members: Int, sum: FixedDecimal)] = [:]
  private(set) var all = 0
  private(set) var bestMembers = 0
  private(set) var fadingMembers = 0
  private var bestSum = FixedDecimal.zero
  private var sum = FixedDecimal.zero

  init(_ cells: [PageRows.RFMCell]) {
    for cell in cells {
      members[cell.recency, default: [:]][cell.frequency, default: 0] += cell.members
      all += cell.members
      let money = (try? FixedDecimal(json: cell.sum.utf8)) ?? .zero
      sum = Self.add(sum, money)
      let standing = byMoney[cell.money] ?? (0, .zero)
      byMoney[cell.money] = (standing.members + cell.members, Self.add(standing.sum, money))
      if cell.recency >= 4, cell.frequency >= 4 {
        bestMembers += cell.members
        bestSum = Self.add(bestSum, money)
      }
      if cell.recency <= 2, cell.frequency >= 4 { fadingMembers += cell.members }
    }
  }

  var bestShare: String { Self.share(bestSum, of: sum) }

  func share(ofMoney fifth: Int) -> String { Self.share(byMoney[fifth]?.sum ?? .zero, of: sum) }

  private static func add(_ left: FixedDecimal, _ right: FixedDecimal) -> FixedDecimal {
    FixedDecimal(millionths: left.millionths &+ right.millionths) ?? left
  }

  private static func share(_ part: FixedDecimal, of whole: FixedDecimal) -> String {
    ReportText.share(Int(part.millionths), of: Int(whole.millionths))
  }
}
