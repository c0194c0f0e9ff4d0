import Digests
import EventCodec
import EventModel
import PipelinePorts

/// The records that one judged item becomes.
package enum EventRecords {
  /// One for the first subject and, where the event names a community, a copy under the community's key.
  package static func accepted(_ event: Event) -> [OutboundRecord] {
    let value = EventCodec.encode(event)
    var records = [OutboundRecord(topic: Topic.events, key: event.subject.keyBytes, value: value)]
    if let community = event.communitySubject {
      records.append(OutboundRecord(topic: Topic.communityEvents, key: Array(community.key.utf8), value: value))
    }
    return records
  }

  /// A dead letter. Its id is the SHA-256 of class and payload, so that a repeat is recognisable; the key is the
  /// event's subject, or `TENANT/channel/ingest` where that could not be read. The payload stands in base64, cut to
  /// `payloadBytesMax`.
  package static func deadLetter(
    _ failure: DecodeFailure,
    payload: UnsafeBufferPointer<UInt8>,
    tenant: String,
    subject: Subject?,
    at time: Instant,
    payloadBytesMax: Int
  ) -> OutboundRecord {
    var source = Array(failure.failureClass.rawValue.utf8)
    source.append(0)
    source.append(contentsOf: payload)
    let subject = subject ?? Subject(tenant: tenant, kind: .channel, id: "ingest")
    let kept = payload.prefix(payloadBytesMax)
    let data = Value.object([
      .init(name: "class", value: .string(failure.failureClass.rawValue)),
      .init(name: "path", value: .string(failure.path)),
      .init(name: "payload", value: .string(base64Encode(kept))),
      .init(name: "payload_bytes", value: FixedDecimal(payload.count).map { .number($0) } ?? .null),
      .init(name: "reason", value: .string(failure.description)),
      .init(name: "stage", value: .string("ingest")),
      .init(name: "truncated", value: .bool(kept.count < payload.count)),
    ])
    let value = MessageWriter.cloudEvent(
      id: hexadecimal(sha256(source)),
      source: "hearth/ingest",
      type: "hearth.deadletter",
      time: time,
      subject: subject,
      data: data
    )
    return OutboundRecord(topic: Topic.deadLetter, key: subject.keyBytes, value: value)
  }

  /// A tick for one partition; `ends` marks the last of an import.
  package static func tick(
    tenant: String,
    time: Instant,
    topic: String,
    partition: Int32,
    ends: Bool
  ) -> OutboundRecord {
    let record = ControlRecord.tick(tenant: tenant, time: time, source: topic, ends: ends)
    return OutboundRecord(
      topic: topic,
      partition: partition,
      key: Array(tenant.utf8),
      value: ControlCodec.encode(record),
      headers: [LogHeader(name: Topic.controlHeader, value: ControlCodec.kind(record))]
    )
  }
}
