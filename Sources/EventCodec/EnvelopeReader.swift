import CSimdJSON
import EventModel
import Glibc

/// How an event came: what the receiver knows better than the sender.
package struct Arrival: Hashable, Sendable {
  /// The key's tenant; an event that names another is refused with class `tenant`.
  package var tenant: String
  /// When it was received; `nil`: at its own `time` (an import).
  package var receivedAt: Instant?

  package init(tenant: String, receivedAt: Instant?) {
    self.tenant = tenant
    self.receivedAt = receivedAt
  }
}

/// Finds the attributes of a CloudEvents 1.0 envelope in a document's nodes and builds the event.
struct EnvelopeReader {
  let nodes: JSONNodes
  private var specversion = 0
  private var id = 0
  private var source = 0
  private var type = 0
  private var time = 0
  private var subject = 0
  private var tenant = 0
  private var receivedAt = 0
  private var actor = 0
  private var community = 0
  private var channel = 0
  private var `operator` = 0
  private var contentType = 0
  private var data = 0

  /// Index 0 is the document itself, so 0 stands for "absent". An attribute that is null is absent, as CloudEvents says.
  init(_ nodes: JSONNodes) throws(DecodeFailure) {
    self.nodes = nodes
    guard Int(nodes[0].kind) == HEARTH_JSON_OBJECT else {
      throw DecodeFailure(.envelope, expected: "an object", found: nodes.kind(of: nodes[0]))
    }
    var index = 1
    for _ in 0..<nodes[0].length {
      if Int(nodes[index + 1].kind) != HEARTH_JSON_NULL { try note(nodes[index], at: index + 1) }
      index = Int(nodes[index + 1].next)
    }
  }

  private mutating func note(_ name: hearth_json_node, at index: Int) throws(DecodeFailure) {
    switch name.length {
    case 2: if named(name, "id") { id = index }
    case 4:
      if named(name, "type") {
        type = index
      } else if named(name, "time") {
        time = index
      } else if named(name, "data") {
        data = index
      }
    case 5: if named(name, "actor") { actor = index }
    case 6: if named(name, "source") { source = index } else if named(name, "tenant") { tenant = index }
    case 7: if named(name, "subject") { subject = index } else if named(name, "channel") { channel = index }
    case 8: if named(name, "operator") { `operator` = index }
    case 9: if named(name, "community") { community = index }
    case 10: if named(name, "receivedat") { receivedAt = index }
    case 11:
      if named(name, "specversion") { specversion = index }
      if named(name, "data_base64") {
        throw DecodeFailure(.envelope, path: "/data_base64", expected: "`data`", found: "binary data")
      }
    case 15: if named(name, "datacontenttype") { contentType = index }
    default: break
    }
  }

  private static func isSame(_ text: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
    guard text.count == name.utf8CodeUnitCount, let start = text.baseAddress else { return false }
    return memcmp(start, name.utf8Start, text.count) == 0
  }

  private func named(_ node: hearth_json_node, _ name: StaticString) -> Bool {
    guard let text = node.text else { return false }
    return memcmp(text, name.utf8Start, name.utf8CodeUnitCount) == 0
  }

  func event(arrival: Arrival?) throws(DecodeFailure) -> Event {
    try checkVersion()
    let tenant = try tenantName(arrival)
    let time = try instant(self.time, "time")
    return Event(
      id: try text(id, "id"),
      source: try text(source, "source", bytesMax: AcceptanceLimits.nameBytesMax),
      tenant: tenant,
      type: try typeName(),
      time: time,
      receivedAt: try received(arrival, time: time),
      actor: try actorName(),
      subject: try subject(tenant: tenant),
      community: try optionalText(community, "community"),
      channel: try optionalText(channel, "channel"),
      operator: try optionalText(`operator`, "operator"),
      data: try dataObject()
    )
  }

  private func checkVersion() throws(DecodeFailure) {
    let version = try string(specversion, "specversion", expected: "1.0")
    guard Self.isSame(version, "1.0") else {
      throw DecodeFailure(.envelope, path: "/specversion", expected: "1.0", found: "another version")
    }
    guard contentType != 0 else { return }
    let type = try string(contentType, "datacontenttype", expected: "application/json")
    let json = "application/json".utf8
    guard type.starts(with: json), type.count == json.count || type[json.count] == UInt8(ascii: ";") else {
      throw DecodeFailure(.envelope, path: "/datacontenttype", expected: "application/json", found: "another type")
    }
  }

  private func tenantName(_ arrival: Arrival?) throws(DecodeFailure) -> String {
    if let arrival {
      guard tenant != 0 else { return arrival.tenant }
      let named = try string(tenant, "tenant", expected: "the key's tenant")
      guard named.elementsEqual(arrival.tenant.utf8) else {
        throw DecodeFailure(.tenant, path: "/tenant", expected: "the key's tenant", found: "another tenant")
      }
      return arrival.tenant
    }
    let expected = "a tenant of 1 to 63 of a-z, 0-9 and -"
    let named = try string(tenant, "tenant", expected: expected)
    guard EnvelopeForms.isTenant(named) else {
      throw DecodeFailure(.envelope, path: "/tenant", expected: expected, found: "other text")
    }
    return String(decoding: named, as: UTF8.self)
  }

  private func typeName() throws(DecodeFailure) -> String {
    let expected = "a type of 1 to \(AcceptanceLimits.nameBytesMax) bytes like order.paid"
    guard type != 0, Int(nodes[type].kind) == HEARTH_JSON_STRING else { throw missing(type, "type", expected) }
    let name = nodes.text(nodes[type])
    guard EnvelopeForms.isType(name) else {
      throw DecodeFailure(.envelope, path: "/type", expected: expected, found: "other text")
    }
    return String(decoding: name, as: UTF8.self)
  }

  private func received(_ arrival: Arrival?, time: Instant) throws(DecodeFailure) -> Instant {
    if let arrival { return arrival.receivedAt ?? time }
    return receivedAt == 0 ? time : try instant(receivedAt, "receivedat")
  }

  private func actorName() throws(DecodeFailure) -> Actor {
    guard actor != 0 else { return .member }
    let expected = "member, operator, insider or system"
    let name = try string(actor, "actor", expected: expected)
    switch name.count {
    case 6 where Self.isSame(name, "member"): return .member
    case 6 where Self.isSame(name, "system"): return .system
    case 7 where Self.isSame(name, "insider"): return .insider
    case 8 where Self.isSame(name, "operator"): return .operator
    default: throw DecodeFailure(.envelope, path: "/actor", expected: expected, found: "other text")
    }
  }

  private func subject(tenant: String) throws(DecodeFailure) -> Subject {
    let expected = "KIND/ID with a kind of member, community, channel, campaign or operator"
    let path = try string(subject, "subject", expected: expected)
    guard let slash = path.firstIndex(of: UInt8(ascii: "/")),
      let kind = Self.kind(UnsafeBufferPointer(rebasing: path[..<slash])), EnvelopeForms.isText(path[(slash + 1)...])
    else { throw DecodeFailure(.envelope, path: "/subject", expected: expected, found: "other text") }
    return Subject(tenant: tenant, kind: kind, id: String(decoding: path[(slash + 1)...], as: UTF8.self))
  }

  private static func kind(_ name: UnsafeBufferPointer<UInt8>) -> SubjectKind? {
    if Self.isSame(name, "member") { return .member }
    return SubjectKind(rawValue: String(decoding: name, as: UTF8.self))
  }

  private func dataObject() throws(DecodeFailure) -> Value {
    guard data != 0 else { return .object([]) }
    guard Int(nodes[data].kind) == HEARTH_JSON_OBJECT else { throw missing(data, "data", "an object") }
    do throws(DecodeFailure) {
      return try nodes.value(at: data)
    } catch {
      throw error.under("data")
    }
  }

  private func optionalText(_ index: Int, _ name: String) throws(DecodeFailure) -> String? {
    index == 0 ? nil : try text(index, name)
  }

  private func text(
    _ index: Int,
    _ name: String,
    bytesMax: Int = AcceptanceLimits.idBytesMax
  ) throws(DecodeFailure) -> String {
    guard index != 0, Int(nodes[index].kind) == HEARTH_JSON_STRING,
      EnvelopeForms.isText(nodes.text(nodes[index]), bytesMax: bytesMax)
    else {
      let expected = "1 to \(bytesMax) bytes without control characters"
      guard index != 0, Int(nodes[index].kind) == HEARTH_JSON_STRING else { throw missing(index, name, expected) }
      let found = nodes[index].length > bytesMax ? "\(nodes[index].length) bytes" : "other text"
      throw DecodeFailure(.envelope, path: "/" + name, expected: expected, found: found)
    }
    return nodes.string(nodes[index])
  }

  private func instant(_ index: Int, _ name: String) throws(DecodeFailure) -> Instant {
    let expected = "an RFC 3339 time of the years 1970 to 9999"
    let text = try string(index, name, expected: expected)
    guard let instant = EnvelopeForms.time(text) else {
      throw DecodeFailure(.envelope, path: "/" + name, expected: expected, found: "other text")
    }
    return instant
  }

  private func string(
    _ index: Int,
    _ name: String,
    expected: String
  ) throws(DecodeFailure) -> UnsafeBufferPointer<UInt8> {
    guard index != 0, Int(nodes[index].kind) == HEARTH_JSON_STRING else { throw missing(index, name, expected) }
    return nodes.text(nodes[index])
  }

  private func missing(_ index: Int, _ name: String, _ expected: String) -> DecodeFailure {
    DecodeFailure(
      .envelope,
      path: "/" + name,
      expected: expected,
      found: index == 0 ? "nothing" : nodes.kind(of: nodes[index])
    )
  }
}
