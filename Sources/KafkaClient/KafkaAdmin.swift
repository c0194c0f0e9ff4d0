import CRDKafka
import PipelinePorts

/// How a running cluster differs from the catalogue.
package enum TopicDifference: Hashable, Sendable, CustomStringConvertible {
  case missing(topic: String)
  /// Changing the count breaks the order of keys: refuse to start.
  case partitions(topic: String, expected: Int32, got: Int32)
  case replication(topic: String, expected: Int16, got: Int16)
  /// `got` is nil where the broker knows no such setting.
  case setting(topic: String, name: String, expected: String, got: String?)

  /// Whether a service must not start; other differences are warnings.
  package var refuses: Bool {
    switch self {
    case .missing, .partitions: true
    case .replication, .setting: false
    }
  }

  /// For people: what, at which topic, expected and got.
  package var description: String {
    switch self {
    case .missing(let topic): "topic at \(topic): expected to exist, got nothing"
    case .partitions(let topic, let expected, let got):
      "partitions at \(topic): expected \(expected), got \(got)"
    case .replication(let topic, let expected, let got):
      "replication at \(topic): expected \(expected), got \(got)"
    case .setting(let topic, let name, let expected, let got):
      "\(name) at \(topic): expected \(expected), got \(got ?? "nothing")"
    }
  }
}

/// What a cluster says of a topic.
package struct TopicDescription: Hashable, Sendable {
  /// The topic's name.
  package var name: String
  /// How many partitions it has.
  package var partitions: Int32
  /// Replicas of the partition that has the fewest.
  package var replication: Int16

  /// A description, for comparisons.
  package init(name: String, partitions: Int32, replication: Int16) {
    self.name = name
    self.partitions = partitions
    self.replication = replication
  }
}

/// Questions to a cluster and the making of topics. Calls block a queue of their own, one after another.
///
/// The embedded broker answers questions but makes no topics and describes no settings: such requests fail at their
/// timeout.
package final class KafkaAdmin: Sendable {
  private let handle: KafkaClientHandle
  private let lane = BlockingLane("kafka-admin")
  private let timeout: Duration
  private let connection: KafkaConnection

  /// - Parameter timeout: of each request.
  package init(_ connection: KafkaConnection, timeout: Duration = .seconds(15)) throws(KafkaOpeningFailure) {
    handle = try KafkaClientHandle(
      RD_KAFKA_PRODUCER,
      connection,
      role: [],
      callbacks: KafkaCallbacks(log: connection.log)
    )
    self.timeout = timeout
    self.connection = connection
  }

  deinit {
    let handle = handle
    lane.submit { handle.destroy() }
  }

  /// Waits for the request under way and frees the client. May be called twice.
  package func close() async {
    let handle = handle
    await lane.run { handle.destroy() }
  }

  /// The cluster's topics by name, its internal ones included.
  package func topics() async throws(AdapterFailure) -> [String: TopicDescription] {
    try await blocking { handle, timeout in Self.metadata(handle.pointer, timeout) }
  }

  /// Low and high watermark of every partition of these topics; unknown topics are a failure.
  package func watermarks(
    of names: [String]
  ) async throws(AdapterFailure) -> [PartitionID: (low: Int64, high: Int64)] {
    let known = try await topics()
    let marks: [PartitionID: Watermarks] = try await blocking { handle, timeout in
      var marks: [PartitionID: Watermarks] = [:]
      for name in names {
        guard let topic = known[name] else {
          return .failure(
            KafkaFailure.make(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "watermarks of \(name)")
          )
        }
        for partition in 0..<topic.partitions {
          let id = PartitionID(topic: name, partition: partition)
          switch Watermarks.query(handle, id, timeout: timeout) {
          case .success(let found): marks[id] = found
          case .failure(let failure): return .failure(failure)
          }
        }
      }
      return .success(marks)
    }
    return marks.mapValues { ($0.low, $0.high) }
  }

  /// The offsets that a group has hinted, for lag tools; partitions without one are left out. Never positions.
  package func hints(of group: String, _ partitions: [PartitionID]) async throws(AdapterFailure) -> [PartitionID: Int64]
  {
    let (connection, timeout) = (connection, timeout)
    return try await lane.run { GroupOffsets.query(connection, group, partitions, timeout) }.get()
  }

  /// Makes the catalogue's topics that do not exist; returns their names in order.
  package func create(_ catalogue: TopicCatalogue) async throws(AdapterFailure) -> [String] {
    let known = try await topics()
    let missing = catalogue.topics.filter { known[$0.name] == nil }
    guard !missing.isEmpty else { return [] }
    return try await blocking { handle, timeout in
      AdminRequest.createTopics(missing, handle.pointer, timeout)
    }
  }

  /// Every difference between the cluster and the catalogue; topics of others are no difference.
  package func differences(from catalogue: TopicCatalogue) async throws(AdapterFailure) -> [TopicDifference] {
    let known = try await topics()
    let present = catalogue.topics.filter { known[$0.name] != nil }
    var settings: [String: [String: String]] = [:]
    if !present.isEmpty {
      settings = try await blocking { handle, timeout in
        AdminRequest.describeTopics(present.map(\.name), handle.pointer, timeout)
      }
    }
    return Self.differences(catalogue, known, settings)
  }

  /// As `differences(from:)`, of counts only: what the embedded broker can answer too.
  package func countDifferences(from catalogue: TopicCatalogue) async throws(AdapterFailure) -> [TopicDifference] {
    let known = try await topics()
    return Self.differences(catalogue, known, nil).filter(\.refuses)
  }

  /// The comparison itself. `settings` by topic and name; nil leaves settings out.
  package static func differences(
    _ catalogue: TopicCatalogue,
    _ known: [String: TopicDescription],
    _ settings: [String: [String: String]]?
  ) -> [TopicDifference] {
    catalogue.topics.flatMap { topic -> [TopicDifference] in
      guard let found = known[topic.name] else { return [.missing(topic: topic.name)] }
      var differences: [TopicDifference] = []
      if found.partitions != topic.partitions {
        differences.append(.partitions(topic: topic.name, expected: topic.partitions, got: found.partitions))
      }
      if found.replication != topic.replication {
        differences.append(.replication(topic: topic.name, expected: topic.replication, got: found.replication))
      }
      guard let settings else { return differences }
      for (name, expected) in topic.settings.sorted(by: { $0.key < $1.key }) {
        let got = settings[topic.name]?[name]
        if got != expected {
          differences.append(.setting(topic: topic.name, name: name, expected: expected, got: got))
        }
      }
      return differences
    }
  }

  private func blocking<R: Sendable>(
    _ body: @escaping @Sendable (KafkaClientHandle, Duration) -> Result<R, AdapterFailure>
  ) async throws(AdapterFailure) -> R {
    let (handle, timeout) = (handle, timeout)
    let result = await lane.run { () -> Result<R, AdapterFailure> in
      handle.gate.within { body(handle, timeout) } ?? .failure(KafkaFailure.closed("Kafka administration"))
    }
    return try result.get()
  }

  private static func metadata(
    _ client: OpaquePointer,
    _ timeout: Duration
  ) -> Result<[String: TopicDescription], AdapterFailure> {
    var answer: UnsafePointer<rd_kafka_metadata>?
    let error = rd_kafka_metadata(client, 1, nil, &answer, timeout.wholeMilliseconds)
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let answer else {
      return .failure(KafkaFailure.make(error, "ask for the topics"))
    }
    defer { rd_kafka_metadata_destroy(answer) }
    var topics: [String: TopicDescription] = [:]
    for index in 0..<Int(answer.pointee.topic_cnt) {
      let topic = answer.pointee.topics[index]
      let name = String(cString: topic.topic)
      guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR || topic.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE else {
        return .failure(KafkaFailure.make(topic.err, "ask for topic \(name)"))
      }
      let replicas = (0..<Int(topic.partition_cnt)).map { topic.partitions[$0].replica_cnt }.min() ?? 0
      topics[name] = TopicDescription(
        name: name,
        partitions: topic.partition_cnt,
        replication: Int16(clamping: replicas)
      )
    }
    return .success(topics)
  }
}
