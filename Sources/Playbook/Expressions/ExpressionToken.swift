import EventModel

/// One token of an expression.
struct ExpressionToken {
  enum Kind: Equatable {
    case number(FixedDecimal)
    case duration(TimeSpan)
    case string(String)
    /// Also the words `and or not in between true false null`, which the parser takes by their text.
    case name(String)
    case symbol(Symbol)
    case end
  }

  enum Symbol: String, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case comma = ","
    case dot = "."
  }

  var kind: Kind
  /// Offset of the first scalar value.
  var offset: Int
  /// As written; empty at the end.
  var text: String

  /// How a fault names the token.
  var summary: String { kind == .end ? "the end" : "`\(text)`" }

  /// Words that cannot name a definition.
  static let reservedWords: Set<String> = ["and", "or", "not", "in", "between", "true", "false", "null"]
}
