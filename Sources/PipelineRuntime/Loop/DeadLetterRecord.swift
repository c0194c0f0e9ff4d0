import EventModel
import PipelinePorts

/// A record of `hearth.deadletter.v1` made by a consuming service.
enum DeadLetterRecord {
  static func make(of record: LogRecord, reason: DeadLetterReason) -> OutboundRecord {
    let place = record.partition
    let id = "\(place.topic)/\(place.partition)/\(record.offset)/\(reason.category)"
    let data = Value.object([
      .init(name: "class", value: .string(reason.category)),
      .init(name: "path", value: .string(reason.path)),
      .init(name: "reason", value: .string(reason.message)),
      .init(name: "topic", value: .string(place.topic)),
      .init(name: "partition", value: FixedDecimal(Int(place.partition)).map(Value.number) ?? .null),
      .init(name: "offset", value: FixedDecimal(Int(record.offset)).map(Value.number) ?? .null),
    ])
    let body = Value.object([
      .init(name: "specversion", value: .string("1.0")),
      .init(name: "id", value: .string(id)),
      .init(name: "source", value: .string("/hearth/pipeline")),
      .init(name: "type", value: .string("hearth.deadletter")),
      .init(name: "time", value: .time(Instant(milliseconds: max(0, record.timestamp)))),
      .init(name: "data", value: data),
    ])
    return OutboundRecord(topic: Topic.deadLetter, key: record.key, value: body.canonicalJSON)
  }
}
