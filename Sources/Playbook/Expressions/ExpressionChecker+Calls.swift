import EventModel

extension ExpressionChecker {
  /// Every function of the language.
  static let functions: Set<String> = [
    "elapsed", "exists", "coalesce", "min", "max", "abs", "round", "floor", "lower", "contains", "starts_with",
    "length",
  ]

  mutating func call(
    _ name: String,
    _ arguments: [ExpressionSyntax],
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    switch name {
    case "elapsed": throw misplacedElapsed(syntax)
    case "floor": return try floor(arguments, at: syntax)
    case "exists":
      try require(1...1, arguments, "exists(x)", at: syntax)
      return Checked(formula: .exists(try check(arguments[0]).formula), kind: .boolean)
    case "coalesce":
      let (formulas, kind) = try alike(arguments, form: "coalesce(a, b)", at: syntax)
      return Checked(formula: .coalesce(formulas), kind: kind)
    case "min", "max":
      let (formulas, kind) = try alike(
        arguments,
        isOneOf: [.decimal, .duration, .time],
        form: "\(name)(a, b)",
        at: syntax
      )
      return Checked(formula: name == "min" ? .least(formulas) : .greatest(formulas), kind: kind)
    case "abs":
      try require(1...1, arguments, "abs(x)", at: syntax)
      let operand = try check(arguments[0], isOneOf: [.decimal, .duration], role: "`abs`")
      return Checked(formula: .absolute(operand.formula), kind: operand.kind)
    case "round": return try round(arguments, at: syntax)
    case "lower", "contains", "starts_with", "length": return try textual(name, arguments, at: syntax)
    default:
      throw ExpressionFault(
        offset: syntax.start,
        what: "unknown function",
        expected: Self.functions.sorted().joined(separator: ", "),
        found: "`\(name)`",
        hint: NearestName.hint(for: name, among: Self.functions)
      )
    }
  }

  private func require(
    _ count: ClosedRange<Int>,
    _ arguments: [ExpressionSyntax],
    _ form: String,
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) {
    guard !count.contains(arguments.count) else { return }
    throw ExpressionFault(
      offset: syntax.start,
      what: "wrong number of arguments",
      expected: "`\(form)`",
      found: arguments.count == 1 ? "1 argument" : "\(arguments.count) arguments"
    )
  }

  /// Two or more operands of one kind.
  private mutating func alike(
    _ arguments: [ExpressionSyntax],
    isOneOf kinds: [ValueKind]? = nil,
    form: String,
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> (formulas: [Formula], kind: ValueKind) {
    try require(2...Int.max, arguments, form, at: syntax)
    var formulas: [Formula] = []
    var kind = ValueKind.unknown
    for argument in arguments {
      let checked =
        if let kinds { try check(argument, isOneOf: kinds, role: "`\(form)`") } else { try check(argument) }
      if checked.kind != .unknown {
        guard kind == .unknown || kind == checked.kind else {
          throw mismatch(at: argument, expected: "\(Self.noun(kind)) like the first", found: checked.kind)
        }
        kind = checked.kind
      }
      formulas.append(checked.formula)
    }
    return (formulas, kind)
  }

  private mutating func round(
    _ arguments: [ExpressionSyntax],
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    try require(2...2, arguments, "round(x, places)", at: syntax)
    let operand = try check(arguments[0], isOneOf: [.decimal], role: "`round`")
    guard case .literal(.number(let places)) = arguments[1].kind, places.millionths % FixedDecimal.scale == 0,
      (0...6).contains(places.millionths / FixedDecimal.scale)
    else {
      throw ExpressionFault(
        offset: arguments[1].start,
        what: "wrong argument",
        expected: "places written as a whole number, 0 to 6",
        found: "`\(arguments[1].text)`"
      )
    }
    return Checked(
      formula: .round(operand.formula, places: Int(places.millionths / FixedDecimal.scale)),
      kind: .decimal
    )
  }

  private mutating func textual(
    _ name: String,
    _ arguments: [ExpressionSyntax],
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    let role = "`\(name)`"
    switch name {
    case "lower":
      try require(1...1, arguments, "lower(text)", at: syntax)
      return Checked(formula: .lower(try check(arguments[0], isOneOf: [.string], role: role).formula), kind: .string)
    case "length":
      try require(1...1, arguments, "length(text)", at: syntax)
      let operand = try check(arguments[0], isOneOf: [.string, .list], role: role)
      return Checked(formula: .length(operand.formula), kind: .decimal)
    case "starts_with":
      try require(2...2, arguments, "starts_with(text, beginning)", at: syntax)
      let whole = try check(arguments[0], isOneOf: [.string], role: role)
      let part = try check(arguments[1], isOneOf: [.string], role: role)
      return Checked(formula: .startsWith(whole.formula, part.formula), kind: .boolean)
    default:
      try require(2...2, arguments, "contains(text, part)", at: syntax)
      let whole = try check(arguments[0], isOneOf: [.string, .list], role: role)
      let kinds: [ValueKind] = whole.kind == .string ? [.string] : [.string, .decimal, .boolean]
      let part = try check(arguments[1], isOneOf: kinds, role: role)
      return Checked(formula: .contains(whole.formula, part.formula), kind: .boolean)
    }
  }

  // MARK: - Elapsed time

  /// The argument of a call of `elapsed` with one argument.
  static func elapsedArgument(_ syntax: ExpressionSyntax) -> ExpressionSyntax? {
    guard case .call("elapsed", let arguments) = syntax.kind, arguments.count == 1 else { return nil }
    return arguments[0]
  }

  private func misplacedElapsed(_ syntax: ExpressionSyntax) -> ExpressionFault {
    ExpressionFault(
      offset: syntax.start,
      what: "elapsed time whose next change cannot be computed",
      expected: "`elapsed(x)` compared with a duration free of the clock, or `floor(elapsed(x) / 1d)`",
      found: "`\(syntax.text)` elsewhere"
    )
  }

  /// `elapsed(time) sign span`.
  mutating func elapsed(
    _ time: ExpressionSyntax,
    _ sign: ComparisonOperator,
    _ span: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    let moment = try momentFormula(time)
    let length = try check(span, isOneOf: [.duration], role: "a comparison with `elapsed`")
    try requireClockFree(length.formula, span)
    return Checked(formula: .elapsed(sign, time: moment, span: length.formula), kind: .boolean)
  }

  private mutating func momentFormula(_ time: ExpressionSyntax) throws(ExpressionFault) -> Formula {
    guard !scope.isEvent else {
      throw ExpressionFault(
        offset: time.start,
        what: "elapsed time in `where`",
        expected: "a condition on one event's fields",
        found: "`elapsed(\(time.text))`",
        hint: "`where` has no clock: give the metric a `window`"
      )
    }
    let moment = try check(time, isOneOf: [.time], role: "`elapsed`")
    try requireClockFree(moment.formula, time)
    return moment.formula
  }

  private func requireClockFree(_ formula: Formula, _ syntax: ExpressionSyntax) throws(ExpressionFault) {
    guard !formula.isClockFree else { return }
    throw ExpressionFault(
      offset: syntax.start,
      what: "elapsed time whose next change cannot be computed",
      expected: "`elapsed(x)` compared with a duration free of the clock",
      found: "`\(syntax.text)`"
    )
  }

  private mutating func floor(
    _ arguments: [ExpressionSyntax],
    at syntax: ExpressionSyntax
  ) throws(ExpressionFault) -> Checked {
    guard arguments.count == 1, case .arithmetic(.divide, let left, let right) = arguments[0].kind,
      let time = Self.elapsedArgument(left)
    else {
      throw ExpressionFault(
        offset: syntax.start,
        what: "malformed expression",
        expected: "`floor(elapsed(x) / 1d)`",
        found: "`\(syntax.text)`",
        hint: "use `round(x, 0)` for numbers"
      )
    }
    let moment = try momentFormula(time)
    guard case .literal(.span(let unit)) = right.kind, unit >= ExpressionLimits.elapsedUnitMin else {
      throw ExpressionFault(
        offset: right.start,
        what: "wrong unit of elapsed time",
        expected: "a written duration of at least \(ExpressionLimits.elapsedUnitMin.playbookText)",
        found: "`\(right.text)`"
      )
    }
    return Checked(formula: .elapsedUnits(time: moment, unit: unit), kind: .decimal)
  }

  // MARK: - Kinds in words

  static func kind(of value: Value) -> ValueKind {
    switch value {
    case .bool: .boolean
    case .number: .decimal
    case .string: .string
    case .time: .time
    case .span: .duration
    case .list: .list
    case .null, .object: .unknown
    }
  }

  /// `a decimal`
  static func noun(_ kind: ValueKind) -> String {
    switch kind {
    case .boolean: "a boolean"
    case .decimal: "a decimal"
    case .string: "a text"
    case .time: "a time"
    case .duration: "a duration"
    case .list: "a list"
    case .unknown: "a value of unknown kind"
    }
  }

  static func list(_ kinds: [ValueKind]) -> String {
    let nouns = kinds.map(noun)
    guard nouns.count > 1, let last = nouns.last else { return nouns.first ?? "nothing" }
    return nouns.dropLast().joined(separator: ", ") + " or " + last
  }

  func mismatch(
    at syntax: ExpressionSyntax,
    expected: String,
    found: ValueKind,
    hint: String? = nil
  ) -> ExpressionFault {
    ExpressionFault(
      offset: syntax.start,
      what: "kinds do not match",
      expected: expected,
      found: "\(Self.noun(found)), `\(syntax.text)`",
      hint: hint
    )
  }
}
