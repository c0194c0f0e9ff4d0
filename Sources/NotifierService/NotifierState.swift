import EventModel
import Messaging
import PipelinePorts

/// What the notifier keeps of one subject: deliveries that are not settled.
struct NotifierState: Sendable {
  static let version: UInt8 = 1
  /// Deliveries under way for one subject; a touch beyond it fails with that reason.
  static let deliveriesMax = 64

  struct Delivery: Sendable {
    var state: DeliveryState
    /// `journey/silent_recall`.
    var source: String
    var kind: String
    var template: String
    var isReplay: Bool
  }

  let subject: Subject
  /// Of `hearth.touches.v1`: what is at or below it was taken before.
  var taken: Int64 = 0
  /// Of `hearth.deliveries.v1`.
  var sequence: Int64 = 0
  var deliveries: [Delivery] = []

  init(subject: Subject) { self.subject = subject }

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.version)
    writer.text(subject.key)
    writer.integer(taken)
    writer.integer(sequence)
    writer.count(deliveries.count)
    for delivery in deliveries {
      writer.text(delivery.source)
      writer.text(delivery.kind)
      writer.text(delivery.template)
      writer.flag(delivery.isReplay)
      writer.bytes(delivery.state.encoded())
    }
    return writer.output
  }

  init(decoding bytes: [UInt8]) throws(AdapterFailure) {
    do {
      var reader = ByteReader(bytes)
      guard try reader.byte() == Self.version, let subject = Subject(key: try reader.text()) else {
        throw ByteReader.Failure()
      }
      self.init(subject: subject)
      taken = try reader.integer()
      sequence = try reader.integer()
      for _ in 0..<(try reader.count()) {
        let (source, kind, template) = (try reader.text(), try reader.text(), try reader.text())
        let isReplay = try reader.flag()
        let state = try DeliveryState(decoding: try reader.bytes())
        deliveries.append(
          Delivery(state: state, source: source, kind: kind, template: template, isReplay: isReplay)
        )
      }
    } catch {
      throw AdapterFailure(
        code: "SUBJECT_STATE",
        reason: "stored state of a subject cannot be read: expected version \(Self.version)",
        disposition: .fatal
      )
    }
  }
}
