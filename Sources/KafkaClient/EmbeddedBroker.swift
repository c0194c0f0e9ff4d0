import CRDKafka
import PipelinePorts
import Synchronization

/// librdkafka's mock cluster as a broker for development, demonstration and CI: one broker on a random loopback port.
///
/// It is no durable log: 5 MiB a partition, the oldest dropped without a word; nothing survives the process. It has no
/// administration, so topics are made from the catalogue here; a first member waits 3 s to join a group, later ones
/// the session timeout less one second; a member that syncs after its group's leader is refused (`LeaderPause`); two
/// assignors in one group abort the process. It belongs into a process of its own (an abort must not take a service
/// along), except in tests.
package final class EmbeddedBroker: Sendable {
  /// Bytes that a partition keeps.
  package static let partitionBytesMax = 5 << 20
  /// librdkafka numbers mock brokers from 1.
  private static let brokerID: Int32 = 1

  private let handle: KafkaClientHandle
  private let cluster: ClusterHandle
  /// `host:port` for clients.
  package let bootstrapServers: String

  /// Starts the broker with the catalogue's topics.
  package init(catalogue: TopicCatalogue, log: (@Sendable (KafkaLogLine) -> Void)? = nil) throws(KafkaOpeningFailure) {
    // The client only houses the mock cluster; it never connects to where it is told.
    let connection = KafkaConnection(bootstrapServers: "127.0.0.1:1", clientID: "hearth-broker", log: log)
    handle = try KafkaClientHandle(RD_KAFKA_PRODUCER, connection, role: [], callbacks: KafkaCallbacks(log: log))
    guard let pointer = rd_kafka_mock_cluster_new(handle.pointer, 1),
      let servers = rd_kafka_mock_cluster_bootstraps(pointer)
    else {
      handle.destroy()
      throw .client(
        AdapterFailure(code: "mock_cluster", reason: "start the embedded broker", disposition: .fatal)
      )
    }
    cluster = ClusterHandle(pointer: pointer)
    bootstrapServers = String(cString: servers)
    do throws(AdapterFailure) {
      try create(catalogue)
    } catch {
      stop()
      throw .client(error)
    }
  }

  /// Runs a broker until the task is cancelled.
  /// - Parameter ready: told the servers' `host:port` once clients may connect.
  package static func run(
    catalogue: TopicCatalogue,
    log: (@Sendable (KafkaLogLine) -> Void)? = nil,
    ready: (String) async -> Void
  ) async throws(KafkaOpeningFailure) {
    let broker = try EmbeddedBroker(catalogue: catalogue, log: log)
    await ready(broker.bootstrapServers)
    let (forever, continuation) = AsyncStream<Never>.makeStream()
    // Nothing is ever sent; the wait ends when the task is cancelled.
    for await _ in forever {}
    continuation.finish()
    broker.stop()
  }

  /// Adds the catalogue's topics; one that exists is a failure.
  package func create(_ catalogue: TopicCatalogue) throws(AdapterFailure) {
    for topic in catalogue.topics {
      let error = handle.gate.within {
        rd_kafka_mock_topic_create(cluster.pointer, topic.name, topic.partitions, 1)
      }
      guard let error else { throw KafkaFailure.closed("embedded broker") }
      guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw KafkaFailure.make(error, "create topic \(topic.name) of the embedded broker")
      }
    }
  }

  deinit { stop() }

  /// Down: connections are cut and refused; the log stays. For fault tests.
  package func setDown(_ isDown: Bool) throws(AdapterFailure) {
    let error = handle.gate.within {
      isDown
        ? rd_kafka_mock_broker_set_down(cluster.pointer, Self.brokerID)
        : rd_kafka_mock_broker_set_up(cluster.pointer, Self.brokerID)
    }
    guard let error else { throw KafkaFailure.closed("embedded broker") }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaFailure.make(error, "set the embedded broker \(isDown ? "down" : "up")")
    }
  }

  /// The next produce requests are answered with these Kafka error codes, one each. For fault tests.
  package func failProduces(with codes: [Int32]) {
    let produceKey: Int16 = 0
    let errors = codes.map { rd_kafka_resp_err_t($0) }
    handle.gate.within {
      rd_kafka_mock_push_request_errors_array(cluster.pointer, produceKey, errors.count, errors)
    }
  }

  /// Ends the broker and drops its log. May be called twice.
  package func stop() {
    guard cluster.takeOnce() else { return }
    handle.gate.closeAndWait()
    rd_kafka_mock_cluster_destroy(cluster.pointer)
    handle.destroy()
  }
}

/// The mock cluster; its calls are thread-safe, and the client's gate guards its end.
private final class ClusterHandle: @unchecked Sendable {
  let pointer: OpaquePointer
  private let isTaken = Atomic<Bool>(false)

  init(pointer: OpaquePointer) { self.pointer = pointer }

  /// True for the first caller alone.
  func takeOnce() -> Bool {
    isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
  }
}
