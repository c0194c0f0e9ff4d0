import Playbook
import Testing

@Suite("Hostile playbooks")
struct HostileTests {
  @Test("an alias bomb is refused before it expands")
  func aliasBomb() {
    var text = heading + "tags:\n  member:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "    a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(
      faults(text) == [
        """
        error: aliases stand for too much at playbook.yaml:8:49: expected at most 10000 nodes, got 10108 with `*a2`
        """
      ]
    )
  }

  @Test("aliases and collections cannot be keys")
  func keys() {
    let expected = "expected a name before `:`, got something else"
    #expect(
      faults(heading + "a0: &a0 {x: y}\na1: {*a0 : *a0}\n") == [
        "error: key is not a name at playbook.yaml:4:6: \(expected)"
      ]
    )
    #expect(faults(heading + "{a: b}: c\n") == ["error: key is not a name at playbook.yaml:3:1: \(expected)"])
  }

  @Test("explicit keys, which the library would hash level by level, are plain text")
  func explicitKeys() {
    let inner = "[" + String(repeating: "x,", count: 20_000) + "x]"
    let text = heading + "a: " + String(repeating: "{? ", count: 900) + inner + String(repeating: " : a}", count: 900)
    #expect(faults(text).count == 1)
    #expect(faults(heading + "? x\n").count == 1)
  }

  @Test("a question mark elsewhere is a question mark")
  func questionMarks() throws {
    let playbook = try compiled(heading + "label: \"? 好吗? \"\ntemplates: {t: {kind: care, text: 好吗?}}\n").playbook
    #expect(playbook.label.text(in: "") == "? 好吗? ")
    #expect(playbook.templates[0].text == "好吗?")
  }

  @Test("no more faults than the bound are listed")
  func many() {
    let keys = (0..<3_000).map { "x\($0): 1\n" }.joined()
    #expect(faults(heading + keys).count == PlaybookLimits.faultsMax)
  }

  @Test("a chain of aliases cannot pass the bound on nesting")
  func aliasChain() {
    var text = heading + "a0: &a0 [x]\n"
    for level in 1...2_000 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(
      faults(text) == [
        "error: nested too deeply at playbook.yaml:33:12: expected at most 32 levels, got more"
      ]
    )
  }

  @Test("an alias that holds itself is unknown")
  func aliasLoop() {
    #expect(
      faults(heading + "tags: &a [*a]\n") == [
        "error: unknown alias at playbook.yaml:3:11: expected an anchor `&a` earlier in this file, got `*a`"
      ]
    )
  }

  @Test("aliases and anchors work, and a star elsewhere is a star")
  func aliases() throws {
    let text =
      heading + """
        metrics:
          member:
            a: &paid {count: order.paid}
            b: *paid
        tags:
          member:
            c: {rule: a *b > 3, label: "*b", description: '**'}
        """
    let playbook = try compiled(text).playbook
    #expect(playbook.member.metrics.map(\.name) == ["a", "b"])
    #expect(playbook.member.tags[0].label.text(in: "en") == "*b")
    #expect(playbook.member.tags[0].description?.text(in: "en") == "**")
  }

  @Test("the mebibyte is a bound on all files together")
  func size() {
    let half = PlaybookFile(name: "a.yaml", text: heading + String(repeating: "#", count: 524_288 - heading.utf8.count))
    let other = PlaybookFile(name: "b.yaml", text: String(repeating: "#", count: 524_289))
    #expect(throws: Never.self) {
      try PlaybookCompiler.compile([half, PlaybookFile(name: "b.yaml", text: String(other.text.dropLast()))])
    }
    do throws(PlaybookRejection) {
      _ = try PlaybookCompiler.compile([half, other])
      Issue.record("no fault")
    } catch {
      #expect(
        error.faults.map(\.text) == [
          "error: playbook too large at b.yaml:1:1: expected at most 1048576 bytes in all files, got 1048577 with this file"
        ]
      )
    }
  }

  @Test("nesting of 32 is read, of 33 refused", arguments: [31, 32, 100_000])
  func nesting(depth: Int) {
    let text = heading + "x: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "\n"
    let found = faults(text)
    switch depth {
    case 31: #expect(found.first?.hasPrefix("error: unknown key in playbook") == true)
    case 32:
      #expect(
        found == [
          "error: nested too deeply at playbook.yaml:3:35: expected at most 32 levels, got more"
        ]
      )
    default: #expect(found.first?.hasPrefix("error: YAML syntax at playbook.yaml:3:") == true)
    }
  }

  @Test("deep blocks on one line are refused")
  func deepBlocks() {
    let found = faults(heading + "x:\n" + String(repeating: "- ", count: 200_000) + "y\n")
    #expect(found.count == 1)
  }

  @Test(
    "long and deep expressions are refused",
    arguments: [
      (String(repeating: "(", count: 33) + "1" + String(repeating: ")", count: 33), "expression too deep"),
      (String(repeating: "-", count: 40) + "1", "expression too deep"),
      (String(repeating: "not ", count: 40) + "true", "expression too deep"),
      (String(repeating: "abs(", count: 33) + "1" + String(repeating: ")", count: 33), "expression too deep"),
      ("1" + String(repeating: "+1", count: 128), "expression too deep"),
      ("1" + String(repeating: " ", count: 4_096), "expression too long"),
    ]
  )
  func expressions(_ expression: String, _ what: String) {
    let found = faults(heading + "tags:\n  member:\n    a: {value: \"\(expression)\"}\n")
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("error: \(what) at playbook.yaml:5:") == true, "\(found)")
  }

  @Test("chains of and and or may be long, for they are balanced")
  func longChain() throws {
    let chain = try formula("true" + String(repeating: " and true", count: 400), key: "rule")
    #expect(chain.evaluate(in: Fixed()) == .bool(true))
  }

  @Test("2,000 definitions compile, one more is refused")
  func definitions() throws {
    var text = heading + "metrics:\n  member:\n"
    for index in 0..<2_000 { text += "    m\(index): {count: order.paid}\n" }
    #expect(try compiled(text).playbook.member.metrics.count == 2_000)
    text += "    last: {count: order.paid}\n"
    #expect(
      faults(text) == [
        "error: too many definitions at playbook.yaml:2005:5: expected at most 2000, got one more with `last`"
      ]
    )
  }

  @Test(
    "characters that no text has are refused where they stand",
    arguments: [("\u{0}", "U+0000"), ("\u{7}", "U+0007"), ("\u{E000}", "U+E000"), ("\u{FFFE}", "U+FFFE")]
  )
  func characters(_ character: String, _ code: String) {
    #expect(
      faults(heading + "label: 标\(character)\n") == [
        "error: forbidden character at playbook.yaml:3:9: expected printable text, got \(code)"
      ]
    )
  }

  @Test("what was found is cut to 80 characters of one line")
  func found() {
    let found = faults(heading + "clock: \"\(String(repeating: "长", count: 300))\\n\"\n")
    #expect(
      found == [
        "error: unknown clock at playbook.yaml:3:8: expected live, log, got `\(String(repeating: "长", count: 78))…"
      ]
    )
  }

  @Test("doubled names in flow, block and quotes are all reported")
  func doubled() {
    let text =
      heading + """
        metrics:
          member:
            a: {count: order.paid, count: order.placed}
            b: {count: order.paid, where: amount > 0, window: {from: 2026-01-01, from: 2026-02-01, to: 2026-03-01}}
            a: {count: order.paid}
            a: {count: order.paid}
        """
    #expect(
      faults(text).map { $0.split(separator: "\n")[0] } == [
        "error: doubled name at playbook.yaml:5:28: expected each name once, got `count` again",
        "error: doubled name at playbook.yaml:6:74: expected each name once, got `from` again",
        "error: doubled name at playbook.yaml:7:5: expected each name once, got `a` again",
        "error: doubled name at playbook.yaml:8:5: expected each name once, got `a` again",
      ]
    )
  }
}
