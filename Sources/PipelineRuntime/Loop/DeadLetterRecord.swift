import EventModel
import PipelinePorts

/// A record of `hearth.deadletter.v1` made by a consuming service.
enum DeadLetterRecord {
  static func make(of record: LogRecord, reason: DeadLetterReason) -> OutboundRecord {
    let place = record.partition
    let id = "\(place.topic)/\(place.partition)/\(record.offset)/\(reason.category)"
    let origin = Value.object([
      .init("partition", .whole(Int64(place.partition))), .init("position", .whole(record.offset)),
      .init("topic", .string(place.topic)),
    ])
    let stamped = Value.time(Instant(milliseconds: max(0, record.timestamp)))
    let data = Value.object([
      .init("class", .string(reason.category)),
      .init("origin", origin),
      .init("path", .string(reason.path)),
      .init("reason", .string(reason.message)),
      .init("receivedAt", stamped),
      .init("stage", .string("pipeline")),
    ])
    let body = Value.object([
      .init("data", data),
      .init("id", .string(id)),
      .init("source", .string("hearth/pipeline")),
      .init("specversion", .string("1.0")),
      .init("time", stamped),
      .init("type", .string("hearth.deadletter")),
    ])
    return OutboundRecord(topic: Topic.deadLetter, key: record.key, value: body.canonicalJSON)
  }
}
