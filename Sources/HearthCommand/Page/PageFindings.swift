import EventModel
import Insights
import PostgresStores

/// Says what the tests allow to be said, in both languages. Pure; no test is made here.
struct PageFindings {
  let section: PageSection

  var all: [PageFinding] {
    brokenSteps + [bestPart].compactMap { $0 } + cooling + behaviours + [held].compactMap { $0 }
  }

  private var zone: CalendarZone { section.report.zone }

  // MARK: Path

  private var brokenSteps: [PageFinding] {
    guard let path = section.path, let within = section.spec.path?.within else { return [] }
    return section.comparisons.brokenDays.map { step, findings in
      let from = path.funnel.steps[step - 1].label
      let to = path.funnel.steps[step].label
      let days = findings.map { LocalDate(daysSinceEpoch: Comparisons.day(of: $0)).text }
      let daysText = days.joined(separator: ", ")
      let moved = findings.reduce(Proportion(0, of: 0)) { $0 + $1.first }
      // All other days of the step, the broken ones left out.
      let all = path.days.filter { $0.step == step }.reduce(Proportion(0, of: 0)) { $0 + $1.moved }
      let rest = all - moved
      return PageFinding(
        kind: .brokenStep,
        about: [path.funnel.steps[step].name] + days,
        title: ReportLabel(zh: "断点：\(from.zh) → \(to.zh)", en: "Broken step: \(from.en) → \(to.en)"),
        sentence: ReportLabel(
          zh: "\(daysText) 这几天走到“\(from.zh)”的 \(moved.of) 人里，只有 \(moved.count) 人（\(Self.rate(moved))）在 "
            + "\(ReportText.span(within)) 内走到“\(to.zh)”；其余日子是 \(Self.rate(rest))。",
          en:
            "Of the \(moved.of) who came to “\(from.en)” on \(daysText), only \(moved.count) (\(Self.rate(moved))) went on "
            + "to “\(to.en)” within \(ReportText.span(within)); on the other days \(Self.rate(rest)) did."
        ),
        evidence: evidence(findings)
      )
    }
  }

  private var bestPart: PageFinding? {
    guard let path = section.path, let parts = section.spec.path?.parts,
      let best = section.comparisons.bestPart(of: path.funnel.name, PageBuilder.compared(path.parts)),
      case .part(_, let value) = best.finding.question, let first = path.funnel.steps.first,
      path.funnel.steps.indices.contains(path.goal)
    else { return nil }
    let last = path.funnel.steps[path.goal]
    let (name, next) = (section.named(value), section.named(best.next.value))
    let figures = (
      Self.figures(best.finding.first), Self.figures(best.next.converted), Self.figures(best.finding.second)
    )
    return PageFinding(
      kind: .bestPart,
      about: [value],
      title: ReportLabel(zh: "最佳\(parts.zh)：\(name.zh)", en: "Best \(parts.en): \(name.en)"),
      sentence: ReportLabel(
        zh: "从“\(first.label.zh)”走到“\(last.label.zh)”：\(name.zh) \(figures.0)，第二名 \(next.zh) \(figures.1)，"
          + "其余合计 \(figures.2)。",
        en:
          "From “\(first.label.en)” to “\(last.label.en)”: \(name.en) \(figures.0), next \(next.en) \(figures.1), all "
          + "others together \(figures.2)."
      ),
      evidence: evidence([best.finding])
    )
  }

  private var behaviours: [PageFinding] {
    section.behaviours.compactMap { view in
      let parts = PageBuilder.compared(view.parts)
      guard let funnel = section.report.funnels.first(where: { $0.name == view.spec.funnel }),
        let last = funnel.steps.last,
        let finding = section.comparisons.bestPart(of: view.spec.funnel, parts)?.finding,
        case .part(_, "true") = finding.question
      else { return nil }
      let label = view.spec.label
      return PageFinding(
        kind: .behaviour,
        about: [view.spec.funnel],
        title: ReportLabel(zh: "有帮助的行为：\(label.zh)", en: "A behaviour that goes with success: \(label.en)"),
        sentence: ReportLabel(
          zh: "做过的人 \(Self.figures(finding.first)) 走到“\(last.label.zh)”，没做过的 \(Self.figures(finding.second))。"
            + "这是相关，不是因果。",
          en: "Of those who did, \(Self.figures(finding.first)) came to “\(last.label.en)”; of those who did not, "
            + "\(Self.figures(finding.second)). They go together; which causes which is not shown."
        ),
        evidence: evidence([finding])
      )
    }
  }

  // MARK: Communities

  private var cooling: [PageFinding] {
    guard let health = section.spec.health else { return [] }
    return section.communities.filter(\.isClaimed).compactMap { community in
      guard
        let finding = section.comparisons.coolingCommunities.first(where: { $0.question == .community(community.id) })
      else { return nil }
      let since = community.since.map { ReportText.time($0, zone) } ?? "–"
      let others = finding.second
      let period = ReportText.span(health.period)
      return PageFinding(
        kind: .cooling,
        about: [community.id],
        title: ReportLabel(zh: "降温的社群：\(community.name)", en: "Cooling community: \(community.name)"),
        sentence: ReportLabel(
          zh: "最近 \(period) 有人发言的“人天” \(community.now)，之前 \(period) 是 \(community.before)；其它社群合计 "
            + "\(others.count) 对 \(others.of - others.count)。标签自 \(since) 起成立。",
          en: "Days on which a member wrote: \(community.now) in the last \(period), \(community.before) in the "
            + "\(period) before; in all other communities together \(others.count) against "
            + "\(others.of - others.count). The tag holds since \(since)."
        ),
        evidence: evidence([finding])
      )
    }
  }

  // MARK: One member

  private var held: PageFinding? {
    guard let follow = section.follow, let touch = follow.held else { return nil }
    let name = follow.shownName
    let due = ReportText.time(touch.dueAt, zone)
    let why = Self.why(touch, follow, zone)
    let late = touch.status == "decided"
    return PageFinding(
      kind: .held,
      about: [follow.story.member, touch.source, touch.reason],
      title: ReportLabel(
        zh: "为什么没有\(late ? "马上" : "")给 \(name) 发消息",
        en: "Why \(name) was not messaged\(late ? " at once" : "")"
      ),
      sentence: ReportLabel(
        zh: "\(due) 轮到“\(section.sourceName(touch.source).zh)”，\(why.zh)",
        en: "“\(section.sourceName(touch.source).en)” was due at \(due). \(why.en)"
      ),
      evidence: ReportLabel(
        zh: "库里的决定：\(touch.source) \(touch.status)，原因 \(touch.reason)",
        en: "the decision in the store: \(touch.source) \(touch.status), reason \(touch.reason)"
      )
    )
  }

  /// A reason of a touch as a person says it.
  private static func why(_ touch: ReportRows.Touch, _ follow: PageSection.FollowView, _ zone: CalendarZone)
    -> ReportLabel
  {
    let decided = ReportText.time(touch.decidedAt, zone)
    let hours = follow.quiet.map { "\(clock($0.from))–\(clock($0.to))" } ?? ""
    switch (touch.status, touch.reason) {
    case ("dropped", "quiet_hours"):
      return ReportLabel(
        zh: "正值免打扰时段（\(hours)），等到能发时内容已过期，所以没有发。",
        en: "Quiet hours (\(hours)) held it, and by their end the message would have expired; so it was not sent."
      )
    case ("decided", "after quiet_hours"):
      return ReportLabel(
        zh: "正值免打扰时段（\(hours)），推迟到 \(decided) 才发。",
        en: "Quiet hours (\(hours)) held it until \(decided)."
      )
    case ("dropped", let reason) where reason.hasPrefix("cap"):
      return ReportLabel(zh: "触达次数已到上限，所以没有发。", en: "The cap on touches was reached; it was not sent.")
    case ("dropped", "no_consent"):
      return ReportLabel(zh: "本人已拒收，所以没有发。", en: "The member had opted out; it was not sent.")
    default:
      return ReportLabel(
        zh: "\(touch.status)，原因 \(touch.reason)，\(decided)。",
        en: "\(touch.status), reason \(touch.reason), at \(decided)."
      )
    }
  }

  /// `23:00`, of a time since midnight.
  static func clock(_ time: TimeSpan) -> String {
    let minutes = time.milliseconds / 60_000
    let hour = minutes / 60
    let minute = minutes % 60
    return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
  }

  // MARK: Words

  static func rate(_ part: Proportion) -> String { ReportText.share(part.count, of: part.of) }

  static func figures(_ part: Proportion) -> String { "\(part.count)/\(part.of) (\(rate(part)))" }

  private func evidence(_ findings: [Comparisons.Finding]) -> ReportLabel {
    let worst = findings.map(\.test).max { $0.p < $1.p }
    let z = findings.map { SmallNumber.tenths(abs($0.test.z)) }.joined(separator: ", ")
    let p = worst.map { SmallNumber.atMost($0.p) } ?? "–"
    return ReportLabel(
      zh: "两比例检验 |z| = \(z)，p ≤ \(p)，界限 \(SmallNumber.below(section.comparisons.bound))",
      en: "two-proportion test |z| = \(z), p ≤ \(p), bound \(SmallNumber.below(section.comparisons.bound))"
    )
  }
}

extension PageSection {
  /// The label of `journey/NAME` or `calendar/NAME`, where a touch of it was counted.
  func sourceName(_ source: String) -> ReportLabel {
    report.touches.counts.first { $0.source == source }?.label ?? ReportLabel(zh: source, en: source)
  }
}
