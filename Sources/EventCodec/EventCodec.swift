import EventModel

/// Events as CloudEvents 1.0 structured JSON.
///
/// Attributes: `specversion` ("1.0"), `id`, `source`, `type`, `time`, `subject` (`member/900`), `tenant`, `receivedat`
/// (missing: `time`), `actor` (missing: `member`), `community`, `channel`, `operator`, `data` (an object; missing:
/// empty). Other attributes are ignored. Messages of the services (tags, funnels, touches …) have the same envelope.
package enum EventCodec {
  /// Reads one event. `arrival` gives the tenant and `receivedAt` in place of the document's.
  ///
  /// Throws class `json`, `encoding`, `envelope`, `number`, `size`, `depth` or `tenant`. Lateness, type catalogue and
  /// schema are judged elsewhere.
  package static func decode(
    _ bytes: [UInt8],
    arrival: Arrival? = nil,
    limits: DecodeLimits = .event
  ) throws(DecodeFailure) -> Event {
    try bytes.withUnsafeBufferPointer { (buffer) throws(DecodeFailure) in
      try decode(buffer, arrival: arrival, limits: limits)
    }
  }

  /// The same over borrowed bytes; they are not kept.
  package static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>,
    arrival: Arrival? = nil,
    limits: DecodeLimits = .event
  ) throws(DecodeFailure) -> Event {
    try withNodes(bytes, limits: limits) { (nodes) throws(DecodeFailure) in
      try EnvelopeReader(nodes).event(arrival: arrival)
    }
  }

  /// Canonical bytes: names by code point, no spaces, `actor` and `receivedat` always written.
  package static func encode(_ event: Event) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    encode(event, to: &bytes)
    return bytes
  }

  /// Appends the canonical bytes.
  package static func encode(_ event: Event, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: #"{"actor":""#.utf8)
    bytes.append(contentsOf: event.actor.rawValue.utf8)
    if let channel = event.channel { attribute(#"","channel":""#, channel, to: &bytes) }
    if let community = event.community { attribute(#"","community":""#, community, to: &bytes) }
    bytes.append(contentsOf: #"","data":"#.utf8)
    JSONWriter.write(event.data, to: &bytes)
    attribute(#","id":""#, event.id, to: &bytes)
    if let name = event.operator { attribute(#"","operator":""#, name, to: &bytes) }
    bytes.append(contentsOf: #"","receivedat":"#.utf8)
    JSONWriter.write(event.receivedAt, to: &bytes)
    attribute(#","source":""#, event.source, to: &bytes)
    attribute(#"","specversion":"1.0","subject":""#, event.subject.kind.rawValue, to: &bytes)
    bytes.append(UInt8(ascii: "/"))
    JSONWriter.writeContent(event.subject.id, to: &bytes)
    attribute(#"","tenant":""#, event.tenant, to: &bytes)
    bytes.append(contentsOf: #"","time":"#.utf8)
    JSONWriter.write(event.time, to: &bytes)
    attribute(#","type":""#, event.type, to: &bytes)
    bytes.append(contentsOf: #""}"#.utf8)
  }

  private static func attribute(_ before: StaticString, _ text: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: before.utf8Start, count: before.utf8CodeUnitCount))
    JSONWriter.writeContent(text, to: &bytes)
  }
}
