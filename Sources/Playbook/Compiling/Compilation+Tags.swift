import EventModel

/// `tags:`, `scores:` and `quadrants:` to drafts.
extension Compilation {
  mutating func draftTags(_ section: [YAMLTree.Pair], of kind: SubjectKind) {
    for pair in section where admitDefinition(pair, of: kind.rawValue) {
      let what = "tag `\(pair.key)`"
      let forms = ["fact", "rule", "cases", "value", "model"]
      let others = ["label", "category", "owner", "description", "over", "places", "horizon"]
      guard let keyed = keyed(pair.value, what, allowed: forms + others) else {
        append(draft(pair, keyed: nil, body: .broken), of: kind)
        continue
      }
      append(draft(pair, keyed: keyed, body: tagBody(keyed, forms: forms) ?? .broken), of: kind)
    }
  }

  private mutating func append(_ tag: TagDraft, of kind: SubjectKind) {
    programs[kind, default: ProgramDraft()].tags.append(tag)
  }

  private mutating func draft(_ pair: YAMLTree.Pair, keyed: KeyedNode?, body: TagDraft.Body) -> TagDraft {
    let plain = LocalizedText(texts: [.init(language: "", text: pair.key)])
    return TagDraft(
      name: pair.key,
      position: pair.keyPosition,
      label: keyed.map { label($0, name: pair.key) } ?? plain,
      category: keyed?["category"].flatMap { text($0, "category") },
      owner: keyed?["owner"].flatMap { text($0, "owner") },
      description: keyed?["description"].flatMap { localized($0, "description") },
      body: body
    )
  }

  private mutating func tagBody(_ keyed: KeyedNode, forms: [String]) -> TagDraft.Body? {
    guard let (form, node) = only(forms, in: keyed) else { return nil }
    for key in ["over", "places", "horizon"] where form != "model" {
      guard let position = keyed.keyPositions[key] else { continue }
      fault(at: position, "wrong form of \(keyed.what)", expected: "`\(key)` only beside `model`", found: "`\(key)`")
    }
    switch form {
    case "fact": return fact(node)
    case "rule": return expression(node, "rule").map { .rule($0) }
    case "value": return expression(node, "value").map { .value($0) }
    case "cases": return cases(node)
    default: return model(node, keyed)
    }
  }

  private mutating func expression(_ node: YAMLTree, _ what: String) -> TagDraft.Expression? {
    parse(node, what).map { TagDraft.Expression(syntax: $0, node: node) }
  }

  private mutating func fact(_ node: YAMLTree) -> TagDraft.Body? {
    guard let paths = fieldPaths(node, "fact") else { return nil }
    guard paths.allSatisfy({ $0.selector.field != nil }) else {
      fault(
        at: node.position,
        "missing field",
        expected: "a field such as `member.identified.city`",
        found: node.summary
      )
      return nil
    }
    let kinds = Set(paths.compactMap(\.kind))
    return .fact(paths.map(\.selector), kinds.count == 1 ? kinds.first ?? .unknown : .unknown)
  }

  private mutating func cases(_ node: YAMLTree) -> TagDraft.Body? {
    guard let items = items(node, "cases", of: "{when: .., value: ..}") else { return nil }
    var cases: [(condition: TagDraft.Expression?, value: String)] = []
    var isSound = true
    for (index, item) in items.enumerated() {
      guard let keyed = keyed(item, "case", allowed: ["when", "value", "else"]) else {
        isSound = false
        continue
      }
      if let node = keyed["else"] {
        if index < items.count - 1 || keyed["when"] != nil || keyed["value"] != nil {
          fault(at: item.position, "wrong form of case", expected: "`else` alone, in the last case", found: "`else`")
        }
        if let value = text(node, "value") { cases.append((nil, value)) } else { isSound = false }
        continue
      }
      let when = required("when", in: keyed).flatMap { expression($0, "when") }
      let value = required("value", in: keyed).flatMap { text($0, "value") }
      if let when, let value { cases.append((when, value)) } else { isSound = false }
    }
    return isSound ? .cases(cases) : nil
  }

  private mutating func model(_ node: YAMLTree, _ keyed: KeyedNode) -> TagDraft.Body? {
    guard let name = word(node, "model", among: PredictiveModel.Name.allCases),
      let overNode = required("over", in: keyed), let over = eventTypes(overNode, "over")
    else { return nil }
    let places = keyed["places"].map { wholeNumber($0, "places", in: 0...6) } ?? 2
    let horizon = keyed["horizon"].map { duration($0, "horizon", in: PlaybookLimits.lengths) }
    guard let places, let type = over.first, over.count == 1 else { return nil }
    if name == .purchases, horizon == nil {
      _ = required("horizon", in: keyed)
      return nil
    }
    return .model(PredictiveModel(name: name, over: type.name, places: places, horizon: horizon ?? nil))
  }

  // MARK: - Scores and the quadrant

  mutating func draftScores(_ section: [YAMLTree.Pair]) {
    for pair in section where admitDefinition(pair, of: SubjectKind.member.rawValue) {
      let what = "score `\(pair.key)`"
      let keys = ["label", "value", "cut", "category", "owner", "description"]
      let keyed = keyed(pair.value, what, allowed: keys)
      append(draft(pair, keyed: keyed, body: keyed.flatMap { scoreBody($0) } ?? .broken), of: .member)
    }
  }

  private mutating func scoreBody(_ keyed: KeyedNode) -> TagDraft.Body? {
    let value = required("value", in: keyed).flatMap { expression($0, "value") }
    let cut = required("cut", in: keyed).flatMap { decimal($0, "cut") }
    if let cut, let node = keyed["cut"], !(0...(100 * FixedDecimal.scale)).contains(cut.millionths) {
      fault(at: node.position, "cut out of bounds", expected: "0 to 100", found: node.summary)
    }
    guard let value, let cut else { return nil }
    return .score(value, cut: cut)
  }

  /// The mapping `x, y, labels` to the enum tag `quadrant`.
  mutating func draftQuadrant(_ section: [YAMLTree.Pair]) {
    guard let first = section.first else { return }
    let keys = ["x", "y", "labels", "label", "category", "owner", "description"]
    refuseUnknownKeys(section, "quadrants", allowed: keys)
    let node = YAMLTree(content: .mapping(section), position: first.keyPosition)
    let keyed = KeyedNode(node: node, what: "quadrants", pairs: section, allowed: keys)
    let pair = YAMLTree.Pair(key: "quadrant", keyPosition: first.keyPosition, value: node)
    guard admitDefinition(pair, of: SubjectKind.member.rawValue) else { return }
    var draft = draft(pair, keyed: keyed, body: quadrantBody(keyed) ?? .broken)
    if keyed["label"] == nil {
      draft.label = LocalizedText(texts: [.init(language: "zh", text: "四象限"), .init(language: "en", text: "Quadrant")])
    }
    append(draft, of: .member)
  }

  private mutating func quadrantBody(_ keyed: KeyedNode) -> TagDraft.Body? {
    let x = required("x", in: keyed).flatMap { score($0) }
    let y = required("y", in: keyed).flatMap { score($0) }
    guard let listNode = required("labels", in: keyed),
      let items = items(listNode, "labels", of: "{label: .., when: ..}")
    else { return nil }
    var labels: [TagDraft.Label] = []
    for item in items {
      if let label = quadrantLabel(item) { labels.append(label) }
    }
    guard let x, let y, labels.count == items.count else { return nil }
    return .quadrant(x: x, y: y, labels: labels)
  }

  private mutating func score(_ node: YAMLTree) -> String? {
    guard let name = text(node, "axis") else { return nil }
    let scores = (programs[.member]?.tags ?? []).filter { tag in
      if case .score = tag.body { true } else { false }
    }
    let isBroken = programs[.member]?.tags.contains { tag in
      if case .broken = tag.body { tag.name == name } else { false }
    }
    guard scores.contains(where: { $0.name == name }) || isBroken == true else {
      fault(
        at: node.position,
        "unknown score",
        expected: "a name under `scores`",
        found: "`\(name)`",
        hint: NearestName.hint(for: name, among: scores.map(\.name))
      )
      return nil
    }
    return name
  }

  private mutating func quadrantLabel(_ item: YAMLTree) -> TagDraft.Label? {
    guard let keyed = keyed(item, "quadrant label", allowed: ["id", "label", "when", "strategy"]) else { return nil }
    let label = required("label", in: keyed).flatMap { localized($0, "label") }
    let when = required("when", in: keyed).flatMap { expression($0, "when") }
    let id = keyed["id"].flatMap { name($0, "id") }
    let strategy = keyed["strategy"].flatMap { text($0, "strategy") }
    guard let label, let when else { return nil }
    return TagDraft.Label(value: id ?? label.text(in: ""), label: label, condition: when, strategy: strategy)
  }
}
