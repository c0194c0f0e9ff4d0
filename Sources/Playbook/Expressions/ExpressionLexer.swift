import EventModel

/// Splits an expression into tokens; linear in its length.
struct ExpressionLexer {
  private let scalars: [Unicode.Scalar]
  private var index = 0

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// The tokens, an `end` last.
  static func tokens(of text: String) throws(ExpressionFault) -> [ExpressionToken] {
    guard text.utf8.count <= ExpressionLimits.bytesMax else {
      throw ExpressionFault(
        offset: 0,
        what: "expression too long",
        expected: "at most \(ExpressionLimits.bytesMax) bytes",
        found: "\(text.utf8.count)"
      )
    }
    var lexer = ExpressionLexer(text)
    var tokens: [ExpressionToken] = []
    while let token = try lexer.next() { tokens.append(token) }
    tokens.append(ExpressionToken(kind: .end, offset: lexer.scalars.count, text: ""))
    return tokens
  }

  private mutating func next() throws(ExpressionFault) -> ExpressionToken? {
    while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
    guard index < scalars.count else { return nil }
    let start = index
    let kind: ExpressionToken.Kind
    switch scalars[index] {
    case "0"..."9": kind = try number()
    case "a"..."z", "A"..."Z", "_": kind = .name(word())
    case "\"": kind = .string(try string())
    default: kind = .symbol(try symbol())
    }
    return ExpressionToken(kind: kind, offset: start, text: text(from: start))
  }

  private func text(from start: Int) -> String { String(String.UnicodeScalarView(scalars[start..<index])) }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }

  private mutating func skip(while accepts: (Unicode.Scalar) -> Bool) {
    while index < scalars.count, accepts(scalars[index]) { index += 1 }
  }

  private mutating func word() -> String {
    let start = index
    skip(while: Self.isWordPart)
    return text(from: start)
  }

  // MARK: - Numbers and durations

  private mutating func number() throws(ExpressionFault) -> ExpressionToken.Kind {
    let start = index
    skip(while: Self.isDigit)
    var isFraction = false
    if index + 1 < scalars.count, scalars[index] == ".", Self.isDigit(scalars[index + 1]) {
      isFraction = true
      index += 1
      skip(while: Self.isDigit)
    }
    let digits = text(from: start)
    let unitStart = index
    skip(while: Self.isWordPart)
    guard index > unitStart else { return .number(try decimal(digits, at: start)) }
    guard !isFraction, let span = TimeSpan(playbookText: text(from: start)) else {
      throw ExpressionFault(
        offset: start,
        what: "malformed number",
        expected: "a number such as 12.5, or a duration in whole s, m, h or d such as 90s 30m 12h 7d",
        found: "`\(text(from: start))`"
      )
    }
    return .duration(span)
  }

  private func decimal(_ digits: String, at start: Int) throws(ExpressionFault) -> FixedDecimal {
    // JSON, whose reader this is, knows no leading zeros.
    let trimmed = digits.drop { $0 == "0" }
    let text = trimmed.first.map { $0 == "." ? "0" + trimmed : String(trimmed) } ?? "0"
    do throws(FixedDecimal.ParseFailure) {
      return try FixedDecimal(json: text.utf8)
    } catch {
      let expected = error == .tooManyPlaces ? "at most 6 places" : "less than 10^12"
      throw ExpressionFault(offset: start, what: "number out of range", expected: expected, found: "`\(digits)`")
    }
  }

  // MARK: - Texts and symbols

  private mutating func string() throws(ExpressionFault) -> String {
    let start = index
    var value = String.UnicodeScalarView()
    index += 1
    while index < scalars.count, scalars[index] != "\"" {
      if scalars[index] == "\\" {
        index += 1
        guard index < scalars.count, scalars[index] == "\"" || scalars[index] == "\\" else {
          throw ExpressionFault(
            offset: index - 1,
            what: "unknown escape",
            expected: #"`\"` or `\\`"#,
            found: index < scalars.count ? "`\\\(scalars[index])`" : "the end"
          )
        }
      }
      value.append(scalars[index])
      index += 1
    }
    guard index < scalars.count else {
      throw ExpressionFault(offset: start, what: "text without end", expected: "a closing `\"`", found: "the end")
    }
    index += 1
    return String(value)
  }

  private mutating func symbol() throws(ExpressionFault) -> ExpressionToken.Symbol {
    let rest = scalars[index..<min(index + 2, scalars.count)]
    for length in [2, 1] where rest.count >= length {
      let text = String(String.UnicodeScalarView(rest.prefix(length)))
      if let symbol = ExpressionToken.Symbol(rawValue: text) {
        index += length
        return symbol
      }
    }
    throw ExpressionFault(
      offset: index,
      what: "unexpected character",
      expected: "a name, a number, a text in double quotes or an operator",
      found: "`\(scalars[index])`",
      hint: Self.hint(for: scalars[index])
    )
  }

  private static func hint(for scalar: Unicode.Scalar) -> String? {
    switch scalar {
    case "=": "write `==` to compare"
    case "!": "write `not`"
    case "&": "write `and`"
    case "|": "write `or`"
    case "'", "“", "”", "‘", "’": "texts stand in straight double quotes"
    case "%": "write a share as a number: 0.3"
    case _ where scalar.value > 127: "texts stand in double quotes"
    default: nil
    }
  }
}
