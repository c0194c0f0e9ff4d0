import EventModel

/// Control records: a JSON object, in a record whose header `hearth-control` holds the kind (`tick`, `activate`,
/// `population`).
package enum ControlCodec {
  /// The value of the header `hearth-control`, UTF-8.
  package static func kind(_ record: ControlRecord) -> [UInt8] { Array(kindName(record).utf8) }

  private static func kindName(_ record: ControlRecord) -> String {
    switch record {
    case .tick: "tick"
    case .activate: "activate"
    case .population: "population"
    }
  }

  /// Canonical JSON. A population's `cut` keeps its kind when it is null, a boolean, a number, a string or a list.
  package static func encode(_ record: ControlRecord) -> [UInt8] {
    var members = [Value.Member(name: "control", value: .string(kindName(record)))]
    func add(_ name: String, _ value: Value) { members.append(Value.Member(name: name, value: value)) }
    switch record {
    case .tick(let tenant, let time, let source, let ends):
      if ends { add("ends", .bool(true)) }
      add("source", .string(source))
      add("tenant", .string(tenant))
      add("time", .time(time))
    case .activate(let tenant, let version):
      add("tenant", .string(tenant))
      add("version", .string(String(version)))
    case .population(let tenant, let segment, let asOf, let cut, let lastMember):
      add("as_of", .time(asOf))
      add("cut", cut)
      add("last_member", .string(lastMember))
      add("segment", .string(segment))
      add("tenant", .string(tenant))
    }
    var bytes: [UInt8] = []
    JSONWriter.write(.object(members), to: &bytes)
    return bytes
  }

  /// Throws class `json`, `encoding`, `number` or `envelope`.
  package static func decode(_ bytes: [UInt8]) throws(DecodeFailure) -> ControlRecord {
    let fields = Fields(value: try JSONReader.parse(bytes))
    let tenant = try fields.text("tenant")
    switch try fields.text("control") {
    case "tick":
      return .tick(
        tenant: tenant,
        time: try fields.time("time"),
        source: try fields.text("source"),
        ends: fields.value["ends"] == .bool(true)
      )
    case "activate":
      guard let version = Int64(try fields.text("version")) else { throw fields.failure("version", "a whole number") }
      return .activate(tenant: tenant, version: version)
    case "population":
      guard let cut = fields.value["cut"] else { throw fields.failure("cut", "a value") }
      return .population(
        tenant: tenant,
        segment: try fields.text("segment"),
        asOf: try fields.time("as_of"),
        cut: cut,
        lastMember: try fields.text("last_member")
      )
    default: throw fields.failure("control", "tick, activate or population")
    }
  }

  private struct Fields {
    let value: Value

    func text(_ name: String) throws(DecodeFailure) -> String {
      guard case .string(let text)? = value[name] else { throw failure(name, "a string") }
      return text
    }

    func time(_ name: String) throws(DecodeFailure) -> Instant {
      guard let instant = Instant(text: try text(name)) else { throw failure(name, "an RFC 3339 time") }
      return instant
    }

    func failure(_ name: String, _ expected: String) -> DecodeFailure {
      DecodeFailure(.envelope, path: "/" + name, expected: expected, found: value[name] == nil ? "nothing" : "other")
    }
  }
}
