import EventCodec
import EventModel
import Messaging
import PipelinePorts
import PipelineRuntime

/// The outcome of a delivery as message, as row, and as an event of the member.
struct ReceiptMessage {
  let receipt: DeliveryReceipt
  let source: String
  let kind: String
  let template: String
  let isReplay: Bool

  func published(of subject: Subject, sequence: Int64) -> PublishedMessage {
    var fields: [Value.Member] = [
      .init("attempts", .whole(Int64(receipt.attempts))),
      .init("by", .string(source)),
      .init("channel", .string(receipt.channel)),
      .init("class", .string(receipt.status == .sent ? "done" : receipt.status.rawValue)),
      .init("kind", .string(kind)),
      .init("reason", .string(receipt.reason.isEmpty ? "taken" : receipt.reason)),
      .init("status", .string(receipt.status.rawValue)),
      .init("template", .string(template)),
      .init("touch", .string(receipt.touch)),
    ]
    if receipt.status == .sent { fields.append(.init("sentAt", .time(receipt.at))) }
    return PublishedMessage(
      topic: Topic.deliveries,
      type: "hearth.delivery.receipt",
      source: "hearth/notifier",
      idPrefix: "delivery",
      subject: subject,
      sequence: sequence,
      mode: isReplay ? .replay : .live,
      fields: fields,
      decidedAt: receipt.at
    )
  }

  func row(tenant: String) -> TableRow {
    .delivery(
      DeliveryRow(
        tenant: tenant,
        touch: receipt.touch,
        channel: receipt.channel,
        status: receipt.status.rawValue,
        attempts: receipt.attempts,
        reason: receipt.reason,
        updatedAt: receipt.at
      )
    )
  }

  /// `touch.delivered` of the member, keyed as every event is.
  func event<Memory, Effect>(of subject: Subject, in lane: LaneContext<Memory, Effect>) -> OutboundRecord? {
    guard subject.kind == .member else { return nil }
    let event = Event(
      id: "delivered-\(receipt.touch)".clipped(toBytes: AcceptanceLimits.idBytesMax),
      source: "hearth/notifier",
      tenant: subject.tenant,
      type: "touch.delivered",
      time: lane.clock,
      receivedAt: lane.clock,
      actor: .system,
      subject: subject,
      channel: receipt.channel,
      data: .object([.init("kind", .string(kind)), .init("touch", .string(receipt.touch))])
    )
    return OutboundRecord(topic: Topic.events, key: subject.keyBytes, value: EventCodec.encode(event))
  }
}

extension String {
  /// Ids have at most 100 bytes; a longer one keeps its end, which tells touches apart.
  fileprivate func clipped(toBytes count: Int) -> String {
    utf8.count <= count ? self : String(decoding: utf8.suffix(count), as: UTF8.self)
  }
}
