import EventCodec
import EventModel
import Yams

/// Reads one source of a mapping.
struct SourceReader {
  private static let keys: Set = [
    "file", "format", "delimiter", "columns", "event", "id", "subject", "time", "day_time", "zone", "community",
    "channel", "operator", "actor", "data",
  ]

  let file: String
  let path: String
  let zone: CalendarZone

  func read(_ node: Node) throws(MappingFault) -> ImportSource {
    let keys = try Keys(node, file: file, key: path, allowed: Self.keys)
    let name = try keys.text("file")
    var source = ImportSource(
      file: name,
      format: try format(keys, file: name),
      delimiter: try delimiter(keys),
      columns: try columns(keys),
      zone: try sourceZone(keys),
      dayTime: try dayTime(keys)
    )
    if source.format == .events {
      guard keys.names.allSatisfy({ $0 == "file" || $0 == "format" }) else {
        throw keys.fault("format", "nothing but `file` beside `format: events`", "other keys")
      }
      return source
    }
    try readEvent(keys, into: &source)
    try readFields(keys, into: &source)
    return source
  }

  private func readEvent(_ keys: Keys, into source: inout ImportSource) throws(MappingFault) {
    source.type = try keys.text("event")
    guard EnvelopeForms.isType(source.type.utf8) else {
      throw keys.fault("event", "an event type like order.paid", source.type)
    }
    if let name = try keys.optionalText("actor") {
      guard let actor = Actor(rawValue: name) else {
        throw keys.fault("actor", "member, operator, insider or system", name)
      }
      source.actor = actor
    }
    source.id = try template("id", keys, &source)
    source.subject = try template("subject", keys, &source)
    let kinds = SubjectKind.allCases.map { $0.rawValue + "/" }
    guard case .text(let prefix)? = source.subject.parts.first, kinds.contains(where: { prefix.hasPrefix($0) }) else {
      throw keys.fault("subject", "a template that begins with one of \(kinds.joined(separator: ", "))", "another")
    }
    source.time = try template("time", keys, &source)
    source.community = try optionalTemplate("community", keys, &source)
    source.channel = try optionalTemplate("channel", keys, &source)
    source.operator = try optionalTemplate("operator", keys, &source)
  }

  private func readFields(_ keys: Keys, into source: inout ImportSource) throws(MappingFault) {
    guard let node = keys["data"] else { return }
    let fields = try Keys(node, file: file, key: path + ".data", allowed: nil)
    guard fields.names.count <= ImportMapping.columnsMax else {
      throw keys.fault("data", "at most \(ImportMapping.columnsMax) fields", "\(fields.names.count)")
    }
    for name in fields.names {
      guard let node = fields[name] else { continue }
      let field = try Keys(
        node,
        file: file,
        key: fields.key + "." + name,
        allowed: ["column", "constant", "kind", "separator"]
      )
      source.fields.append(try self.field(name, field, &source))
    }
    source.fields.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func field(_ name: String, _ keys: Keys, _ source: inout ImportSource) throws(MappingFault) -> ImportField {
    let kindName = try keys.optionalText("kind") ?? "string"
    guard let kind = ImportField.Kind(rawValue: kindName) else {
      let kinds = ImportField.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw keys.fault("kind", "one of \(kinds)", kindName)
    }
    let separator = try keys.optionalText("separator") ?? ";"
    switch (try keys.optionalText("column"), try keys.optionalText("constant")) {
    case (let column?, nil):
      let index = Self.index(of: column, in: &source.used)
      return ImportField(name: name, origin: .column(index), kind: kind, separator: separator)
    case (nil, let constant?):
      return ImportField(name: name, origin: .constant(constant), kind: kind, separator: separator)
    default: throw keys.fault("column", "either `column` or `constant`", "both or neither")
    }
  }

  private func template(
    _ name: String,
    _ keys: Keys,
    _ source: inout ImportSource
  ) throws(MappingFault) -> ImportTemplate {
    guard let template = try optionalTemplate(name, keys, &source) else {
      throw keys.fault(name, "a template like x-{column}", "nothing")
    }
    return template
  }

  private func optionalTemplate(
    _ name: String,
    _ keys: Keys,
    _ source: inout ImportSource
  ) throws(MappingFault) -> ImportTemplate? {
    guard let text = try keys.optionalText(name) else { return nil }
    guard let template = ImportTemplate.parse(text, column: { Self.index(of: $0, in: &source.used) }) else {
      throw keys.fault(name, "a template like x-{column}", text)
    }
    return template
  }

  private static func index(of column: String, in used: inout [String]) -> Int {
    if let index = used.firstIndex(of: column) { return index }
    used.append(column)
    return used.count - 1
  }

  private func format(_ keys: Keys, file name: String) throws(MappingFault) -> ImportSource.Format {
    guard let word = try keys.optionalText("format") else {
      let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
      return plain.hasSuffix(".ndjson") || plain.hasSuffix(".jsonl") ? .ndjson : .csv
    }
    guard let format = ImportSource.Format(rawValue: word) else {
      throw keys.fault("format", "csv, ndjson or events", word)
    }
    return format
  }

  private func delimiter(_ keys: Keys) throws(MappingFault) -> ImportSource.Delimiter {
    switch try keys.optionalText("delimiter") {
    case nil: return .byte(UInt8(ascii: ","))
    case "tab": return .byte(9)
    case "spaces": return .spaces
    case let text?:
      guard text.utf8.count == 1, let byte = text.utf8.first, byte != UInt8(ascii: "\"") else {
        throw keys.fault("delimiter", "one character, tab or spaces", text)
      }
      return .byte(byte)
    }
  }

  private func columns(_ keys: Keys) throws(MappingFault) -> [String]? {
    guard let node = keys["columns"] else { return nil }
    let names = node.sequence?.compactMap { $0.scalar?.string } ?? []
    guard (1...ImportMapping.columnsMax).contains(names.count), names.count == node.sequence?.count else {
      throw keys.fault("columns", "a list of 1 to \(ImportMapping.columnsMax) names", "something else")
    }
    return names
  }

  private func sourceZone(_ keys: Keys) throws(MappingFault) -> CalendarZone {
    guard let name = try keys.optionalText("zone") else { return zone }
    guard let zone = CalendarZone(identifier: name) else { throw keys.fault("zone", "an IANA zone", name) }
    return zone
  }

  private func dayTime(_ keys: Keys) throws(MappingFault) -> TimeSpan {
    guard let text = try keys.optionalText("day_time") else { return .hours(12) }
    guard let time = ImportTimes.timeOfDay(text) else { throw keys.fault("day_time", "HH:MM", text) }
    return time
  }
}
