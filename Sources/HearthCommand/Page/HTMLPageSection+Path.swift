import Drawings
import EventModel
import Insights

/// The path, its parts, and behaviours before it.
extension HTMLPageSection {
  /// Parts that are shown.
  private static let partsMax = 12

  var path: String {
    guard let path = section.path else { return "" }
    let funnel = path.funnel
    var steps: [FunnelDrawing.Step] = []
    for (index, step) in funnel.steps.enumerated() {
      let share = index > 0 ? ReportText.share(step.members, of: funnel.steps[index - 1].members) : ""
      steps.append(
        .init(
          label: step.label.caption,
          count: step.members,
          figure: ReportText.number(step.members),
          share: share.isEmpty ? "" : "← \(share)",
          stands: path.broken[index] != nil
        )
      )
    }
    let node = path.node.map { node in
      FunnelDrawing.Step(label: node.label.caption, count: node.count, figure: ReportText.number(node.count))
    }
    var text = heading(3, Caption(zh: "路径：\(funnel.label.zh)", en: "Path: \(funnel.label.en)"))
    text += "<div class=\"two\">\n" + draw(FunnelDrawing(name: "path", node: node, steps: steps).render()) + "<div>"
    text += say(pathWords(path)) + times(funnel) + "</div>\n</div>\n"
    return text + days(path)
  }

  private func pathWords(_ path: PageSection.PathView) -> Caption {
    let funnel = path.funnel
    let window = ReportText.span(funnel.window)
    let first = funnel.steps.first
    guard funnel.steps.indices.contains(path.goal) else { return Caption("") }
    let last = funnel.steps[path.goal]
    let overall = ReportText.share(last.members, of: first?.members ?? 0)
    let node = path.node
    return Caption(
      zh: "每人算一次，取 \(window) 内走得最远的一次；到“\(last.label.zh)”的总转化 \(overall)。"
        + (node.map { "“\($0.label.zh)”没有人，只是次数的合计，另有刻度。" } ?? ""),
      en: "Members count once, with the furthest they came within \(window); to “\(last.label.en)” \(overall) overall. "
        + (node.map { "“\($0.label.en)” has no members: it is a sum of times shown, on a scale of its own." } ?? "")
    )
  }

  private func times(_ funnel: ReportModel.Funnel) -> String {
    let rows = funnel.steps.map { step in
      row(
        cell(step.label) + HTML.numeral(ReportText.number(step.members)) + HTML.numeral(ReportText.number(step.entries))
          + HTML.numeral(step.medianTime.map(ReportText.span) ?? "–")
      )
    }
    let columns = [
      Caption(zh: "步骤", en: "step"), Caption(zh: "人", en: "members"), Caption(zh: "次", en: "entries"),
      Caption(zh: "中位用时", en: "median time"),
    ]
    return table(columns, numbers: [1, 2, 3], rows)
  }

  /// The share of each day that went on, a drawing for each step.
  private func days(_ path: PageSection.PathView) -> String {
    guard let within = spec.path?.within, !path.days.isEmpty else { return "" }
    let steps = Dictionary(grouping: path.days, by: \.step).sorted { $0.key < $1.key }
    let drawings = steps.map { step, days -> String in
      let (from, to) = (path.funnel.steps[step - 1].label, path.funnel.steps[step].label)
      return "<div>" + heading(4, Caption(zh: "\(from.zh) → \(to.zh)", en: "\(from.en) → \(to.en)"))
        + draw(dayColumns(days, broken: path.broken[step] ?? [])) + "</div>\n"
    }
    let span = ReportText.span(within)
    let caption = Caption(
      zh: "每天走到这一步的人里，\(span) 内走到下一步的比例；突出的日子通过了界限。",
      en:
        "Of those who came to the step that day, the share that went on within \(span); days that pass the bound stand out."
    )
    return heading(4, Caption(zh: "哪一天断了？", en: "Which day broke?")) + say(caption) + "<div class=\"days\">\n"
      + drawings.joined() + "</div>\n"
  }

  private func dayColumns(_ days: [Comparisons.StepDay], broken: Set<Int>) -> String {
    let byDay = Dictionary(grouping: days, by: \.day)
    let first = byDay.keys.min() ?? 0
    let last = min(byDay.keys.max() ?? 0, first + 399)
    let every = max(1, (last - first) / 5)
    let columns = (first...last).map { day -> ColumnsDrawing.Column in
      let text = LocalDate(daysSinceEpoch: day).text
      let moved = byDay[day]?.first?.moved
      let isNamed = (day - first).isMultiple(of: every)
      return .init(
        name: isNamed ? String(text.dropFirst(5)) : "",
        value: moved?.rate,
        tip: "\(text): " + (moved.map(PageFindings.figures) ?? "–"),
        stands: broken.contains(day)
      )
    }
    return ColumnsDrawing(name: "share by day", columns: columns, top: 1, topText: "100 %", zeroText: "0").render()
  }

  // MARK: Parts, behaviours

  var parts: String {
    guard let path = section.path, let named = spec.path?.parts, !path.parts.isEmpty else { return "" }
    let best = section.findings.first { $0.kind == .bestPart }?.about.first
    guard let first = path.funnel.steps.first?.label, path.funnel.steps.indices.contains(path.goal) else { return "" }
    let last = path.funnel.steps[path.goal].label
    let hasNode = path.node != nil
    var columns = [named.caption]
    if hasNode { columns += [path.node.map { $0.label.caption } ?? Caption(""), Caption("‰")] }
    columns += [first.caption, last.caption, Caption(zh: "转化", en: "conversion"), Caption("")]
    let top = path.parts.map(\.converted).filter { $0.of >= Comparisons.partMin }.map(\.rate).max() ?? 0
    let rows = path.parts.prefix(Self.partsMax).map { part -> String in
      var cells = cell(part.value.map(section.named) ?? ReportLabel(zh: "（无）", en: "(none)"))
      if hasNode {
        let shown = part.value.flatMap { path.exposures[$0] } ?? 0
        cells += HTML.numeral(shown > 0 ? ReportText.number(shown) : "–")
        cells += HTML.numeral(shown > 0 ? SmallNumber.tenths(Double(part.converted.of) / Double(shown) * 1000) : "–")
      }
      cells +=
        HTML.numeral(ReportText.number(part.converted.of)) + HTML.numeral(ReportText.number(part.converted.count))
      cells += HTML.numeral(PageFindings.rate(part.converted))
      // Of a handful a share says nothing.
      let isCompared = part.converted.of >= Comparisons.partMin
      cells += isCompared ? HTML.meter(Int(part.converted.rate * 10_000), of: max(1, Int(top * 10_000))) : HTML.cell("")
      return row(cells, stands: best != nil && part.value == best)
    }
    let title = Caption(zh: "按\(named.zh)的转化", en: "Conversion by \(named.en)")
    let count = Caption(
      zh: "显示 \(rows.count) / \(path.parts.count)；不足 \(Comparisons.partMin) 人的不参与比较。",
      en:
        "\(rows.count) of \(path.parts.count) shown; those with fewer than \(Comparisons.partMin) members are not compared."
    )
    return heading(3, title) + table(columns, numbers: Set(1..<columns.count), rows) + say(count)
  }

  var behaviours: String {
    guard !section.behaviours.isEmpty else { return "" }
    let claimed = Set(section.findings.filter { $0.kind == .behaviour }.flatMap(\.about))
    var rows: [String] = []
    for view in section.behaviours {
      for part in view.parts.sorted(by: { ($0.value ?? "") > ($1.value ?? "") }) {
        let did =
          switch part.value {
          case "true": ReportLabel(zh: "做过", en: "did")
          case "false": ReportLabel(zh: "没做过", en: "did not")
          default: ReportLabel(zh: part.value ?? "–", en: part.value ?? "–")
          }
        rows.append(
          row(
            cell(view.spec.label) + cell(did) + HTML.numeral(PageFindings.figures(part.converted))
              + HTML.meter(part.converted.count * 1000 / max(1, part.converted.of), of: 1000),
            stands: claimed.contains(view.spec.funnel) && part.value == "true"
          )
        )
      }
    }
    let columns = [
      Caption(zh: "行为", en: "behaviour"), Caption(""), Caption(zh: "转化", en: "conversion"), Caption(""),
    ]
    return heading(3, Caption(zh: "关键行为", en: "Key behaviours")) + table(columns, numbers: [2], rows)
      + say(Caption(zh: "相关不等于因果。", en: "Going together is not causing."))
  }
}
