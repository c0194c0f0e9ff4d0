import CRDKafka
import Dispatch
import PipelinePorts
import Synchronization

/// A member of a Kafka consumer group (librdkafka), polled by a thread of its own.
///
/// The thread polls whatever the owner does, so that neither a slow store nor a paused partition costs the membership.
/// Every partition comes without position; `start(at:)` gives it the store's, by `rd_kafka_assign`. A revocation first
/// drops what the owner has not seen of the partitions, then waits up to `releaseGrace` for the owner to read
/// `.revoked` and call `poll` again, and then lets them go: a stuck owner cannot stall the group.
///
/// Calls may come from any task; one `poll` at a time (a second one ends the first with nil).
package final class KafkaEventSource: EventSource {
  /// How long a question about watermarks may take.
  static let watermarkTimeout = Duration.seconds(5)

  private let loop: ConsumerLoop

  /// Joins the group in the background; `poll` tells when there is an assignment.
  package init(_ connection: KafkaConnection, _ settings: KafkaConsumerSettings) throws(KafkaOpeningFailure) {
    loop = try ConsumerLoop(connection, settings)
    do {
      try loop.subscribe(settings.topics)
      let loop = loop
      try DedicatedThread.start(name: "kafka-poll") { loop.run() }
    } catch {
      loop.abandon()
      throw .client(error)
    }
  }

  deinit { loop.shared.requestClose(nil) }

  /// True while nothing is fetched because the owner does not take what there is; polling goes on.
  package var isStalled: Bool { loop.isFetchStalled }

  /// See `EventSource`. Ends at once with nil when the task is cancelled or the source closes.
  package func poll(timeout: Duration, recordsMax: Int) async -> SourceHappening? {
    await loop.shared.poll(timeout: timeout, recordsMax: recordsMax)
  }

  /// Starts those of the partitions that are still this member's as it knows them; others are passed over, because
  /// a `.revoked` for them is on its way. Throws `_INVALID_ARG` (permanent) for a negative offset.
  package func start(at offsets: [PartitionID: Int64]) async throws(AdapterFailure) {
    if let (partition, offset) = offsets.first(where: { $0.value < 0 }) {
      throw AdapterFailure(
        code: "_INVALID_ARG",
        reason: "start \(partition.topic)/\(partition.partition) at offset \(offset)",
        disposition: .permanent
      )
    }
    try await loop.shared.perform { .start(offsets, $0) }
  }

  /// From its return on nothing of these partitions is given, fetched already or not, until `resume`.
  package func pause(_ partitions: [PartitionID]) async throws(AdapterFailure) {
    try await loop.shared.perform { .pause(partitions, true, $0) }
  }

  /// Gives what was fetched before the pause first, then goes on. A new assignment is never paused.
  package func resume(_ partitions: [PartitionID]) async throws(AdapterFailure) {
    try await loop.shared.perform { .pause(partitions, false, $0) }
  }

  /// Commits in the background; offsets of partitions that are not this member's are left out, errors dropped.
  package func hint(_ offsets: [PartitionID: Int64]) async {
    loop.shared.submit(.hint(offsets))
  }

  /// Asks the partition's leader; at most 5 s.
  package func watermarks(of partition: PartitionID) async throws(AdapterFailure) -> (low: Int64, high: Int64) {
    let handle = loop.handle
    let result = await loop.lane.run { Watermarks.query(handle, partition, timeout: Self.watermarkTimeout) }
    let marks = try result.get()
    return (marks.low, marks.high)
  }

  /// Leaves the group within `closeTimeout` and frees the handle. May be called twice.
  package func close() async {
    await loop.shared.close()
  }
}

/// Low and high watermark of a partition.
struct Watermarks: Sendable {
  var low: Int64
  var high: Int64

  /// Asks the partition's leader; blocks.
  static func query(
    _ handle: KafkaClientHandle,
    _ partition: PartitionID,
    timeout: Duration
  ) -> Result<Watermarks, AdapterFailure> {
    let action = "watermarks of \(partition.topic)/\(partition.partition)"
    let answer: Result<Watermarks, AdapterFailure>? = handle.gate.within {
      var marks = Watermarks(low: -1, high: -1)
      let error = rd_kafka_query_watermark_offsets(
        handle.pointer,
        partition.topic,
        partition.partition,
        &marks.low,
        &marks.high,
        timeout.wholeMilliseconds
      )
      return error == RD_KAFKA_RESP_ERR_NO_ERROR ? .success(marks) : .failure(KafkaFailure.make(error, action))
    }
    return answer ?? .failure(KafkaFailure.closed("Kafka client"))
  }
}

/// Runs blocking calls one after another, off the cooperative pool.
struct BlockingLane: Sendable {
  private let queue: DispatchQueue

  init(_ name: String) { queue = DispatchQueue(label: name) }

  func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: body()) }
    }
  }

  func submit(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }
}
