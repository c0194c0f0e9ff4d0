import EventModel

/// A mapping with a fixed set of keys.
struct KeyedNode {
  var node: YAMLTree
  var position: SourcePosition
  /// As faults name it: `metric `spend_90d``.
  var what: String
  private(set) var values: [String: YAMLTree] = [:]
  private(set) var keyPositions: [String: SourcePosition] = [:]
  /// Whether a key is not allowed: what is missing then most likely is that one, mistyped.
  let hasUnknownKeys: Bool

  init(node: YAMLTree, what: String, pairs: [YAMLTree.Pair], allowed: [String]) {
    hasUnknownKeys = pairs.contains { !allowed.contains($0.key) }
    self.node = node
    position = node.position
    self.what = what
    for pair in pairs where values[pair.key] == nil {
      values[pair.key] = pair.value
      keyPositions[pair.key] = pair.keyPosition
    }
  }

  subscript(key: String) -> YAMLTree? { values[key] }
}

/// Reading of nodes as the kinds of value that the language knows. Each gives `nil` after a fault.
extension Compilation {
  /// The pairs of a mapping.
  mutating func pairs(_ node: YAMLTree, _ what: String) -> [YAMLTree.Pair]? {
    if case .mapping(let pairs) = node.content { return pairs }
    if node.isEmpty { return [] }
    fault(at: node.position, "wrong form of \(what)", expected: "a mapping", found: node.summary)
    return nil
  }

  /// A mapping whose keys are all among `allowed`; unknown keys are faults with the nearest known one.
  mutating func keyed(_ node: YAMLTree, _ what: String, allowed: [String]) -> KeyedNode? {
    guard case .mapping(let pairs) = node.content else {
      let form = allowed.prefix(6).joined(separator: ", ")
      fault(at: node.position, "wrong form of \(what)", expected: "a mapping with \(form)", found: node.summary)
      return nil
    }
    refuseUnknownKeys(pairs, what, allowed: allowed)
    return KeyedNode(node: node, what: what, pairs: pairs, allowed: allowed)
  }

  mutating func refuseUnknownKeys(_ pairs: [YAMLTree.Pair], _ what: String, allowed: [String]) {
    for pair in pairs where !allowed.contains(pair.key) && !isFull {
      fault(
        at: pair.keyPosition,
        "unknown key in \(what)",
        expected: allowed.joined(separator: ", "),
        found: "`\(pair.key)`",
        hint: NearestName.hint(for: pair.key, among: allowed)
      )
    }
  }

  mutating func required(_ key: String, in keyed: KeyedNode) -> YAMLTree? {
    if let node = keyed[key], !node.isEmpty { return node }
    fault(
      at: keyed[key]?.position ?? keyed.position,
      "missing key in \(keyed.what)",
      expected: "`\(key)`",
      found: keyed[key] == nil ? "no such key" : "nothing"
    )
    return nil
  }

  /// The one key of `forms` that stands in the mapping, with its value.
  mutating func only(
    _ forms: [String],
    in keyed: KeyedNode
  ) -> (form: String, node: YAMLTree)? {
    let used = forms.filter { keyed[$0] != nil }
    if used.count == 1, let form = used.first, let node = keyed[form] { return (form, node) }
    guard !used.isEmpty || !keyed.hasUnknownKeys else { return nil }
    fault(
      at: keyed.position,
      "wrong form of \(keyed.what)",
      expected: "one of \(forms.joined(separator: ", "))",
      found: used.isEmpty ? "none" : used.joined(separator: " and ")
    )
    return nil
  }

  mutating func text(_ node: YAMLTree, _ what: String) -> String? {
    guard case .scalar(let scalar) = node.content, !node.isEmpty else {
      fault(at: node.position, "wrong form of \(what)", expected: "a text", found: node.summary)
      return nil
    }
    return scalar.text
  }

  mutating func items(_ node: YAMLTree, _ what: String, of form: String) -> [YAMLTree]? {
    guard case .sequence(let items) = node.content, !items.isEmpty else {
      fault(at: node.position, "wrong form of \(what)", expected: "a list of \(form)", found: node.summary)
      return nil
    }
    return items
  }

  /// One text, or a list of texts.
  mutating func texts(_ node: YAMLTree, _ what: String) -> [(text: String, node: YAMLTree)]? {
    guard case .sequence(let items) = node.content else { return text(node, what).map { [($0, node)] } }
    guard !items.isEmpty else {
      fault(at: node.position, "wrong form of \(what)", expected: "at least one", found: "an empty list")
      return nil
    }
    var texts: [(text: String, node: YAMLTree)] = []
    for item in items {
      guard let text = text(item, what) else { return nil }
      texts.append((text, item))
    }
    return texts
  }

  /// One text for all languages, or a mapping of language codes to texts.
  mutating func localized(_ node: YAMLTree, _ what: String) -> LocalizedText? {
    guard case .mapping(let pairs) = node.content else {
      return text(node, what).map { LocalizedText(texts: [.init(language: "", text: $0)]) }
    }
    guard !pairs.isEmpty else {
      fault(at: node.position, "wrong form of \(what)", expected: "a text", found: node.summary)
      return nil
    }
    var texts: [LocalizedText.Text] = []
    for pair in pairs {
      guard Self.isLanguage(pair.key) else {
        fault(
          at: pair.keyPosition,
          "malformed language code",
          expected: "a code such as zh or en-GB",
          found: "`\(pair.key)`"
        )
        return nil
      }
      guard let text = text(pair.value, what) else { return nil }
      texts.append(.init(language: pair.key, text: text))
    }
    return LocalizedText(texts: texts)
  }

  private static func isLanguage(_ code: String) -> Bool {
    let parts = code.split(separator: "-", omittingEmptySubsequences: false)
    guard let first = parts.first, (2...3).contains(first.utf8.count) else { return false }
    return parts.allSatisfy { part in
      (2...8).contains(part.utf8.count)
        && part.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }
  }

  /// The definition's label, or its name when it has none.
  mutating func label(_ keyed: KeyedNode, name: String) -> LocalizedText {
    let fallback = LocalizedText(texts: [.init(language: "", text: name)])
    guard let node = keyed["label"] else { return fallback }
    return localized(node, "label") ?? fallback
  }

  // MARK: - Typed scalars

  mutating func duration(_ node: YAMLTree, _ what: String, in bounds: ClosedRange<TimeSpan>) -> TimeSpan? {
    guard let text = text(node, what) else { return nil }
    guard let span = TimeSpan(playbookText: text) else {
      fault(
        at: node.position,
        "malformed duration",
        expected: "whole s, m, h or d such as 90s 30m 12h 7d",
        found: "`\(text)`"
      )
      return nil
    }
    guard bounds.contains(span) else {
      let ends = "\(bounds.lowerBound.playbookText) to \(bounds.upperBound.playbookText)"
      fault(at: node.position, "\(what) out of bounds", expected: ends, found: "`\(text)`")
      return nil
    }
    return span
  }

  mutating func wholeNumber(_ node: YAMLTree, _ what: String, in bounds: ClosedRange<Int>) -> Int? {
    guard let text = text(node, what) else { return nil }
    let digits = text.utf8.allSatisfy { (48...57).contains($0) }
    guard digits, let number = Int(text), bounds.contains(number) else {
      fault(
        at: node.position,
        "\(what) out of bounds",
        expected: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)",
        found: "`\(text)`"
      )
      return nil
    }
    return number
  }

  mutating func decimal(_ node: YAMLTree, _ what: String) -> FixedDecimal? {
    guard let text = text(node, what) else { return nil }
    guard let number = try? FixedDecimal(json: text.utf8) else {
      fault(
        at: node.position,
        "malformed \(what)",
        expected: "a number with at most 6 places",
        found: "`\(text)`"
      )
      return nil
    }
    return number
  }

  mutating func boolean(_ node: YAMLTree, _ what: String) -> Bool? {
    guard let text = text(node, what) else { return nil }
    switch text {
    case "true": return true
    case "false": return false
    default:
      fault(at: node.position, "malformed \(what)", expected: "true or false", found: "`\(text)`")
      return nil
    }
  }

  /// `HH:MM`, as a span since local midnight.
  mutating func timeOfDay(_ node: YAMLTree, _ what: String) -> TimeSpan? {
    guard let text = text(node, what) else { return nil }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let hour = Int64(parts[0]), let minute = Int64(parts[1]), hour < 24, minute < 60
    else {
      fault(at: node.position, "malformed time", expected: "HH:MM from 00:00 to 23:59", found: "`\(text)`")
      return nil
    }
    return .minutes(hour * 60 + minute)
  }

  /// One of the raw values of an enum of words.
  mutating func word<Word: RawRepresentable>(
    _ node: YAMLTree,
    _ what: String,
    among words: [Word]
  ) -> Word? where Word.RawValue == String {
    guard let text = text(node, what) else { return nil }
    if let word = words.first(where: { $0.rawValue == text }) { return word }
    let known = words.map(\.rawValue)
    fault(
      at: node.position,
      "unknown \(what)",
      expected: known.joined(separator: ", "),
      found: "`\(text)`",
      hint: NearestName.hint(for: text, among: known)
    )
    return nil
  }

  /// A name that is written `[a-z][a-z0-9_]*`.
  mutating func name(_ node: YAMLTree, _ what: String) -> String? {
    guard let text = text(node, what), checkName(text, at: node.position) else { return nil }
    return text
  }

  // MARK: - Expressions

  /// Parses an expression; `nil` after a fault.
  mutating func parse(_ node: YAMLTree, _ what: String) -> ExpressionSyntax? {
    guard !isFull else { return nil }
    guard case .scalar(let scalar) = node.content, !node.isEmpty else {
      let isBrokenByFlow = if case .mapping = node.content { true } else { false }
      fault(
        at: node.position,
        "wrong form of \(what)",
        expected: "an expression",
        found: node.summary,
        hint: isBrokenByFlow ? "put the expression in quotes" : nil
      )
      return nil
    }
    do throws(ExpressionFault) {
      return try ExpressionParser.parse(scalar.text)
    } catch {
      place(error, in: node)
      return nil
    }
  }

  /// Checks a parsed expression in a scope; `nil` after a fault.
  mutating func check(
    _ syntax: ExpressionSyntax,
    at node: YAMLTree,
    scope: ExpressionScope,
    isOneOf kinds: [ValueKind],
    role: String
  ) -> ExpressionChecker.Checked? {
    guard !isFull else { return nil }
    var checker = ExpressionChecker(scope: scope)
    do throws(ExpressionFault) {
      let checked = try checker.check(syntax, isOneOf: kinds, role: role)
      for warning in checker.warnings { place(warning, in: node, as: .warning) }
      return checked
    } catch {
      place(error, in: node)
      return nil
    }
  }
}
