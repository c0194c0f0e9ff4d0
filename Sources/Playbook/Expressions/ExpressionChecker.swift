import EventModel

/// Resolves the names of a parsed expression, checks its kinds, and gives the formula.
struct ExpressionChecker {
  let scope: ExpressionScope
  /// Expressions that can be computed but cannot mean what they say.
  private(set) var warnings: [ExpressionFault] = []

  struct Checked {
    var formula: Formula
    var kind: ValueKind
  }

  init(scope: ExpressionScope) { self.scope = scope }

  /// The formula of a boolean expression.
  mutating func condition(_ syntax: ExpressionSyntax) throws(ExpressionFault) -> Formula {
    try check(syntax, isOneOf: [.boolean], role: "a condition").formula
  }

  mutating func check(_ syntax: ExpressionSyntax) throws(ExpressionFault) -> Checked {
    switch syntax.kind {
    case .literal(let value): Checked(formula: .literal(value), kind: Self.kind(of: value))
    case .name(let name): try resolve(name, at: syntax)
    case .member(let name, let part): try member(name, part, at: syntax)
    case .negate(let operand): try negate(operand)
    case .arithmetic(let sign, let left, let right): try arithmetic(sign, left, right, at: syntax)
    case .compare(let sign, let left, let right): try compare(sign, left, right, at: syntax)
    case .not(let operand):
      Checked(formula: .not(try check(operand, isOneOf: [.boolean], role: "`not`").formula), kind: .boolean)
    case .and(let operands): try junction(operands, role: "`and`", Formula.and)
    case .or(let operands): try junction(operands, role: "`or`", Formula.or)
    case .isIn(let operand, let items): try isIn(operand, items)
    case .between(let operand, let low, let high): try between(operand, low, high)
    case .call(let name, let arguments): try call(name, arguments, at: syntax)
    }
  }

  /// Checks an operand whose kind must be one of `kinds`, or unknown before run time.
  mutating func check(
    _ syntax: ExpressionSyntax,
    isOneOf kinds: [ValueKind],
    role: String
  ) throws(ExpressionFault) -> Checked {
    let checked = try check(syntax)
    guard checked.kind == .unknown || kinds.contains(checked.kind) else {
      throw mismatch(at: syntax, expected: "\(Self.list(kinds)) for \(role)", found: checked.kind)
    }
    return checked
  }

  // MARK: - Names

  private func resolve(_ name: String, at syntax: ExpressionSyntax) throws(ExpressionFault) -> Checked {
    switch scope.bindings[name] {
    case .metric(let index, let kind): return Checked(formula: .metric(index), kind: kind)
    case .tag(let index, let kind): return Checked(formula: .tag(index), kind: kind)
    case .field(let kind): return Checked(formula: .field(name), kind: kind)
    case nil:
      if scope.admitsUnknownFields { return Checked(formula: .field(name), kind: .unknown) }
      throw unknown(name, at: syntax)
    }
  }

  private func unknown(_ name: String, at syntax: ExpressionSyntax) -> ExpressionFault {
    var hint = NearestName.hint(for: name, among: scope.bindings.keys)
    if hint == nil, Self.functions.contains(name) { hint = "`\(name)` is a function: write `\(name)(…)`" }
    return ExpressionFault(
      offset: syntax.start,
      what: "unknown name",
      expected: scope.expectation,
      found: "`\(name)`",
      hint: hint
    )
  }

  private func member(
    _ name: String,
    _ part: String,
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    if part == "cut", let cut = scope.cuts[name] { return Checked(formula: .literal(.number(cut)), kind: .decimal) }
    throw ExpressionFault(
      offset: syntax.start,
      what: "unknown name",
      expected: scope.isEvent ? "\(scope.expectation), by its name alone" : "`.cut` of a score that has one",
      found: "`\(name).\(part)`",
      hint: NearestName.hint(for: name, among: scope.cuts.keys).map { $0.replacing("`?", with: ".cut`?") }
    )
  }

  // MARK: - Operators

  private mutating func negate(_ operand: ExpressionSyntax) throws(ExpressionFault) -> Checked {
    let checked = try check(operand, isOneOf: [.decimal, .duration], role: "`-`")
    return Checked(formula: .negate(checked.formula), kind: checked.kind)
  }

  private mutating func arithmetic(
    _ sign: ArithmeticOperator,
    _ left: ExpressionSyntax,
    _ right: ExpressionSyntax,
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    let role = "`\(sign.rawValue)`"
    let first = try check(left, isOneOf: [.decimal, .duration], role: role)
    let second = try check(right, isOneOf: [.decimal, .duration], role: role)
    let kind: ValueKind
    switch (first.kind, second.kind, sign) {
    case (.duration, .duration, .divide):
      throw ExpressionFault(
        offset: syntax.offset,
        what: "kinds do not match",
        expected: "durations divided only as `floor(elapsed(x) / 1d)`",
        found: "`\(syntax.text)`"
      )
    case (.decimal, .decimal, _): kind = .decimal
    case (.duration, .duration, .add), (.duration, .duration, .subtract): kind = .duration
    case (.duration, .decimal, .multiply), (.decimal, .duration, .multiply): kind = .duration
    case (.unknown, _, _), (_, .unknown, _): kind = .unknown
    default:
      throw ExpressionFault(
        offset: syntax.offset,
        what: "kinds do not match",
        expected: "decimals, duration ± duration, or duration * decimal",
        found: "\(Self.noun(first.kind)) \(sign.rawValue) \(Self.noun(second.kind))"
      )
    }
    return Checked(formula: .arithmetic(sign, first.formula, second.formula), kind: kind)
  }

  private mutating func compare(
    _ sign: ComparisonOperator,
    _ left: ExpressionSyntax,
    _ right: ExpressionSyntax,
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    if let time = Self.elapsedArgument(left) { return try elapsed(time, sign, right) }
    if let time = Self.elapsedArgument(right) { return try elapsed(time, sign.mirrored, left) }
    let first = try check(left)
    let second = try check(right)
    try requireComparable(first, left, ordered: !sign.isEquality)
    try requireComparable(second, right, ordered: !sign.isEquality)
    try requireSameKind(first, second, at: right)
    for (operand, other) in [(left, right), (right, left)] {
      if case .literal(.null) = operand.kind { warnAboutNull(at: operand) }
      if sign.isEquality { warnAboutValue(other, of: operand) }
    }
    return Checked(formula: .compare(sign, first.formula, second.formula), kind: .boolean)
  }

  private mutating func warnAboutNull(at syntax: ExpressionSyntax) {
    warnings.append(
      ExpressionFault(
        offset: syntax.start,
        what: "comparison with null",
        expected: "`exists(x)` or `not exists(x)`",
        found: "a comparison that never holds"
      )
    )
  }

  /// An enum tag compared with a text that it never has.
  private mutating func warnAboutValue(_ literal: ExpressionSyntax, of operand: ExpressionSyntax) {
    guard case .name(let name) = operand.kind, let values = scope.enumValues[name],
      case .literal(.string(let text)) = literal.kind, !values.contains(text)
    else { return }
    warnings.append(
      ExpressionFault(
        offset: literal.start,
        what: "value that `\(name)` never has",
        expected: values.sorted().joined(separator: ", "),
        found: "`\(text)`",
        hint: NearestName.hint(for: text, among: values)
      )
    )
  }

  private func requireComparable(
    _ checked: Checked,
    _ syntax: ExpressionSyntax,
    ordered: Bool
  ) throws(ExpressionFault) {
    switch checked.kind {
    case .time:
      throw mismatch(
        at: syntax,
        expected: "a time only in `elapsed` and `exists`",
        found: .time,
        hint: "write `elapsed(\(syntax.text)) > 14d`"
      )
    case .list:
      throw mismatch(
        at: syntax,
        expected: "a single value",
        found: .list,
        hint: "write `contains(\(syntax.text), …)`"
      )
    case .boolean where ordered:
      throw mismatch(at: syntax, expected: "a decimal, a text or a duration to order", found: .boolean)
    default: break
    }
  }

  private func requireSameKind(
    _ first: Checked,
    _ second: Checked,
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) {
    guard first.kind != .unknown, second.kind != .unknown, first.kind != second.kind else { return }
    throw mismatch(at: syntax, expected: "\(Self.noun(first.kind)) to compare with", found: second.kind)
  }

  /// A balanced tree: deep chains stay shallow. `and` and `or` take null as false, so the grouping changes nothing.
  private mutating func junction(
    _ operands: [ExpressionSyntax],
    role: String,
    _ join: (Formula, Formula) -> Formula
  ) throws(ExpressionFault) -> Checked {
    var level: [Formula] = []
    for operand in operands { level.append(try check(operand, isOneOf: [.boolean], role: role).formula) }
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { index in
        index + 1 < level.count ? join(level[index], level[index + 1]) : level[index]
      }
    }
    return Checked(formula: level[0], kind: .boolean)
  }

  private mutating func isIn(
    _ operand: ExpressionSyntax,
    _ items: [ExpressionSyntax]
  ) throws(ExpressionFault) -> Checked {
    let checked = try check(operand)
    try requireComparable(checked, operand, ordered: false)
    var values: [Value] = []
    var kind = checked.kind
    for item in items {
      guard case .literal(let value) = item.kind, value != .null else {
        throw ExpressionFault(
          offset: item.start,
          what: "malformed expression",
          expected: "written values in `[..]`",
          found: "`\(item.text)`"
        )
      }
      let itemKind = Self.kind(of: value)
      guard kind == .unknown || kind == itemKind else {
        throw mismatch(at: item, expected: "\(Self.noun(kind)) in the list", found: itemKind)
      }
      kind = itemKind
      values.append(value)
      warnAboutValue(item, of: operand)
    }
    return Checked(formula: .isIn(checked.formula, values), kind: .boolean)
  }

  private mutating func between(
    _ operand: ExpressionSyntax,
    _ low: ExpressionSyntax,
    _ high: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    if let time = Self.elapsedArgument(operand) {
      let from = try elapsed(time, .greaterOrEqual, low).formula
      return Checked(formula: .and(from, try elapsed(time, .lessOrEqual, high).formula), kind: .boolean)
    }
    let parts = [operand, low, high]
    var checked: [Checked] = []
    for part in parts {
      checked.append(try check(part))
      try requireComparable(checked[checked.count - 1], part, ordered: true)
    }
    try requireSameKind(checked[0], checked[1], at: low)
    try requireSameKind(checked[0], checked[2], at: high)
    try requireSameKind(checked[1], checked[2], at: high)
    return Checked(
      formula: .between(checked[0].formula, checked[1].formula, checked[2].formula),
      kind: .boolean
    )
  }
}

extension ComparisonOperator {
  /// The operator with its sides exchanged.
  fileprivate var mirrored: ComparisonOperator {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }

  fileprivate var isEquality: Bool { self == .equal || self == .notEqual }
}
