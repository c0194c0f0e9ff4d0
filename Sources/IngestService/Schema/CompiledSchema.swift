import EventModel

/// A JSON Schema (2020-12) of the subset that event schemas use, compiled once.
///
/// Keywords: `type, required, properties, additionalProperties, enum, const, minimum, maximum, minLength, maxLength,
/// items, minItems, maxItems`; `$schema, $id, $comment, title, description, examples, default` are read over. Any
/// other keyword is an error, so that no rule is silently not kept.
package struct CompiledSchema: Sendable {
  /// The types of JSON Schema.
  package enum Kind: String, Sendable, CaseIterable {
    case null
    case boolean
    case number
    case integer
    case string
    case array
    case object
  }

  var kinds: [Kind] = []
  var required: [String] = []
  var properties: [String: CompiledSchema] = [:]
  /// For members that `properties` does not name.
  var others: Others = .any
  var allowed: [Value]?
  var minimum: FixedDecimal?
  var maximum: FixedDecimal?
  /// In Unicode scalar values.
  var minLength: Int?
  var maxLength: Int?
  var minItems: Int?
  var maxItems: Int?
  private var itemSchema: [CompiledSchema] = []

  enum Others: Sendable {
    case any
    case none
    indirect case each(CompiledSchema)
  }

  /// Elements of an array; held in an array because a struct cannot hold itself.
  var items: CompiledSchema? {
    get { itemSchema.first }
    set { itemSchema = newValue.map { [$0] } ?? [] }
  }

  /// The first rule that `value` breaks, with its path; `nil` when it keeps them all.
  package func failure(of value: Value) -> DecodeFailure? {
    if let failure = kindFailure(of: value) ?? choiceFailure(of: value) { return failure }
    switch value {
    case .number(let number): return boundFailure(of: number)
    case .string(let text): return lengthFailure(of: text)
    case .list(let elements): return elementFailure(of: elements)
    case .object(let members): return memberFailure(of: members)
    default: return nil
    }
  }

  private func kindFailure(of value: Value) -> DecodeFailure? {
    guard !kinds.isEmpty, !kinds.contains(where: { Self.matches(value, $0) }) else { return nil }
    return DecodeFailure(
      .schema,
      expected: kinds.map { Self.words($0) }.joined(separator: " or "),
      found: Self.kindWords(of: value)
    )
  }

  private func choiceFailure(of value: Value) -> DecodeFailure? {
    guard let allowed, !allowed.contains(value) else { return nil }
    return DecodeFailure(.schema, expected: "one of \(allowed.count) values", found: "another")
  }

  private func boundFailure(of number: FixedDecimal) -> DecodeFailure? {
    if let minimum, number < minimum {
      return DecodeFailure(.schema, expected: "at least \(minimum.text)", found: "a smaller number")
    }
    if let maximum, number > maximum {
      return DecodeFailure(.schema, expected: "at most \(maximum.text)", found: "a larger number")
    }
    return nil
  }

  private func lengthFailure(of text: String) -> DecodeFailure? {
    guard minLength != nil || maxLength != nil else { return nil }
    let length = text.unicodeScalars.count
    if let minLength, length < minLength {
      return DecodeFailure(.schema, expected: "at least \(minLength) characters", found: "\(length)")
    }
    if let maxLength, length > maxLength {
      return DecodeFailure(.schema, expected: "at most \(maxLength) characters", found: "\(length)")
    }
    return nil
  }

  private func elementFailure(of elements: [Value]) -> DecodeFailure? {
    if let minItems, elements.count < minItems {
      return DecodeFailure(.schema, expected: "at least \(minItems) elements", found: "\(elements.count)")
    }
    if let maxItems, elements.count > maxItems {
      return DecodeFailure(.schema, expected: "at most \(maxItems) elements", found: "\(elements.count)")
    }
    guard let items else { return nil }
    for (index, element) in elements.enumerated() {
      if let failure = items.failure(of: element) { return failure.under(String(index)) }
    }
    return nil
  }

  private func memberFailure(of members: [Value.Member]) -> DecodeFailure? {
    for name in required where !members.contains(where: { $0.name == name }) {
      return DecodeFailure(.schema, expected: "the field", found: "nothing").under(name)
    }
    for member in members {
      if let schema = properties[member.name] {
        if let failure = schema.failure(of: member.value) { return failure.under(member.name) }
        continue
      }
      switch others {
      case .any: continue
      case .none: return DecodeFailure(.schema, expected: "no such field", found: "one").under(member.name)
      case .each(let schema):
        if let failure = schema.failure(of: member.value) { return failure.under(member.name) }
      }
    }
    return nil
  }

  private static func matches(_ value: Value, _ kind: Kind) -> Bool {
    switch (value, kind) {
    case (.null, .null), (.bool, .boolean), (.number, .number), (.string, .string), (.list, .array),
      (.object, .object):
      true
    case (.number(let number), .integer): number.millionths % FixedDecimal.scale == 0
    default: false
    }
  }

  private static func words(_ kind: Kind) -> String {
    switch kind {
    case .null: "null"
    case .integer: "a whole number"
    case .array, .object: "an \(kind.rawValue)"
    default: "a \(kind.rawValue)"
    }
  }

  private static func kindWords(of value: Value) -> String {
    switch value {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .list: "an array"
    case .object: "an object"
    default: "a string"
    }
  }
}
