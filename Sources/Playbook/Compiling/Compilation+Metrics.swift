import EventModel

/// `metrics:`
extension Compilation {
  mutating func compileMetrics(_ section: [YAMLTree.Pair], of kind: SubjectKind) {
    var draft = programs[kind] ?? ProgramDraft()
    for pair in section where admitDefinition(pair, of: kind.rawValue) {
      let metric = compileMetric(pair)
      draft.metricKinds[pair.key] = metric?.kind ?? .unknown
      // A hole keeps its name, so that what reads it is checked all the same.
      draft.metrics.append(metric ?? MetricDefinition(name: pair.key, fold: .count, sources: [], kind: .unknown))
    }
    draft.metrics.sort { $0.name < $1.name }
    programs[kind] = draft
  }

  private mutating func compileMetric(_ pair: YAMLTree.Pair) -> MetricDefinition? {
    let what = "metric `\(pair.key)`"
    let folds = Fold.allCases.map(\.rawValue)
    guard let keyed = keyed(pair.value, what, allowed: folds + ["where", "window", "actor"]) else { return nil }
    guard let (form, node) = only(folds, in: keyed), let fold = Fold(rawValue: form) else { return nil }
    guard let paths = fieldPaths(node, "`\(fold.rawValue)`") else { return nil }
    let kind = resultKind(of: fold, over: paths, at: node)
    if let total = paths.first(where: { $0.type.isAggregate }) {
      warn(
        at: node.position,
        "metric of a total without member",
        expected: "an event of a member or a community",
        found: "`\(total.type.name)`",
        hint: "totals are counted by reports and as `total:` of a funnel"
      )
    }
    let filter = filter(keyed["where"], over: paths.map(\.type))
    let window = keyed["window"].map { self.window($0) } ?? .lifetime
    if fold == .streak, let node = keyed["window"] {
      fault(
        at: node.position,
        "window of a streak",
        expected: "no window: a streak is days in a row up to today",
        found: node.summary
      )
    }
    let actors = keyed["actor"].map { self.actors($0) } ?? .only([.member])
    guard let kind, let window, let actors else { return nil }
    return MetricDefinition(
      name: pair.key,
      fold: fold,
      sources: paths.map(\.selector),
      filter: filter,
      window: window,
      actors: actors,
      kind: kind
    )
  }

  private mutating func resultKind(of fold: Fold, over paths: [FieldPath], at node: YAMLTree) -> ValueKind? {
    let kinds = Set(paths.compactMap(\.kind))
    switch fold {
    case .count, .streak: return .decimal
    case .first, .last:
      guard !kinds.isEmpty else { return .time }
      return kinds.count == 1 ? kinds.first : .unknown
    case .distinct:
      guard !kinds.isEmpty else { return missingField(fold, node) }
      return .decimal
    case .sum, .min, .max, .mean:
      guard !kinds.isEmpty else { return missingField(fold, node) }
      guard kinds.allSatisfy({ $0 == .decimal || $0 == .unknown }) else {
        fault(
          at: node.position,
          "kinds do not match",
          expected: "a decimal field for `\(fold.rawValue)`",
          found: ExpressionChecker.list(kinds.sorted { $0.rawValue < $1.rawValue })
        )
        return nil
      }
      return .decimal
    }
  }

  private mutating func missingField(_ fold: Fold, _ node: YAMLTree) -> ValueKind? {
    fault(
      at: node.position,
      "missing field",
      expected: "a field such as `order.paid.amount` for `\(fold.rawValue)`",
      found: node.summary
    )
    return nil
  }

  private mutating func actors(_ node: YAMLTree) -> ActorFilter? {
    if case .scalar(let scalar) = node.content, scalar.text == "any" { return .any }
    guard let texts = texts(node, "actor") else { return nil }
    var actors: Set<Actor> = []
    for (_, node) in texts {
      guard let actor = word(node, "actor", among: Actor.allCases) else { return nil }
      actors.insert(actor)
    }
    return .only(actors)
  }

  // MARK: - Windows

  private mutating func window(_ node: YAMLTree) -> Window? {
    if case .mapping = node.content { return rangeWindow(node) }
    guard let text = text(node, "window") else { return nil }
    switch text {
    case "today": return .today
    case "this_week": return .thisWeek
    case "this_month": return .thisMonth
    default: break
    }
    if TimeSpan(playbookText: text) == nil {
      fault(
        at: node.position,
        "malformed window",
        expected: "a duration such as 7d, today, this_week, this_month, {between: ..} or {from: .., to: ..}",
        found: "`\(text)`",
        hint: NearestName.hint(for: text, among: ["today", "this_week", "this_month"])
      )
      return nil
    }
    return duration(node, "window", in: PlaybookLimits.windows).map { .sliding($0) }
  }

  private mutating func rangeWindow(_ node: YAMLTree) -> Window? {
    guard let keyed = keyed(node, "window", allowed: ["between", "from", "to"]) else { return nil }
    if let between = keyed["between"] {
      guard let ends = items(between, "window", of: "two durations"), ends.count == 2 else {
        fault(
          at: between.position,
          "malformed window",
          expected: "two durations such as [60d, 30d]",
          found: between.summary
        )
        return nil
      }
      let none = TimeSpan(milliseconds: 0)...PlaybookLimits.windows.upperBound
      guard let from = duration(ends[0], "window", in: PlaybookLimits.windows),
        let to = duration(ends[1], "window", in: none)
      else { return nil }
      guard from > to else {
        fault(
          at: between.position,
          "window out of order",
          expected: "the longer duration first",
          found: "[\(from.playbookText), \(to.playbookText)]"
        )
        return nil
      }
      return .between(from: from, to: to)
    }
    guard let fromNode = required("from", in: keyed), let toNode = required("to", in: keyed),
      let from = instant(fromNode), let to = instant(toNode)
    else { return nil }
    guard from < to else {
      fault(
        at: node.position,
        "window out of order",
        expected: "`from` before `to`",
        found: "\(from.text) to \(to.text)"
      )
      return nil
    }
    return .absolute(from: from, to: to)
  }

  /// A date in the tenant's zone, or an RFC 3339 instant.
  private mutating func instant(_ node: YAMLTree) -> Instant? {
    guard let text = text(node, "instant") else { return nil }
    if let date = LocalDate(text: text) {
      // Without a zone there is a fault already; any instant will do.
      return zone?.instant(of: date) ?? Instant(milliseconds: Int64(date.daysSinceEpoch) * 86_400_000)
    }
    if let instant = Instant(text: text) { return instant }
    fault(
      at: node.position,
      "malformed instant",
      expected: "a date such as 2026-06-01 or 2026-06-01T08:00:00Z",
      found: "`\(text)`"
    )
    return nil
  }
}
