import Playbook
import Testing

@Suite("Places inside scalars")
struct LocationTests {
  private static let styles = ["plain", "lines", "single", "double", "continued", "literal", "folded"]

  /// Random words with one unknown name `zzz`, laid out in every way that YAML has for a scalar.
  @Test("are those of the raw text, whatever the quotes, escapes and lines", arguments: styles)
  func places(style: String) {
    for seed in UInt64(41)...100 {
      var generator = Generator(seed: seed)
      let before = (0..<generator.number(0...4)).map { _ in word(&generator) + " and" }
      let after = (0..<generator.number(0...3)).map { _ in "and " + word(&generator) }
      let words = ["true and"] + before + ["zzz"] + after
      let lineBreak = generator.chance(30) ? "\r\n" : "\n"
      let text =
        (heading + "tags:\n  member:\n    标: {}\n    a:\n      label: 多语言\n      rule: "
        + laidOut(words, style, &generator) + "\n    b: {rule: true}\n").replacing("\n", with: lineBreak)
      #expect(
        faults(text).filter { $0.contains("zzz") }.map { String($0.split(separator: ": ")[1]) }
          == ["unknown name at \(place(of: "zzz", in: text))"],
        "seed \(seed): \(text)"
      )
    }
  }

  private func word(_ generator: inout Generator) -> String {
    ["1 < 2", "\"it's\" == \"中\"", "\"a\\\\b\" != \"\"", "(true)", "not false"][generator.number(0...4)]
  }

  private func laidOut(_ words: [String], _ style: String, _ generator: inout Generator) -> String {
    func joined(_ between: [String]) -> String {
      words.dropFirst().reduce(words[0]) { $0 + between[generator.number(0...(between.count - 1))] + $1 }
    }
    func escaped(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("中", with: "\\u4e2d")
    }
    let fold = [" ", "  ", "\n        ", " \n          ", "\n\n        "]
    switch style {
    case "plain": return joined([" "])
    case "lines": return joined(fold).replacing("\"\"", with: "\"x\"")
    case "single": return "'" + joined(fold).replacing("'", with: "''") + "'"
    case "double":
      return "\"" + words.map(escaped).joined(separator: fold[generator.number(0...(fold.count - 1))]) + "\""
    case "continued": return "\"" + escaped(joined([" \u{1}"])).replacing("\u{1}", with: "\\\n          ") + "\""
    case "literal": return "|\n        " + joined([" ", "\n        ", "\n           "])
    default: return ">\n        " + joined([" ", "\n        ", "\n\n        "])
    }
  }

  private func place(of part: String, in text: String) -> String {
    var line = 1
    var column = 1
    guard let range = text.firstRange(of: part) else { return "nowhere" }
    for scalar in text[..<range.lowerBound].unicodeScalars {
      column += 1
      if scalar == "\n" { (line, column) = (line + 1, 1) }
    }
    return "playbook.yaml:\(line):\(column)"
  }

  @Test("a byte order mark is taken")
  func byteOrderMark() throws {
    #expect(try compiled("\u{FEFF}" + heading).playbook.id == "p")
  }
}
