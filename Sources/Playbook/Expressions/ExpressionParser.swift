import EventModel

/// Recursive descent over the tokens of one expression. Loosest first: `or`, `and`, `not`, comparisons (not chained),
/// `+ -`, `* /`, sign, parentheses and calls.
struct ExpressionParser {
  private let scalars: [Unicode.Scalar]
  private let tokens: [ExpressionToken]
  private var index = 0
  private var nesting = 0
  /// Offset after the last token taken.
  private var taken = 0

  private init(_ text: String) throws(ExpressionFault) {
    scalars = Array(text.unicodeScalars)
    tokens = try ExpressionLexer.tokens(of: text)
  }

  static func parse(_ text: String) throws(ExpressionFault) -> ExpressionSyntax {
    var parser = try ExpressionParser(text)
    let syntax = try parser.disjunction()
    guard parser.current.kind == .end else { throw parser.unexpected("an operator or the end") }
    return syntax
  }

  // MARK: - Tokens

  private var current: ExpressionToken { tokens[index] }

  @discardableResult
  private mutating func take() -> ExpressionToken {
    let token = tokens[index]
    taken = token.offset + token.text.unicodeScalars.count
    if index + 1 < tokens.count { index += 1 }
    return token
  }

  private mutating func takes(_ symbol: ExpressionToken.Symbol) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    take()
    return true
  }

  private func isWord(_ word: String) -> Bool { current.kind == .name(word) }

  private mutating func expect(_ symbol: ExpressionToken.Symbol) throws(ExpressionFault) {
    guard takes(symbol) else { throw unexpected("`\(symbol.rawValue)`") }
  }

  private func unexpected(_ expected: String) -> ExpressionFault {
    var hint: String?
    if isWord("not"), tokens[min(index + 1, tokens.count - 1)].kind == .name("in") { hint = "write `not (x in [..])`" }
    if current.kind == .end, index == 0 { hint = nil }
    return ExpressionFault(
      offset: current.offset,
      what: "malformed expression",
      expected: expected,
      found: current.summary,
      hint: hint
    )
  }

  private func made(_ kind: ExpressionSyntax.Kind, start: Int, at offset: Int? = nil) throws(ExpressionFault)
    -> ExpressionSyntax
  {
    let text = String(String.UnicodeScalarView(scalars[start..<max(start, taken)]))
    var syntax = ExpressionSyntax(kind: kind, offset: offset ?? start, start: start, text: text, depth: 1)
    syntax.depth = 1 + (syntax.operands.map(\.depth).max() ?? 0)
    guard syntax.depth <= ExpressionLimits.depthMax else {
      throw ExpressionFault(
        offset: syntax.offset,
        what: "expression too deep",
        expected: "at most \(ExpressionLimits.depthMax) operations inside each other",
        found: "more"
      )
    }
    return syntax
  }

  private mutating func nested(
    _ body: (inout ExpressionParser) throws(ExpressionFault) -> ExpressionSyntax
  ) throws(ExpressionFault) -> ExpressionSyntax {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= ExpressionLimits.nestingMax else {
      throw ExpressionFault(
        offset: current.offset,
        what: "expression too deep",
        expected: "at most \(ExpressionLimits.nestingMax) levels",
        found: "more"
      )
    }
    return try body(&self)
  }

  // MARK: - Grammar

  private mutating func disjunction() throws(ExpressionFault) -> ExpressionSyntax {
    let start = current.offset
    var operands = [try conjunction()]
    while isWord("or") {
      take()
      operands.append(try conjunction())
    }
    return operands.count == 1 ? operands[0] : try made(.or(operands), start: start)
  }

  private mutating func conjunction() throws(ExpressionFault) -> ExpressionSyntax {
    let start = current.offset
    var operands = [try negation()]
    while isWord("and") {
      take()
      operands.append(try negation())
    }
    return operands.count == 1 ? operands[0] : try made(.and(operands), start: start)
  }

  private mutating func negation() throws(ExpressionFault) -> ExpressionSyntax {
    guard isWord("not") else { return try comparison() }
    let start = current.offset
    return try nested { parser throws(ExpressionFault) in
      parser.take()
      let operand = try parser.negation()
      return try parser.made(.not(operand), start: start)
    }
  }

  private mutating func comparison() throws(ExpressionFault) -> ExpressionSyntax {
    let start = current.offset
    let left = try sum()
    let offset = current.offset
    let result: ExpressionSyntax
    if isWord("in") {
      take()
      result = try made(.isIn(left, try list()), start: start, at: offset)
    } else if isWord("between") {
      take()
      let low = try sum()
      guard isWord("and") else { throw unexpected("`and` and the upper end of `between`") }
      take()
      result = try made(.between(left, low: low, high: try sum()), start: start, at: offset)
    } else if let sign = comparisonOperator {
      take()
      result = try made(.compare(sign, left, try sum()), start: start, at: offset)
    } else {
      return left
    }
    if comparisonOperator != nil || isWord("in") || isWord("between") {
      throw ExpressionFault(
        offset: current.offset,
        what: "chained comparison",
        expected: "one comparison, joined to the next by `and`",
        found: current.summary,
        hint: "write `a < b and b < c`"
      )
    }
    return result
  }

  private var comparisonOperator: ComparisonOperator? {
    guard case .symbol(let symbol) = current.kind else { return nil }
    return ComparisonOperator(rawValue: symbol.rawValue)
  }

  private mutating func list() throws(ExpressionFault) -> [ExpressionSyntax] {
    try expect(.openBracket)
    var items: [ExpressionSyntax] = []
    repeat {
      items.append(try sign())
    } while takes(.comma)
    guard takes(.closeBracket) else { throw unexpected("`,` or `]`") }
    return items
  }

  private mutating func sum() throws(ExpressionFault) -> ExpressionSyntax {
    let start = current.offset
    var left = try product()
    while current.kind == .symbol(.plus) || current.kind == .symbol(.minus) {
      let token = take()
      let right = try product()
      left = try made(
        .arithmetic(token.kind == .symbol(.plus) ? .add : .subtract, left, right),
        start: start,
        at: token.offset
      )
    }
    return left
  }

  private mutating func product() throws(ExpressionFault) -> ExpressionSyntax {
    let start = current.offset
    var left = try sign()
    while current.kind == .symbol(.times) || current.kind == .symbol(.divide) {
      let token = take()
      let right = try sign()
      left = try made(
        .arithmetic(token.kind == .symbol(.times) ? .multiply : .divide, left, right),
        start: start,
        at: token.offset
      )
    }
    return left
  }

  private mutating func sign() throws(ExpressionFault) -> ExpressionSyntax {
    guard current.kind == .symbol(.minus) else { return try primary() }
    let start = current.offset
    return try nested { parser throws(ExpressionFault) in
      parser.take()
      let operand = try parser.sign()
      if case .literal(.number(let number)) = operand.kind {
        return try parser.made(.literal(.number(number.negated)), start: start)
      }
      return try parser.made(.negate(operand), start: start)
    }
  }

  private mutating func primary() throws(ExpressionFault) -> ExpressionSyntax {
    let token = current
    switch token.kind {
    case .number(let number): return try literal(.number(number))
    case .duration(let span): return try literal(.span(span))
    case .string(let text): return try literal(.string(text))
    case .name("true"): return try literal(.bool(true))
    case .name("false"): return try literal(.bool(false))
    case .name("null"): return try literal(.null)
    case .name(let name) where !ExpressionToken.reservedWords.contains(name): return try named(name)
    case .symbol(.openParenthesis):
      return try nested { parser throws(ExpressionFault) in
        parser.take()
        var inner = try parser.disjunction()
        try parser.expect(.closeParenthesis)
        inner.start = token.offset
        return inner
      }
    default: throw unexpected("a value: a name, a number, a text, a duration, `(` or `not`")
    }
  }

  private mutating func literal(_ value: Value) throws(ExpressionFault) -> ExpressionSyntax {
    let start = take().offset
    return try made(.literal(value), start: start)
  }

  private mutating func named(_ name: String) throws(ExpressionFault) -> ExpressionSyntax {
    let start = take().offset
    if current.kind == .symbol(.openParenthesis) {
      return try nested { parser throws(ExpressionFault) in
        parser.take()
        let arguments = try parser.arguments()
        return try parser.made(.call(name, arguments), start: start)
      }
    }
    guard takes(.dot) else { return try made(.name(name), start: start) }
    guard case .name(let part) = current.kind else { throw unexpected("a name after `.`") }
    take()
    return try made(.member(of: name, part), start: start)
  }

  private mutating func arguments() throws(ExpressionFault) -> [ExpressionSyntax] {
    if takes(.closeParenthesis) { return [] }
    var arguments: [ExpressionSyntax] = []
    repeat {
      arguments.append(try disjunction())
    } while takes(.comma)
    guard takes(.closeParenthesis) else { throw unexpected("`,` or `)`") }
    return arguments
  }
}
