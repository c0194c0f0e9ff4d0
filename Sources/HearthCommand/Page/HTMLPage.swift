import Drawings
import EventModel
import Insights

/// A page of several tenants that stands alone: style and drawings inside, no script, nothing fetched. Pure.
package struct HTMLPage {
  let model: PageModel

  package static func render(_ model: PageModel) -> String {
    let page = HTMLPage(model: model)
    let sections = model.sections.map { HTMLPageSection(section: $0).body }.joined()
    return HTMLDocument.text(
      title: "\(model.title.both) · Hearth",
      styles: [HTMLStyle.css, HTMLPageStyle.css],
      body: "\(page.choice)\(page.navigation)<main>\n\(page.head)\(sections)\(page.method)</main>"
    )
  }

  /// The reader's language, by style alone: what the radio says hides the other language everywhere after it.
  private var choice: String {
    let choices = [("both", "双语 both", true), ("zh", "中文", false), ("en", "English", false)]
    return choices.map { id, name, isChosen in
      "<input type=\"radio\" name=\"language\" id=\"only-\(id)\" aria-label=\"\(name)\"\(isChosen ? " checked" : "")>\n"
    }.joined()
  }

  private var navigation: String {
    let links = model.sections.map { section in
      "<a href=\"#\(section.spec.id)\">\(Badge(section.spec.provenance).element) "
        + section.report.title.caption.elements("span") + "</a>\n"
    }
    let languages = [("both", "双语"), ("zh", "中文"), ("en", "English")].map { id, name in
      "<label for=\"only-\(id)\">\(name)</label>\n"
    }
    let method = "<a href=\"#method\">" + Caption(zh: "方法", en: "Method").elements("span") + "</a>\n"
    return "<nav>\n<div class=\"links\">\n\(links.joined())\(method)</div>\n<div class=\"languages\">\n"
      + languages.joined() + "</div>\n</nav>\n"
  }

  private var head: String {
    let about = Caption(
      zh: "每个数字都由流水线算出：事件进来，标签、漏斗、人群和触达决定出去；这一页只是把库里的结果读出来。"
        + "模拟的数据标“模拟”，真实的数据标“真实”。只有通过统计界限的话才会写成结论。",
      en: "The pipeline computed every number: events in; tags, funnels, segments and decided touches out. This page "
        + "reads them from the store. Simulated data says so, real data says so. A conclusion stands here only where "
        + "it passes a statistical bound."
    )
    return "<header>\n<h1>\(model.title.caption.elements("span"))</h1>\n<p>\(about.elements("span"))</p>\n</header>\n"
  }

  private var method: String {
    let lines = [
      Caption(
        zh: "结论的界限：每个版块先把所做的检验全部数清，一个结论要 p < 0.01 ÷ 检验数（Bonferroni）。"
          + "什么都没发生的版块，一百次里至多一次会说出任何结论。",
        en:
          "The bound: a section first counts all tests it made; a claim needs p < 0.01 ÷ their number (Bonferroni). A "
          + "section in which nothing is true claims anything at all at most once in a hundred."
      ),
      Caption(
        zh: "检验：两比例 z 检验（合并比例、双侧）；任一格期望不足 5 的不检验，也不下结论。",
        en:
          "The test: two proportions, pooled, two-sided. Where fewer than five are expected in a cell there is no test "
          + "and no claim."
      ),
      Caption(
        zh: "断点：某天走到某步的人里，限时内走到下一步的比例，与其余日子比；还要不高于其余日子的一半。"
          + "离期末太近、没有走完限时的人不算。",
        en:
          "Broken step: of those who came to a step on a day, the share that went on in time, against all other days; and "
          + "at most half of theirs. Who had not the full time before the end is left out."
      ),
      Caption(
        zh: "最佳渠道：至少 30 人的渠道，各与其余合计相比；还要单独胜过第二名（p < 0.01）。行为：做过与没做过的人相比。",
        en:
          "Best channel: each with at least 30 members against all others together; and it must beat the next best by "
          + "itself (p < 0.01). Behaviour: who did against who did not."
      ),
      Caption(
        zh: "降温：标签成立，而且最近一期的活跃人天相对前一期，比其它社群的走势低三成以上。",
        en:
          "Cooling: the tag holds, and days of active members fell to at most seven tenths of what the other communities' course "
          + "would give."
      ),
      Caption(
        zh: "人：每人只算一次，取走得最远的一次。检验假定各人彼此独立。",
        en: "Members count once, with the furthest they came. The tests take members to be independent of each other."
      ),
    ]
    let items = lines.map { "<li>\($0.elements("span"))</li>\n" }.joined()
    return
      "<section id=\"method\">\n<h2>\(Caption(zh: "方法", en: "Method").elements("span"))</h2>\n<ul>\n\(items)</ul>\n"
      + "</section>\n"
  }
}

/// 模拟 or 真实.
struct Badge {
  let provenance: PageSpec.Provenance

  init(_ provenance: PageSpec.Provenance) { self.provenance = provenance }

  var caption: Caption {
    switch provenance {
    case .simulated: Caption(zh: "模拟", en: "simulated")
    case .real: Caption(zh: "真实", en: "real")
    }
  }

  var element: String { "<b class=\"badge \(provenance.rawValue)\">\(caption.elements("span"))</b>" }
}
