import EventCodec
import EventModel

/// Turns the rows of one source into events.
struct RowMapper {
  /// One row, by the source's used columns.
  enum Row {
    /// Cells, and where each used column stands among them.
    case cells([String], positions: [Int])
    /// An object, and the path of each used column.
    case object(Value, paths: [[String]])

    func text(_ column: Int) -> String {
      switch self {
      case .cells(let cells, let positions): return cells[positions[column]]
      case .object: return value(column).map { Self.text(of: $0) } ?? ""
      }
    }

    func value(_ column: Int) -> Value? {
      guard case .object(let object, let paths) = self else { return nil }
      var value: Value? = object
      for name in paths[column] { value = value?[name] }
      return value
    }

    private static func text(of value: Value) -> String {
      switch value {
      case .string(let text): text
      case .number(let number): number.text
      case .bool(let flag): flag ? "true" : "false"
      default: ""
      }
    }
  }

  let source: ImportSource
  let tenant: String
  let importName: String

  /// The event of a row, already checked by reading its bytes back as ingest will.
  func event(of row: Row, number: Int) throws(DecodeFailure) -> (event: Event, bytes: [UInt8]) {
    let time = try self.time(row, number)
    let subject = try required(source.subject, "subject", row, number)
    guard let subject = Subject(tenant: tenant, path: subject) else {
      throw DecodeFailure(.envelope, path: "/subject", expected: "KIND/ID", found: "other text")
    }
    func optional(_ template: ImportTemplate?) -> String? { template?.render(row: number, row.text) }
    let event = Event(
      id: try required(source.id, "id", row, number),
      source: "import/" + importName,
      tenant: tenant,
      type: source.type,
      time: time,
      receivedAt: time,
      actor: source.actor,
      subject: subject,
      community: optional(source.community),
      channel: optional(source.channel),
      operator: optional(source.operator),
      data: .object(try fields(row))
    )
    let bytes = EventCodec.encode(event)
    return (try EventCodec.decode(bytes), bytes)
  }

  private func required(
    _ template: ImportTemplate,
    _ name: String,
    _ row: Row,
    _ number: Int
  ) throws(DecodeFailure) -> String {
    guard let text = template.render(row: number, row.text) else {
      throw DecodeFailure(.envelope, path: "/" + name, expected: "a value in every column of it", found: "an empty one")
    }
    return text
  }

  private func time(_ row: Row, _ number: Int) throws(DecodeFailure) -> Instant {
    let text = try required(source.time, "time", row, number)
    guard let time = ImportTimes.instant(text, zone: source.zone, dayTime: source.dayTime) else {
      throw DecodeFailure(.envelope, path: "/time", expected: "a time or a date", found: "other text")
    }
    return time
  }

  private func fields(_ row: Row) throws(DecodeFailure) -> [Value.Member] {
    var members: [Value.Member] = []
    members.reserveCapacity(source.fields.count)
    for field in source.fields {
      do throws(DecodeFailure) {
        if let value = try value(of: field, row) { members.append(.init(name: field.name, value: value)) }
      } catch {
        throw error.under(field.name).under("data")
      }
    }
    return members
  }

  private func value(of field: ImportField, _ row: Row) throws(DecodeFailure) -> Value? {
    let text: String
    switch field.origin {
    case .constant(let constant): text = constant
    case .column(let column):
      if field.kind == .list, case .list(let elements)? = row.value(column) { return .list(elements) }
      text = row.text(column)
    }
    guard !text.isEmpty else { return nil }
    switch field.kind {
    case .string: return .string(text)
    case .number: return .number(try number(text))
    case .boolean:
      switch text.lowercased() {
      case "true", "yes", "1": return .bool(true)
      case "false", "no", "0": return .bool(false)
      default: throw DecodeFailure(.envelope, expected: "true, false, yes, no, 1 or 0", found: "other text")
      }
    case .time:
      guard let time = ImportTimes.instant(text, zone: source.zone, dayTime: source.dayTime) else {
        throw DecodeFailure(.envelope, expected: "a time or a date", found: "other text")
      }
      return .string(time.text)
    case .date:
      guard let date = ImportTimes.date(text) else {
        throw DecodeFailure(.envelope, expected: "a date", found: "other text")
      }
      return .string(date.text)
    case .list:
      return .list(text.split(separator: field.separator, omittingEmptySubsequences: true).map { .string(String($0)) })
    }
  }

  private func number(_ text: String) throws(DecodeFailure) -> FixedDecimal {
    do throws(FixedDecimal.ParseFailure) {
      return try FixedDecimal(json: text.utf8)
    } catch {
      let found =
        switch error {
        case .malformed: "other text"
        case .outOfRange: "a larger number"
        case .tooManyPlaces: "a number with more places"
        }
      throw DecodeFailure(.number, expected: "a number below 10^12 in size with at most 6 places", found: found)
    }
  }
}
