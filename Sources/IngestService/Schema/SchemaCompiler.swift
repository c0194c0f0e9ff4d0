import EventModel

/// A schema file that cannot be compiled: where, and why.
package struct SchemaFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The schema's name: the event type.
  package var name: String
  /// JSON pointer into the schema.
  package var path: String
  /// What should have stood there.
  package var expected: String

  /// One line for people.
  package var description: String { "schema of \(name) at \(path.isEmpty ? "/" : path): expected \(expected)" }
}

/// Compiles one schema document. Rules are written as methods on the keywords of one object.
struct SchemaCompiler {
  /// Schemas inside one another.
  static let depthMax = 16
  private static let annotations: Set = [
    "$schema", "$id", "$comment", "title", "description", "examples", "default",
  ]

  let name: String

  func compile(_ value: Value, path: String = "", depth: Int = 1) throws(SchemaFault) -> CompiledSchema {
    guard depth <= Self.depthMax else { throw fault(path, "at most \(Self.depthMax) schemas inside one another") }
    guard case .object(let members) = value else { throw fault(path, "an object") }
    var schema = CompiledSchema()
    for member in members where !Self.annotations.contains(member.name) {
      try apply(member, to: &schema, path: path + "/" + jsonPointerEscaped(member.name), depth: depth)
    }
    return schema
  }

  private func apply(
    _ keyword: Value.Member,
    to schema: inout CompiledSchema,
    path: String,
    depth: Int
  ) throws(SchemaFault) {
    switch keyword.name {
    case "type": schema.kinds = try kinds(keyword.value, path)
    case "required": schema.required = try texts(keyword.value, path)
    case "properties": schema.properties = try properties(keyword.value, path, depth)
    case "additionalProperties": schema.others = try others(keyword.value, path, depth)
    case "items": schema.items = try compile(keyword.value, path: path, depth: depth + 1)
    case "enum":
      guard case .list(let values) = keyword.value, !values.isEmpty else { throw fault(path, "a list of values") }
      schema.allowed = values
    case "const": schema.allowed = [keyword.value]
    case "minimum": schema.minimum = try number(keyword.value, path)
    case "maximum": schema.maximum = try number(keyword.value, path)
    case "minLength": schema.minLength = try count(keyword.value, path)
    case "maxLength": schema.maxLength = try count(keyword.value, path)
    case "minItems": schema.minItems = try count(keyword.value, path)
    case "maxItems": schema.maxItems = try count(keyword.value, path)
    default: throw fault(path, "a keyword that is known here")
    }
  }

  private func kinds(_ value: Value, _ path: String) throws(SchemaFault) -> [CompiledSchema.Kind] {
    var names: [String] = []
    if case .string(let name) = value { names = [name] } else { names = try texts(value, path) }
    var kinds: [CompiledSchema.Kind] = []
    for name in names {
      guard let kind = CompiledSchema.Kind(rawValue: name) else { throw fault(path, "a type of JSON") }
      kinds.append(kind)
    }
    return kinds
  }

  private func properties(
    _ value: Value,
    _ path: String,
    _ depth: Int
  ) throws(SchemaFault) -> [String: CompiledSchema] {
    guard case .object(let members) = value else { throw fault(path, "an object") }
    var properties: [String: CompiledSchema] = [:]
    for member in members {
      properties[member.name] = try compile(
        member.value,
        path: path + "/" + jsonPointerEscaped(member.name),
        depth: depth + 1
      )
    }
    return properties
  }

  private func others(_ value: Value, _ path: String, _ depth: Int) throws(SchemaFault) -> CompiledSchema.Others {
    switch value {
    case .bool(true): .any
    case .bool(false): .none
    default: .each(try compile(value, path: path, depth: depth + 1))
    }
  }

  private func texts(_ value: Value, _ path: String) throws(SchemaFault) -> [String] {
    guard case .list(let values) = value else { throw fault(path, "a list of strings") }
    var texts: [String] = []
    for value in values {
      guard case .string(let text) = value else { throw fault(path, "a list of strings") }
      texts.append(text)
    }
    return texts
  }

  private func number(_ value: Value, _ path: String) throws(SchemaFault) -> FixedDecimal {
    guard case .number(let number) = value else { throw fault(path, "a number") }
    return number
  }

  private func count(_ value: Value, _ path: String) throws(SchemaFault) -> Int {
    let number = try number(value, path)
    guard number.millionths >= 0, number.millionths % FixedDecimal.scale == 0 else {
      throw fault(path, "a whole number from 0")
    }
    return Int(number.millionths / FixedDecimal.scale)
  }

  private func fault(_ path: String, _ expected: String) -> SchemaFault {
    SchemaFault(name: name, path: path, expected: expected)
  }
}
