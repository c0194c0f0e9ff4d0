import EventModel
import Yams

/// The keys of one YAML mapping of a page, with their places.
struct PageKeys {
  let file: String
  let key: String
  private let node: Node
  private let pairs: [(name: String, value: Node)]

  /// Refuses keys that are not in `allowed` (nil: any), and doubled ones.
  init(_ node: Node, file: String, key: String, allowed: Set<String>?) throws(CommandFailure) {
    self.file = file
    self.key = key
    self.node = node
    guard case .mapping(let mapping) = node else {
      throw Self.failure(file, node, key, "keys and values", "something else")
    }
    var pairs: [(name: String, value: Node)] = []
    for (keyNode, value) in mapping {
      let name = keyNode.scalar?.string ?? ""
      if let allowed, !allowed.contains(name) {
        throw Self.failure(file, keyNode, key, "one of \(allowed.sorted().joined(separator: ", "))", name)
      }
      guard !pairs.contains(where: { $0.name == name }) else {
        throw Self.failure(file, keyNode, key, "each key once", name)
      }
      pairs.append((name, value))
    }
    self.pairs = pairs
  }

  private static func failure(
    _ file: String,
    _ node: Node,
    _ key: String,
    _ expected: String,
    _ found: String
  ) -> CommandFailure {
    let place = node.mark.map { "\(file):\($0.line):\($0.column)" } ?? file
    let what = key.isEmpty ? "page is not as it should be" : "page is not as it should be: \(key)"
    return CommandFailure(.invalidInput, what, at: place, expected: expected, got: found)
  }

  func fault(_ name: String, _ expected: String, _ found: String) -> CommandFailure {
    let path = key.isEmpty || key == name ? name : "\(key).\(name)"
    return Self.failure(file, self[name] ?? node, path, expected, found)
  }

  subscript(name: String) -> Node? { pairs.first { $0.name == name }?.value }

  // MARK: Texts

  func optionalText(_ name: String) throws(CommandFailure) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.scalar?.string, !text.isEmpty else { throw fault(name, "a text", "something else") }
    return text
  }

  func text(_ name: String) throws(CommandFailure) -> String {
    guard let text = try optionalText(name) else { throw fault(name, "a text", "nothing") }
    return text
  }

  func texts(_ name: String) throws(CommandFailure) -> [String] {
    var texts: [String] = []
    for node in try list(name) {
      guard let text = node.scalar?.string, !text.isEmpty else {
        throw fault(name, "a list of texts", "something else")
      }
      texts.append(text)
    }
    return texts
  }

  /// Whole seconds, minutes, hours or days: `90s 30m 12h 7d`.
  func optionalSpan(_ name: String) throws(CommandFailure) -> TimeSpan? {
    guard let text = try optionalText(name) else { return nil }
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let seconds = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      (1...1_000_000).contains(count)
    else { throw fault(name, "a duration like 72h", text) }
    return .seconds(count * seconds)
  }

  // MARK: Labels

  func optionalLabel(_ name: String) throws(CommandFailure) -> ReportLabel? {
    guard let node = self[name] else { return nil }
    return try Self.label(node, self, name)
  }

  func label(_ name: String) throws(CommandFailure) -> ReportLabel {
    guard let label = try optionalLabel(name) else { throw fault(name, "a text, or zh and en", "nothing") }
    return label
  }

  func labels(_ name: String) throws(CommandFailure) -> [ReportLabel] {
    var labels: [ReportLabel] = []
    for node in try list(name) { labels.append(try Self.label(node, self, name)) }
    return labels
  }

  /// A mapping of any names to labels.
  func named(_ name: String) throws(CommandFailure) -> [String: ReportLabel] {
    guard let node = self[name] else { return [:] }
    let inner = try PageKeys(node, file: file, key: name, allowed: nil)
    guard inner.pairs.count <= PageSpec.entriesMax else {
      throw fault(name, "at most \(PageSpec.entriesMax) entries", "\(inner.pairs.count)")
    }
    var labels: [String: ReportLabel] = [:]
    for (name, node) in inner.pairs { labels[name] = try Self.label(node, inner, name) }
    return labels
  }

  private static func label(_ node: Node, _ keys: PageKeys, _ name: String) throws(CommandFailure) -> ReportLabel {
    if let text = node.scalar?.string, !text.isEmpty { return ReportLabel(zh: text, en: text) }
    let inner = try PageKeys(node, file: keys.file, key: name, allowed: ["zh", "en"])
    return ReportLabel(zh: try inner.text("zh"), en: try inner.text("en"))
  }

  // MARK: Collections

  /// The nodes of a list; none where the key is not there.
  func list(_ name: String, most: Int = PageSpec.entriesMax) throws(CommandFailure) -> [Node] {
    guard let node = self[name] else { return [] }
    guard case .sequence(let nodes) = node, nodes.count <= most else {
      throw fault(name, "a list of at most \(most)", "something else")
    }
    return Array(nodes)
  }

  func inner(_ name: String, _ allowed: Set<String>) throws(CommandFailure) -> PageKeys? {
    guard let node = self[name] else { return nil }
    return try PageKeys(node, file: file, key: name, allowed: allowed)
  }
}
