import EventModel

/// Event types, field paths and conditions over fields.
extension Compilation {
  /// `events: {custom.type: {field: kind}}`: declares types of the tenant's own, or further fields of known ones.
  mutating func compileEvents(_ section: [YAMLTree.Pair]) {
    for pair in section {
      guard isEventType(pair.key) else {
        fault(
          at: pair.keyPosition,
          "malformed event type",
          expected: "names joined by points such as `shelf.scanned`",
          found: "`\(pair.key)`"
        )
        continue
      }
      guard let fields = pairs(pair.value, "event `\(pair.key)`") else { continue }
      var kinds: [String: ValueKind] = [:]
      for field in fields {
        guard checkFieldName(field, of: pair.key), let kind = fieldKind(field.value) else { continue }
        kinds[field.key] = kind
      }
      catalogue.declare(EventCatalogue.EventType(name: pair.key, fields: kinds))
    }
  }

  private func isEventType(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count >= 2 && name.utf8.count <= PlaybookLimits.nameBytesMax && parts.allSatisfy(Self.isName)
  }

  private mutating func checkFieldName(_ field: YAMLTree.Pair, of type: String) -> Bool {
    let isWord = field.key.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_": true
      default: false
      }
    }
    guard isWord, let first = field.key.unicodeScalars.first, !("0"..."9").contains(first),
      !ExpressionToken.reservedWords.contains(field.key), !EventCatalogue.envelopeWords.contains(field.key)
    else {
      fault(
        at: field.keyPosition,
        "malformed field name",
        expected: "letters, digits and _, no word of expressions or of the envelope",
        found: "`\(field.key)`"
      )
      return false
    }
    guard catalogue.types[type]?.fields[field.key] == nil else {
      fault(
        at: field.keyPosition,
        "doubled name",
        expected: "a field that `\(type)` does not have",
        found: "`\(field.key)`"
      )
      return false
    }
    return true
  }

  private mutating func fieldKind(_ node: YAMLTree) -> ValueKind? {
    let kinds: [ValueKind] = [.boolean, .decimal, .string, .list, .unknown]
    return word(node, "field kind", among: kinds)
  }

  // MARK: - Paths

  struct FieldPath {
    var selector: EventSelector
    var type: EventCatalogue.EventType
    /// Of the field; `nil` for a path without one.
    var kind: ValueKind?
  }

  /// One path or a list of them: event types, each with a field or none.
  mutating func fieldPaths(_ node: YAMLTree, _ what: String) -> [FieldPath]? {
    guard let texts = texts(node, what) else { return nil }
    var paths: [FieldPath] = []
    for (text, node) in texts {
      guard let path = fieldPath(text, at: node) else { return nil }
      paths.append(path)
    }
    let first = paths.first?.selector.field != nil
    if let odd = paths.firstIndex(where: { ($0.selector.field != nil) != first }) {
      fault(
        at: texts[odd].node.position,
        "wrong form of \(what)",
        expected: "a field in every path or in none",
        found: "`\(texts[odd].text)`"
      )
      return nil
    }
    return paths
  }

  private mutating func fieldPath(_ text: String, at node: YAMLTree) -> FieldPath? {
    guard let (type, field) = catalogue.split(text) else {
      reportUnknownType(text, at: node)
      return nil
    }
    guard let field else {
      return FieldPath(selector: EventSelector(type: type.name), type: type)
    }
    guard let kind = type.kind(of: field) else {
      fault(
        at: node.position,
        "unknown field",
        expected: "a field of `\(type.name)`",
        found: "`\(field)`",
        hint: NearestName.hint(for: field, among: Array(type.fields.keys) + EventCatalogue.envelopeWords)
      )
      return nil
    }
    return FieldPath(selector: EventSelector(type: type.name, field: field), type: type, kind: kind)
  }

  private mutating func reportUnknownType(_ text: String, at node: YAMLTree) {
    let known = catalogue.types.keys
    let withoutField = text.lastIndex(of: ".").map { String(text[..<$0]) } ?? text
    let hint =
      NearestName.hint(for: text, among: known)
      ?? NearestName.nearest(to: withoutField, among: known).map {
        "did you mean `\($0)\(text.dropFirst(withoutField.count))`?"
      }
    fault(
      at: node.position,
      "unknown event type",
      expected: "a type of the catalogue or of `events`",
      found: "`\(text)`",
      hint: hint
    )
  }

  /// One event type or a list of them.
  mutating func eventTypes(_ node: YAMLTree, _ what: String, aggregate: Bool = false) -> [EventCatalogue.EventType]? {
    guard let texts = texts(node, what) else { return nil }
    var types: [EventCatalogue.EventType] = []
    for (text, node) in texts {
      guard let path = fieldPath(text, at: node) else { return nil }
      guard path.selector.field == nil else {
        fault(at: node.position, "wrong form of \(what)", expected: "an event type without field", found: "`\(text)`")
        return nil
      }
      guard path.type.isAggregate == aggregate else {
        fault(
          at: node.position,
          "wrong form of \(what)",
          expected: aggregate ? "a total without member such as `channel.exposed`" : "an event of a member",
          found: "`\(text)`",
          hint: aggregate ? nil : "a member-less total stands first, as `total:`"
        )
        return nil
      }
      types.append(path.type)
    }
    return types
  }

  // MARK: - Conditions

  /// A `where` over the fields of events of `types`; `nil` without one or after a fault.
  mutating func filter(_ node: YAMLTree?, over types: [EventCatalogue.EventType]) -> Formula? {
    guard let node, let syntax = parse(node, "`where`") else { return nil }
    return check(syntax, at: node, scope: eventScope(types), isOneOf: [.boolean], role: "`where`")?.formula
  }

  /// Fields of any of the types; one that has several kinds is of unknown kind.
  private func eventScope(_ types: [EventCatalogue.EventType]) -> ExpressionScope {
    var kinds: [String: ValueKind] = [:]
    for word in EventCatalogue.envelopeWords { kinds[word] = .string }
    for type in types {
      for (field, kind) in type.fields where !EventCatalogue.envelopeWords.contains(field) {
        kinds[field] = kinds[field].map { $0 == kind ? kind : .unknown } ?? kind
      }
    }
    return ExpressionScope(
      place: .event(types.map { "`\($0.name)`" }.joined(separator: ", ")),
      bindings: kinds.mapValues { .field($0) },
      admitsUnknownFields: types.contains { $0.isOpen }
    )
  }
}
