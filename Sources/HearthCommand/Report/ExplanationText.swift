import EventCodec
import EventModel
import Folding
import Playbook

/// Tells a `SubjectExplanation` in Chinese or English.
package struct ExplanationText: Sendable {
  private let language: Language
  private let zone: CalendarZone

  package enum Language: String, CaseIterable, Sendable { case zh, en }

  /// - Parameter zone: the tenant's; times are those of its wall clock.
  package init(language: Language, zone: CalendarZone) {
    self.language = language
    self.zone = zone
  }

  package func lines(_ explanation: SubjectExplanation) -> [String] {
    var lines = [
      language == .zh
        ? "\(explanation.subject.path)，截至 \(time(explanation.asOf))（\(zone.identifier)）"
        : "\(explanation.subject.path), as of \(time(explanation.asOf)) (\(zone.identifier))"
    ]
    for tag in explanation.tags { lines += [""] + self.lines(tag) }
    return lines
  }

  // MARK: A tag

  private func lines(_ tag: TagExplanation) -> [String] {
    [headline(tag)] + rules(tag) + readings(tag) + [next(tag)]
  }

  private func headline(_ tag: TagExplanation) -> String {
    let label = tag.definition.label.text(in: language.rawValue)
    let name = label == tag.definition.name ? label : "\(label) (\(tag.definition.name))"
    let value = text(tag.standing.value)
    guard let since = tag.standing.since else { return language == .zh ? "\(name)：\(value)" : "\(name): \(value)" }
    return language == .zh ? "\(name)：\(value)，自 \(time(since)) 起" : "\(name): \(value), since \(time(since))"
  }

  private func rules(_ tag: TagExplanation) -> [String] {
    let title = language == .zh ? "规则" : "rule"
    if case .fact = tag.definition.rule {
      let fields = tag.rules.map(\.text).joined(separator: ", ")
      return [line(title, language == .zh ? "\(fields) 的最新非空值" : "the newest value of \(fields)")]
    }
    return tag.rules.enumerated().map { place, rule in
      let gives = rule.gives.map { " → \(text($0))" } ?? ""
      return line(place == 0 ? title : "", rule.text + gives)
    }
  }

  private func readings(_ tag: TagExplanation) -> [String] {
    tag.readings.enumerated().map { place, reading in
      var said = "\(reading.value.name) = \(text(reading.value.value))"
      if reading.value.approximate { said += language == .zh ? "（近似）" : " (approximate)" }
      if let metric = reading.metric {
        said += language == .zh ? "（\(words(metric))）" : " (\(words(metric)))"
      }
      return line(place > 0 ? "" : language == .zh ? "依据" : "because", said)
    }
  }

  private func next(_ tag: TagExplanation) -> String {
    let title = language == .zh ? "接下来" : "next"
    guard let next = tag.next else {
      return line(title, language == .zh ? "没有新事件就不变" : "stays until an event comes")
    }
    return line(
      title,
      language == .zh
        ? "若无新事件，\(time(next.at)) 变为 \(text(next.value))"
        : "\(text(next.value)) at \(time(next.at)), if nothing comes before"
    )
  }

  private func line(_ title: String, _ text: String) -> String {
    // A Chinese character takes two columns.
    let width = title.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2e7f ? 2 : 1) }
    return "  " + title + String(repeating: " ", count: max(1, 9 - width)) + text
  }

  // MARK: A metric in words

  private func words(_ metric: MetricDefinition) -> String {
    let sources = metric.sources.map { source in source.field.map { "\(source.type).\($0)" } ?? source.type }
    let what = sources.joined(separator: language == .zh ? "、" : ", ")
    let condition = metric.filter.map { filter in
      (language == .zh ? "，条件 " : " where ") + filter.text(metrics: [], tags: [])
    }
    switch language {
    case .zh: return "\(window(metric.window))\(what) 的\(fold(metric.fold))\(condition ?? "")"
    case .en: return "\(fold(metric.fold)) \(what)\(window(metric.window))\(condition ?? "")"
    }
  }

  private func fold(_ fold: Fold) -> String {
    let words: (zh: String, en: String) =
      switch fold {
      case .count: ("次数", "count of")
      case .sum: ("合计", "sum of")
      case .min: ("最小值", "smallest")
      case .max: ("最大值", "largest")
      case .mean: ("平均值", "mean of")
      case .first: ("首次", "first")
      case .last: ("最近一次", "last")
      case .distinct: ("不同取值数", "different values of")
      case .streak: ("连续天数", "days in a row with")
      }
    return language == .zh ? words.zh : words.en
  }

  private func window(_ window: Window) -> String {
    let words: (zh: String, en: String) =
      switch window {
      case .lifetime: ("", "")
      case .sliding(let width): ("近 \(width.playbookText) ", " in the last \(width.playbookText)")
      case .between(let from, let to):
        (
          "\(from.playbookText) 前至 \(to.playbookText) 前 ",
          " between \(from.playbookText) and \(to.playbookText) ago"
        )
      case .absolute(let from, let to): ("\(time(from)) 至 \(time(to)) ", " from \(time(from)) to \(time(to))")
      case .today: ("今天 ", " today")
      case .thisWeek: ("本周 ", " this week")
      case .thisMonth: ("本月 ", " this month")
      }
    return language == .zh ? words.zh : words.en
  }

  // MARK: Values

  private func text(_ value: Value) -> String {
    switch value {
    case .null: language == .zh ? "无" : "none"
    case .bool(let flag): language == .zh ? (flag ? "是" : "否") : (flag ? "yes" : "no")
    case .string(let text): text
    case .time(let instant): time(instant)
    default: String(decoding: value.canonicalJSON, as: UTF8.self)
    }
  }

  /// By the zone's wall clock; milliseconds where there are any.
  private func time(_ instant: Instant) -> String {
    let clock = zone.timeOfDay(at: instant).milliseconds
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let seconds = clock / 1000
    let text =
      "\(zone.date(at: instant).text) \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    let rest = clock % 1000
    return rest == 0 ? text : text + "." + String("000\(rest)".suffix(3))
  }
}
