import EventModel

/// `funnels:`
extension Compilation {
  mutating func compileFunnels(_ section: [YAMLTree.Pair]) -> [FunnelDefinition] {
    var funnels: [FunnelDefinition] = []
    for pair in section where admitDefinition(pair, of: "funnels") {
      let keys = ["label", "window", "order", "steps", "exclude", "breakdown"]
      guard let keyed = keyed(pair.value, "funnel `\(pair.key)`", allowed: keys) else { continue }
      if let funnel = compileFunnel(pair.key, keyed) { funnels.append(funnel) }
    }
    return funnels.sorted { $0.name < $1.name }
  }

  private mutating func compileFunnel(_ name: String, _ keyed: KeyedNode) -> FunnelDefinition? {
    let label = label(keyed, name: name)
    let window = required("window", in: keyed).flatMap { duration($0, "window", in: PlaybookLimits.funnelWindows) }
    let orders: [FunnelDefinition.Order] = [.ordered, .strict, .any]
    let order = keyed["order"].map { word($0, "order", among: orders) } ?? .ordered
    guard let stepsNode = required("steps", in: keyed),
      let items = items(stepsNode, "steps", of: "{name: .., event: ..}"),
      let path = path(items, at: stepsNode)
    else { return nil }
    let exclusions = keyed["exclude"].map { self.exclusions($0, path, order: order) } ?? []
    let breakdown = keyed["breakdown"].map { self.breakdown($0, path) }
    guard let window, let order else { return nil }
    warnAboutUnreachable(path, order: order, exclusions: exclusions)
    return FunnelDefinition(
      name: name,
      label: label,
      window: window,
      order: order,
      total: path.total,
      steps: path.steps,
      exclusions: exclusions,
      breakdown: breakdown ?? nil
    )
  }

  // MARK: - Steps

  private struct Path {
    var total: FunnelDefinition.Total?
    var steps: [FunnelDefinition.Step] = []
    var types: [[EventCatalogue.EventType]] = []
    var positions: [SourcePosition] = []
    var names: Set<String> = []
  }

  private mutating func path(_ items: [YAMLTree], at node: YAMLTree) -> Path? {
    var path = Path()
    var isSound = true
    for (index, item) in items.enumerated() where !append(item, at: index, to: &path) { isSound = false }
    guard isSound else { return nil }
    guard (1...PlaybookLimits.funnelStepsMax).contains(path.steps.count) else {
      fault(
        at: node.position,
        "wrong number of steps",
        expected: "1 to \(PlaybookLimits.funnelStepsMax) steps with an event",
        found: "\(path.steps.count)"
      )
      return nil
    }
    return path
  }

  private mutating func append(_ item: YAMLTree, at index: Int, to path: inout Path) -> Bool {
    guard let keyed = keyed(item, "step", allowed: ["name", "label", "event", "total", "where"]),
      let nameNode = required("name", in: keyed), let name = name(nameNode, "name")
    else { return false }
    guard path.names.insert(name).inserted else {
      fault(at: nameNode.position, "doubled name", expected: "each step once", found: "`\(name)` again")
      return false
    }
    let label = label(keyed, name: name)
    if let total = keyed["total"] {
      guard index == 0, keyed["event"] == nil, keyed["where"] == nil else {
        fault(at: total.position, "wrong form of step", expected: "`total` alone, in the first step", found: "`total`")
        return false
      }
      guard let types = eventTypes(total, "total", aggregate: true) else { return false }
      path.total = FunnelDefinition.Total(name: name, label: label, types: types.map(\.name))
      return true
    }
    guard let event = required("event", in: keyed), let types = eventTypes(event, "event") else { return false }
    let filter = filter(keyed["where"], over: types)
    path.steps.append(
      FunnelDefinition.Step(name: name, label: label, types: types.map(\.name), filter: filter)
    )
    path.types.append(types)
    path.positions.append(event.position)
    return true
  }

  // MARK: - Exclusions and breakdown

  private mutating func exclusions(
    _ node: YAMLTree,
    _ path: Path,
    order: FunnelDefinition.Order?
  ) -> [FunnelDefinition.Exclusion] {
    guard let items = items(node, "exclude", of: "{event: .., from: .., to: ..}") else { return [] }
    guard order != .any else {
      fault(
        at: node.position,
        "exclusion in a funnel without order",
        expected: "`order: ordered` or `strict`",
        found: "`order: any`"
      )
      return []
    }
    var exclusions: [FunnelDefinition.Exclusion] = []
    for item in items {
      guard let keyed = keyed(item, "exclusion", allowed: ["event", "where", "from", "to"]) else { continue }
      let types = required("event", in: keyed).flatMap { eventTypes($0, "event") }
      let from = required("from", in: keyed).flatMap { step($0, path) }
      let to = required("to", in: keyed).flatMap { step($0, path) }
      guard let types, let from, let to else { continue }
      let filter = filter(keyed["where"], over: types)
      guard from < to else {
        fault(
          at: item.position,
          "steps out of order",
          expected: "`from` before `to`",
          found: "step \(from) to step \(to)"
        )
        continue
      }
      exclusions.append(
        FunnelDefinition.Exclusion(types: types.map(\.name), filter: filter, from: from, to: to)
      )
    }
    return exclusions
  }

  /// The number of the step with a name, from 1.
  private mutating func step(_ node: YAMLTree, _ path: Path) -> Int? {
    guard let name = text(node, "step") else { return nil }
    if let index = path.steps.firstIndex(where: { $0.name == name }) { return index + 1 }
    fault(
      at: node.position,
      "unknown step",
      expected: "a step with an event",
      found: "`\(name)`",
      hint: NearestName.hint(for: name, among: path.steps.map(\.name))
    )
    return nil
  }

  private mutating func breakdown(_ node: YAMLTree, _ path: Path) -> FunnelDefinition.Breakdown? {
    guard let keyed = keyed(node, "breakdown", allowed: ["by", "attribution"]),
      let byNode = required("by", in: keyed), let by = breakdownSource(byNode, path)
    else { return nil }
    guard let node = keyed["attribution"] else { return .init(by: by, attribution: .step(1)) }
    return attribution(node, path).map { .init(by: by, attribution: $0) }
  }

  /// A member's tag where there is one of the name, else a field of some step's events.
  private mutating func breakdownSource(
    _ node: YAMLTree,
    _ path: Path
  ) -> FunnelDefinition.Breakdown.By? {
    guard let name = text(node, "by") else { return nil }
    let bindings = programs[.member]?.scope?.bindings ?? [:]
    if case .tag(let index, _) = bindings[name] { return .tag(index) }
    let types = path.types.joined()
    if types.contains(where: { $0.kind(of: name) != nil }) { return .field(name) }
    let tags = bindings.compactMap { name, binding in if case .tag = binding { name } else { nil } }
    let fields = types.flatMap { $0.fields.keys }
    fault(
      at: node.position,
      "unknown name",
      expected: "a tag of a member, or a field of a step's events",
      found: "`\(name)`",
      hint: NearestName.hint(for: name, among: tags + fields + EventCatalogue.envelopeWords)
    )
    return nil
  }

  /// `first`, `last`, `step 2`, or a step's name.
  private mutating func attribution(
    _ node: YAMLTree,
    _ path: Path
  ) -> FunnelDefinition.Breakdown.Attribution? {
    guard let text = text(node, "attribution") else { return nil }
    switch text {
    case "first": return .first
    case "last": return .last
    default: break
    }
    let words = text.split(separator: " ")
    if words.count == 2, words[0] == "step", let number = Int(words[1]), path.steps.indices.contains(number - 1) {
      return .step(number)
    }
    if let index = path.steps.firstIndex(where: { $0.name == text }) { return .step(index + 1) }
    let known = ["first", "last"] + path.steps.map(\.name)
    fault(
      at: node.position,
      "unknown attribution",
      expected: "first, last, a step's name, or `step k` from 1 to \(path.steps.count)",
      found: "`\(text)`",
      hint: NearestName.hint(for: text, among: known)
    )
    return nil
  }

  // MARK: - Steps that can never follow

  private mutating func warnAboutUnreachable(
    _ path: Path,
    order: FunnelDefinition.Order,
    exclusions: [FunnelDefinition.Exclusion]
  ) {
    for (index, types) in path.types.enumerated() {
      if order == .strict, types.allSatisfy({ !$0.isBehaviour }) {
        warn(
          at: path.positions[index],
          "step that can never follow another",
          expected: "behaviour of the member in a strict funnel",
          found: "`\(path.steps[index].types[0])`"
        )
      }
      // An exclusion without condition that covers a step strictly inside its range cuts every chain there.
      let number = index + 1
      for exclusion in exclusions
      where exclusion.filter == nil && exclusion.from < number && number < exclusion.to
        && Set(path.steps[index].types).isSubset(of: exclusion.types)
      {
        warn(
          at: path.positions[exclusion.to - 1],
          "step that can never follow another",
          expected: "an exclusion that leaves the steps between out",
          found: "`\(path.steps[exclusion.to - 1].name)` after the excluded `\(path.steps[index].name)`"
        )
      }
    }
  }
}
