import EventCodec
import EventModel
import PipelinePorts

/// A message that a service publishes about a subject, as `schemas/messages/` describes it: a CloudEvent whose `data`
/// carries, beside its own fields, `decidedAt`, `playbookVersion`, `mode`, `sequence`, `origin` and `storeEpoch`.
package struct PublishedMessage: Sendable {
  package var topic: String
  /// `hearth.tag.changed` and the like.
  package var type: String
  /// `hearth/tagger`.
  package var source: String
  /// The first part of the message's id: `tag`.
  package var idPrefix: String
  package var subject: Subject
  /// Gapless per topic and key, from 1.
  package var sequence: Int64
  package var mode: ChangeMode
  /// The message's own fields.
  package var fields: [Value.Member]
  /// When it was decided, where that is not the lane's clock.
  package var decidedAt: Instant?

  package init(
    topic: String,
    type: String,
    source: String,
    idPrefix: String,
    subject: Subject,
    sequence: Int64,
    mode: ChangeMode,
    fields: [Value.Member],
    decidedAt: Instant? = nil
  ) {
    self.topic = topic
    self.type = type
    self.source = source
    self.idPrefix = idPrefix
    self.subject = subject
    self.sequence = sequence
    self.mode = mode
    self.fields = fields
    self.decidedAt = decidedAt
  }

  /// The record, decided at the lane's clock, caused by the record at hand.
  package func record<Memory, Effect>(in lane: LaneContext<Memory, Effect>) -> OutboundRecord {
    let decidedAt = decidedAt ?? lane.clock
    let origin = Value.object([
      .init("partition", .whole(Int64(lane.position.partition.partition))),
      .init("position", .whole(lane.position.offset)),
      .init("topic", .string(lane.position.partition.topic)),
    ])
    let data = Value.object(
      Self.merged(
        fields,
        [
          .init("decidedAt", .time(decidedAt)),
          .init("mode", .string(mode.rawValue)),
          .init("origin", origin),
          .init("playbookVersion", .whole(lane.playbookVersion)),
          .init("sequence", .whole(sequence)),
          .init("storeEpoch", .whole(lane.storeEpoch)),
        ]
      )
    )
    let value = MessageWriter.cloudEvent(
      id: "\(idPrefix):\(subject.path):\(sequence)",
      source: source,
      type: type,
      time: decidedAt,
      subject: subject,
      data: data
    )
    return OutboundRecord(topic: topic, key: subject.keyBytes, value: value)
  }
}

extension PublishedMessage {
  /// Two lists that are each in order of their names, as one: the writer then finds nothing to sort. Lists out of order
  /// give a list out of order, which it sorts.
  private static func merged(_ left: [Value.Member], _ right: [Value.Member]) -> [Value.Member] {
    var merged: [Value.Member] = []
    merged.reserveCapacity(left.count + right.count)
    var next = 0
    for member in left {
      while next < right.count, precedesBytewise(right[next].name, member.name) {
        merged.append(right[next])
        next += 1
      }
      merged.append(member)
    }
    merged.append(contentsOf: right[next...])
    return merged
  }
}

/// A message of another service, as a consumer reads it.
package struct ReceivedMessage: Sendable {
  package var event: Event

  /// `data` of a published message, with its envelope.
  package init(decoding record: LogRecord) throws(DecodeFailure) {
    event = try EventCodec.decode(record.value ?? [], limits: .message)
  }

  package var sequence: Int64 { number("sequence") ?? 0 }
  package var mode: ChangeMode { text("mode").flatMap(ChangeMode.init(rawValue:)) ?? .live }
  package var decidedAt: Instant? { instant("decidedAt") }

  package func text(_ name: String) -> String? {
    if case .string(let text)? = event.data[name] { text } else { nil }
  }

  package func instant(_ name: String) -> Instant? { text(name).flatMap { Instant(text: $0) } }

  package func number(_ name: String) -> Int64? {
    if case .number(let number)? = event.data[name] { number.millionths / FixedDecimal.scale } else { nil }
  }
}

/// Control records on their way to an output topic.
package enum ControlMessage {
  /// The same control record for partition `partition` of `topic`.
  package static func record(_ control: ControlRecord, topic: String, partition: Int32) -> OutboundRecord {
    OutboundRecord(
      topic: topic,
      partition: partition,
      key: Array(control.tenant.utf8),
      value: ControlCodec.encode(control),
      headers: [LogHeader(name: Topic.controlHeader, value: ControlCodec.kind(control))]
    )
  }

  /// The control record in a log record; nil for an ordinary one.
  package static func decode(_ record: LogRecord) -> Result<ControlRecord, DeadLetterReason>? {
    guard record.header(Topic.controlHeader) != nil else { return nil }
    do {
      return .success(try ControlCodec.decode(record.value ?? []))
    } catch {
      return .failure(DeadLetterReason(error))
    }
  }
}

extension DeadLetterReason: Error {
  package init(_ failure: DecodeFailure) {
    self.init(
      category: failure.failureClass.rawValue,
      path: failure.path,
      message: "expected \(failure.expected), found \(failure.found)"
    )
  }
}
