import EventModel

/// Drafts of tags to definitions: order, names, kinds.
extension Compilation {
  mutating func resolveTags(of kind: SubjectKind) {
    guard var program = programs[kind] else { return }
    let drafts = Dictionary(program.tags.map { ($0.name, $0) }) { first, _ in first }
    let order = TagOrder(dependencies: drafts.mapValues { Self.reads($0) })
    report(order.cycles, drafts)
    program.scope = scope(of: kind, program, order.names)
    programs[kind]?.tags = []
    let inCycle = Set(order.cycles.joined())
    for (index, name) in order.names.enumerated() {
      guard let draft = drafts[name], !inCycle.contains(name), let scope = program.scope else { continue }
      guard let (tag, valueKind) = define(draft, in: scope) else { continue }
      program.compiled.append(tag)
      program.scope?.bindings[name] = .tag(index, valueKind)
    }
    programs[kind] = program
  }

  private static func reads(_ draft: TagDraft) -> Set<String> {
    var names = Set(draft.expressions.flatMap { $0.syntax.names().map(\.name) })
    if case .quadrant(let x, let y, _) = draft.body { names.formUnion([x, y]) }
    return names
  }

  private mutating func report(_ cycles: [[String]], _ drafts: [String: TagDraft]) {
    for cycle in cycles {
      guard let first = cycle.first, let draft = drafts[first] else { continue }
      fault(
        at: draft.position,
        "tags in a circle",
        expected: "no tag that reads itself",
        found: cycle.joined(separator: " → ")
      )
    }
  }

  /// Tags are of unknown kind until they are defined; what reads them comes later.
  private func scope(of kind: SubjectKind, _ program: ProgramDraft, _ names: [String]) -> ExpressionScope {
    var scope = ExpressionScope(place: .subject(kind.rawValue), bindings: [:])
    for (index, metric) in program.metrics.enumerated() {
      scope.bindings[metric.name] = .metric(index, program.metricKinds[metric.name] ?? .unknown)
    }
    for (index, name) in names.enumerated() { scope.bindings[name] = .tag(index, .unknown) }
    for tag in program.tags {
      switch tag.body {
      case .score(_, let cut): scope.cuts[tag.name] = cut
      case .cases(let cases): scope.enumValues[tag.name] = Set(cases.map(\.value))
      case .quadrant(_, _, let labels):
        scope.enumValues[tag.name] = Set(labels.map(\.value) + [Quadrant.unclassified])
      default: break
      }
    }
    return scope
  }

  private mutating func define(_ draft: TagDraft, in scope: ExpressionScope) -> (TagDefinition, ValueKind)? {
    guard let (rule, kind) = tagRule(draft, in: scope) else { return nil }
    var tag = TagDefinition(
      name: draft.name,
      label: draft.label,
      category: draft.category,
      owner: draft.owner,
      description: draft.description,
      rule: rule,
      kind: Self.tagKind(kind, of: draft.body)
    )
    if case .model(let model) = draft.body {
      tag.model = model
      warn(
        at: draft.position,
        "predictive tag without its model",
        expected: "a model that this version computes",
        found: "`\(model.name.rawValue)`: `\(draft.name)` is null"
      )
    }
    return (tag, kind)
  }

  private mutating func tagRule(_ draft: TagDraft, in scope: ExpressionScope) -> (TagRule, ValueKind)? {
    switch draft.body {
    case .fact(let selectors, let kind): return (.fact(selectors), kind)
    case .rule(let expression):
      return checked(expression, scope, isOneOf: [.boolean], role: "`rule`").map { (.rule($0.formula), .boolean) }
    case .value(let expression):
      let kinds: [ValueKind] = [.decimal, .string, .boolean, .list]
      return checked(expression, scope, isOneOf: kinds, role: "`value`").map { (.value($0.formula), $0.kind) }
    case .score(let expression, let cut):
      return checked(expression, scope, isOneOf: [.decimal], role: "a score").map {
        (.score($0.formula, cut: cut), .decimal)
      }
    case .cases(let cases): return casesRule(cases, scope).map { ($0, .string) }
    case .quadrant(let x, let y, let labels): return quadrantRule(x, y, labels, scope).map { ($0, .string) }
    case .model: return (.value(.literal(.null)), .decimal)
    case .broken: return nil
    }
  }

  private mutating func checked(
    _ expression: TagDraft.Expression,
    _ scope: ExpressionScope,
    isOneOf kinds: [ValueKind],
    role: String
  ) -> ExpressionChecker.Checked? {
    check(expression.syntax, at: expression.node, scope: scope, isOneOf: kinds, role: role)
  }

  private mutating func casesRule(
    _ cases: [(condition: TagDraft.Expression?, value: String)],
    _ scope: ExpressionScope
  ) -> TagRule? {
    var compiled: [TagRule.Case] = []
    for (condition, value) in cases {
      guard let condition else {
        compiled.append(TagRule.Case(condition: .literal(.bool(true)), value: .string(value)))
        continue
      }
      guard let checked = checked(condition, scope, isOneOf: [.boolean], role: "`when`") else { continue }
      compiled.append(TagRule.Case(condition: checked.formula, value: .string(value)))
    }
    return compiled.count == cases.count ? .cases(compiled) : nil
  }

  private mutating func quadrantRule(
    _ x: String,
    _ y: String,
    _ labels: [TagDraft.Label],
    _ scope: ExpressionScope
  ) -> TagRule? {
    var compiled: [Quadrant.Label] = []
    for label in labels {
      guard let checked = checked(label.condition, scope, isOneOf: [.boolean], role: "`when`") else { continue }
      compiled.append(
        Quadrant.Label(
          value: label.value,
          label: label.label,
          condition: checked.formula,
          strategy: label.strategy
        )
      )
    }
    guard compiled.count == labels.count else { return nil }
    return .quadrant(Quadrant(x: x, y: y, labels: compiled))
  }

  /// A value of unknown kind is held as a string tag: the kind of a tag names its column, not its contents.
  private static func tagKind(_ kind: ValueKind, of body: TagDraft.Body) -> TagKind {
    switch body {
    case .cases, .quadrant: return .enum
    default: break
    }
    return switch kind {
    case .boolean: .boolean
    case .decimal: .decimal
    case .list: .list
    default: .string
    }
  }
}
