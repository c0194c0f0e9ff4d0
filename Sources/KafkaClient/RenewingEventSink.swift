import PipelinePorts

/// A sink that replaces its producer when only a new one can write.
///
/// The old producer is closed, every call on it answered, before the new one takes a record, so that a repeated call is
/// never overtaken by its first attempt. Calls that meet the change fail with `KafkaEventSink.lostCode`, `.retriable`.
package actor RenewingEventSink: EventSink {
  private let make: @Sendable () throws(KafkaOpeningFailure) -> KafkaEventSink
  private var sink: KafkaEventSink
  private var isRenewing = false
  private var isClosed = false
  /// How often the producer was replaced.
  package private(set) var renewals = 0

  /// - Parameter make: called at once, and again for each replacement.
  package init(_ make: @escaping @Sendable () throws(KafkaOpeningFailure) -> KafkaEventSink) throws(KafkaOpeningFailure)
  {
    self.make = make
    sink = try make()
  }

  /// See `KafkaEventSink.write`; makes a new producer first when the present one is lost.
  package func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    if sink.isLost { try await renew() }
    let current = sink
    return try await current.write(records)
  }

  /// Closes the present producer; none is made afterwards.
  package func close() async {
    isClosed = true
    await sink.close()
  }

  private func renew() async throws(AdapterFailure) {
    guard !isClosed else { throw KafkaFailure.closed("Kafka producer") }
    guard !isRenewing else {
      throw AdapterFailure(
        code: KafkaEventSink.lostCode,
        reason: "the Kafka producer is being made anew",
        disposition: .retriable
      )
    }
    isRenewing = true
    defer { isRenewing = false }
    await sink.close()
    guard !isClosed else { throw KafkaFailure.closed("Kafka producer") }
    do throws(KafkaOpeningFailure) {
      sink = try make()
      renewals += 1
    } catch {
      throw AdapterFailure(code: KafkaEventSink.lostCode, reason: error.description, disposition: .retriable)
    }
  }
}
