import EventModel
import Playbook
import Testing

/// Random expressions as flat tokens, and their value by a shunting yard that shares nothing with the parser.
@Suite("Precedence of operators")
struct PrecedenceTests {
  @Test("agrees with an independent evaluator", arguments: [UInt64(21), 22, 23])
  func agrees(seed: UInt64) throws {
    var generator = Generator(seed: seed)
    var expressions: [[String]] = []
    for _ in 0..<250 { expressions.append(condition(&generator, depth: 2)) }
    var text = heading + "tags:\n  member:\n"
    for (index, tokens) in expressions.enumerated() {
      text += "    t\(index): {rule: '\(tokens.joined(separator: generator.chance(50) ? " " : "  "))'}\n"
    }
    let outcome = try compiled(text)
    for tag in outcome.playbook.member.tags {
      guard case .rule(let formula) = tag.rule, let index = Int(tag.name.dropFirst()) else { throw Unexpected() }
      let expected = try Yard.value(of: expressions[index]) != 0
      #expect(
        formula.evaluate(in: Fixed()) == .bool(expected),
        "seed \(seed): \(expressions[index].joined(separator: " "))"
      )
    }
  }

  @Test("a formula's text is read as what it was, but for how `and` and `or` are grouped", arguments: [UInt64(31), 32])
  func texts(seed: UInt64) throws {
    var generator = Generator(seed: seed)
    for _ in 0..<150 {
      let written = condition(&generator, depth: 3).joined(separator: " ")
      let first = try formula(written, key: "rule")
      let text = first.text(metrics: [], tags: [])
      let second = try formula(text, key: "rule")
      #expect(second.evaluate(in: Fixed()) == first.evaluate(in: Fixed()), "seed \(seed): \(written) as \(text)")
      #expect(second.text(metrics: [], tags: []) == text)
    }
  }

  @Test(
    "and so with every form of the language",
    arguments: [
      "elapsed(m) >= 7d", "floor(elapsed(m) / 36h) == 3", "not exists(m)", "coalesce(n, 1) in [1, -2.5]",
      "n between 1 and 2 * n", "min(n, 3) < max(n, 4)", "abs(-n) == round(n / 3, 2)", "n == -(-2)",
      "lower(s) == \"a \\\"b\\\" é\"", "contains(s, \"x\") or starts_with(s, \"y\")",
      "length(s) > 3 and not (n > 1 or n < 0)",
      "n - (n - 1) == 1", "n / (n / 2) == 2", "-(n + 1) < 0", "elapsed(m) < 2 * 90m",
    ]
  )
  func forms(_ written: String) throws {
    let metrics = "m: {last: order.paid}, n: {count: order.paid}, s: {last: order.paid.channel}"
    let first = try formula(written, key: "rule", metrics: metrics)
    let text = first.text(metrics: ["m", "n", "s"], tags: [])
    #expect(try formula(text, key: "rule", metrics: metrics) == first, "\(written) as \(text)")
  }

  private func condition(_ generator: inout Generator, depth: Int) -> [String] {
    var tokens: [String] = []
    for index in 0..<generator.number(1...4) {
      if index > 0 { tokens.append(generator.chance(50) ? "and" : "or") }
      if generator.chance(30) { tokens.append("not") }
      if depth > 0, generator.chance(30) {
        tokens += ["("] + condition(&generator, depth: depth - 1) + [")"]
      } else {
        let sign = ["==", "!=", "<", "<=", ">", ">="][generator.number(0...5)]
        tokens += sum(&generator, depth: depth) + [sign] + sum(&generator, depth: depth)
      }
    }
    return tokens
  }

  private func sum(_ generator: inout Generator, depth: Int) -> [String] {
    var tokens: [String] = []
    for index in 0..<generator.number(1...3) {
      if index > 0 { tokens.append(["+", "-", "*"][generator.number(0...2)]) }
      if generator.chance(20) { tokens.append("-") }
      if depth > 0, generator.chance(25) {
        tokens += ["("] + sum(&generator, depth: depth - 1) + [")"]
      } else {
        tokens.append(String(generator.number(0...9)))
      }
    }
    return tokens
  }
}

/// Dijkstra's shunting yard over whole numbers; false is 0 and true is 1.
private enum Yard {
  private static let ranks: [String: Int] = [
    "or": 1, "and": 2, "not": 3, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "neg": 7,
  ]

  static func value(of tokens: [String]) throws -> Int {
    var operands: [Int] = []
    var signs: [String] = []
    var expectsOperand = true
    for token in tokens {
      if let number = Int(token) {
        operands.append(number)
        expectsOperand = false
      } else if token == "(" {
        signs.append(token)
      } else if token == ")" {
        while let sign = signs.popLast(), sign != "(" { try apply(sign, &operands) }
        expectsOperand = false
      } else if token == "not" || (token == "-" && expectsOperand) {
        signs.append(token == "not" ? "not" : "neg")
      } else {
        while let sign = signs.last, sign != "(", ranks[sign, default: 0] >= ranks[token, default: 0] {
          signs.removeLast()
          try apply(sign, &operands)
        }
        signs.append(token)
        expectsOperand = true
      }
    }
    while let sign = signs.popLast() { try apply(sign, &operands) }
    guard operands.count == 1 else { throw Unexpected() }
    return operands[0]
  }

  private static func apply(_ sign: String, _ operands: inout [Int]) throws {
    guard let right = operands.popLast() else { throw Unexpected() }
    if sign == "not" { return operands.append(right == 0 ? 1 : 0) }
    if sign == "neg" { return operands.append(-right) }
    guard let left = operands.popLast() else { throw Unexpected() }
    switch sign {
    case "+": operands.append(left + right)
    case "-": operands.append(left - right)
    case "*": operands.append(left * right)
    case "==": operands.append(left == right ? 1 : 0)
    case "!=": operands.append(left != right ? 1 : 0)
    case "<": operands.append(left < right ? 1 : 0)
    case "<=": operands.append(left <= right ? 1 : 0)
    case ">": operands.append(left > right ? 1 : 0)
    case ">=": operands.append(left >= right ? 1 : 0)
    case "and": operands.append(left != 0 && right != 0 ? 1 : 0)
    default: operands.append(left != 0 || right != 0 ? 1 : 0)
    }
  }
}
