import EventModel

/// A parsed expression: names are not resolved yet, kinds not known.
struct ExpressionSyntax {
  indirect enum Kind {
    case literal(Value)
    case name(String)
    /// `loyalty.cut`
    case member(of: String, String)
    case negate(ExpressionSyntax)
    case arithmetic(ArithmeticOperator, ExpressionSyntax, ExpressionSyntax)
    case compare(ComparisonOperator, ExpressionSyntax, ExpressionSyntax)
    case not(ExpressionSyntax)
    /// Two or more.
    case and([ExpressionSyntax])
    case or([ExpressionSyntax])
    case isIn(ExpressionSyntax, [ExpressionSyntax])
    case between(ExpressionSyntax, low: ExpressionSyntax, high: ExpressionSyntax)
    case call(String, [ExpressionSyntax])
  }

  var kind: Kind
  /// Offset of what a fault points at: the operator of an operation, else the first character.
  var offset: Int
  /// Offset of the first character.
  var start: Int
  /// As written, for faults.
  var text: String
  /// Operations inside each other.
  var depth: Int

  /// Names that are read, each with the offset where it first stands.
  func names() -> [(name: String, offset: Int)] {
    var seen: Set<String> = []
    var found: [(name: String, offset: Int)] = []
    visit { syntax in
      if case .name(let name) = syntax.kind, seen.insert(name).inserted { found.append((name, syntax.start)) }
    }
    return found
  }

  private func visit(_ body: (ExpressionSyntax) -> Void) {
    body(self)
    for operand in operands { operand.visit(body) }
  }

  var operands: [ExpressionSyntax] {
    switch kind {
    case .literal, .name, .member: []
    case .negate(let operand), .not(let operand): [operand]
    case .arithmetic(_, let left, let right), .compare(_, let left, let right): [left, right]
    case .and(let operands), .or(let operands), .call(_, let operands): operands
    case .isIn(let operand, let items): [operand] + items
    case .between(let operand, let low, let high): [operand, low, high]
    }
  }
}
