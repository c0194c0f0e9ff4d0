/// A node of a playbook's YAML: every scalar is text, aliases are followed, each node knows where it stands.
struct YAMLTree {
  enum Content {
    case scalar(Scalar)
    case mapping([Pair])
    case sequence([YAMLTree])
  }

  struct Scalar {
    var text: String
    var style: Style
  }

  enum Style { case plain, singleQuoted, doubleQuoted, literal, folded }

  struct Pair {
    var key: String
    var keyPosition: SourcePosition
    var value: YAMLTree
  }

  var content: Content
  /// Of the node's text; for an alias that of the node it stands for.
  var position: SourcePosition

  /// How a fault names what it found here.
  var summary: String {
    switch content {
    case .scalar(let scalar): scalar.text.isEmpty ? "nothing" : "`\(scalar.text)`"
    case .mapping(let pairs): pairs.isEmpty ? "an empty mapping" : "a mapping"
    case .sequence(let items): items.isEmpty ? "an empty list" : "a list"
    }
  }

  /// Whether the node is a key with nothing after it.
  var isEmpty: Bool {
    if case .scalar(let scalar) = content { scalar.text.isEmpty && scalar.style == .plain } else { false }
  }
}
