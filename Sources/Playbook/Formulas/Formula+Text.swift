import EventModel

extension Formula {
  /// The expression as an operator writes it, with the names of the program's metrics and tags. Parentheses stand only
  /// where the language needs them; a score's cut stands as its number.
  package func text(metrics: [String], tags: [String]) -> String {
    FormulaPrinter(metrics: metrics, tags: tags).text(self, within: .whole)
  }
}

/// How tightly an operator binds; loosest first, as `ExpressionParser` reads them.
private enum Binding: Int {
  case whole, or, and, not, comparison, sum, product, sign, primary
}

private struct FormulaPrinter {
  let metrics: [String]
  let tags: [String]

  /// The formula, in parentheses where it binds less than its place asks for.
  func text(_ formula: Formula, within place: Binding) -> String {
    let (text, binding) = written(formula)
    return binding.rawValue < place.rawValue ? "(\(text))" : text
  }

  private func written(_ formula: Formula) -> (String, Binding) {
    switch formula {
    case .literal(let value): (literal(value), isNegative(value) ? .sign : .primary)
    case .metric(let index): (index < metrics.count ? metrics[index] : "?", .primary)
    case .tag(let index): (index >= 0 && index < tags.count ? tags[index] : "?", .primary)
    case .field(let name): (name, .primary)
    case .negate(let operand): ("-\(text(operand, within: .primary))", .sign)
    case .arithmetic(let sign, let left, let right): arithmetic(sign, left, right)
    case .compare(let sign, let left, let right): (joined(left, sign.rawValue, right, .sum, .sum), .comparison)
    case .elapsed(let sign, let time, let span):
      ("elapsed(\(text(time, within: .whole))) \(sign.rawValue) \(text(span, within: .sum))", .comparison)
    case .elapsedUnits(let time, let unit):
      ("floor(elapsed(\(text(time, within: .whole))) / \(unit.playbookText))", .primary)
    case .not(let operand): ("not \(text(operand, within: .not))", .not)
    // However they were grouped, they say the same.
    case .and(let left, let right): (joined(left, "and", right, .and, .and), .and)
    case .or(let left, let right): (joined(left, "or", right, .or, .or), .or)
    case .isIn(let operand, let values):
      ("\(text(operand, within: .sum)) in [\(values.map(literal).joined(separator: ", "))]", .comparison)
    case .between(let operand, let low, let high):
      (
        "\(text(operand, within: .sum)) between \(text(low, within: .sum)) and \(text(high, within: .sum))",
        .comparison
      )
    case .exists(let operand): call("exists", [operand])
    case .coalesce(let operands): call("coalesce", operands)
    case .least(let operands): call("min", operands)
    case .greatest(let operands): call("max", operands)
    case .absolute(let operand): call("abs", [operand])
    case .round(let operand, let places): ("round(\(text(operand, within: .whole)), \(places))", .primary)
    case .lower(let operand): call("lower", [operand])
    case .contains(let whole, let part): call("contains", [whole, part])
    case .startsWith(let whole, let part): call("starts_with", [whole, part])
    case .length(let operand): call("length", [operand])
    }
  }

  private func call(_ name: String, _ operands: [Formula]) -> (String, Binding) {
    ("\(name)(\(operands.map { text($0, within: .whole) }.joined(separator: ", ")))", .primary)
  }

  private func joined(
    _ left: Formula,
    _ word: String,
    _ right: Formula,
    _ leftPlace: Binding,
    _ rightPlace: Binding
  ) -> String {
    "\(text(left, within: leftPlace)) \(word) \(text(right, within: rightPlace))"
  }

  private func arithmetic(_ sign: ArithmeticOperator, _ left: Formula, _ right: Formula) -> (String, Binding) {
    switch sign {
    case .add, .subtract: (joined(left, sign.rawValue, right, .sum, .product), .sum)
    case .multiply, .divide: (joined(left, sign.rawValue, right, .product, .sign), .product)
    }
  }

  private func isNegative(_ value: Value) -> Bool {
    switch value {
    case .number(let number): number < .zero
    case .span(let span): span.milliseconds < 0
    default: false
    }
  }

  private func literal(_ value: Value) -> String {
    switch value {
    case .span(let span): span.milliseconds < 0 ? "-\(span.negated.playbookText)" : span.playbookText
    default: String(decoding: value.canonicalJSON, as: UTF8.self)
    }
  }
}

extension TimeSpan {
  fileprivate var negated: TimeSpan { TimeSpan(milliseconds: -milliseconds) }
}
