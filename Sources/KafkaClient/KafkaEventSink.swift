import CRDKafka
import Dispatch
import PipelinePorts
import Synchronization

/// Writes records with an idempotent producer, acks=all; delivery reports are gathered by a thread of its own.
///
/// Records of one call to one partition keep their order. Calls that run at the same time are not ordered among
/// themselves. A failed write may be repeated as it is: readers drop what they have by `sequence`.
///
/// librdkafka can reach a state in which the producer is of no more use (`rd_kafka_fatal_error`, e.g. a gap in the
/// idempotent sequence). The calls under way and all later ones then fail with code `lostCode`, `.retriable`: the owner
/// closes this sink and makes another (`RenewingEventSink` does).
package final class KafkaEventSink: EventSink {
  /// Code of failures after which only a new sink helps.
  package static let lostCode = "_FATAL"

  private let loop: ProducerLoop

  /// Connects in the background; a broker that cannot be reached shows as writes that wait.
  package init(_ connection: KafkaConnection, _ settings: KafkaProducerSettings = .init()) throws(KafkaOpeningFailure) {
    loop = try ProducerLoop(connection, settings)
    do throws(AdapterFailure) {
      let loop = loop
      try DedicatedThread.start(name: "kafka-delivery") { loop.run() }
    } catch {
      loop.abandon()
      throw .client(error)
    }
  }

  deinit { loop.requestClose(nil) }

  /// True once only a new sink can write.
  package var isLost: Bool { loop.isLost }

  /// Records and bytes under way now.
  package var load: (records: Int, bytes: Int) { loop.load }

  @discardableResult
  package func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    guard !records.isEmpty else { return [] }
    return try await loop.write(records).get()
  }

  /// Lets writes under way finish for `closeTimeout`, then drops and answers them. May be called twice.
  package func close() async {
    await withCheckedContinuation { loop.requestClose($0) }
  }
}
