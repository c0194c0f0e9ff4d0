import Foundation
import KafkaClient
import PipelinePorts

/// A broker to test against: the embedded one always, a cluster when `HEARTH_TEST_KAFKA` names its servers.
enum TestBroker: String, CaseIterable, Sendable, CustomStringConvertible {
  case embedded
  case cluster

  static let clusterServers = ProcessInfo.processInfo.environment["HEARTH_TEST_KAFKA"]
  static let available: [TestBroker] = clusterServers == nil ? [.embedded] : [.embedded, .cluster]
  /// How long a test waits for what must come; a group on the embedded broker takes up to 5 s to join.
  static let patience = Duration.seconds(30)

  private static let shared = Result { try EmbeddedBroker(catalogue: TopicCatalogue(topics: [])) }

  var description: String { rawValue }

  func connection(_ role: String = "test") throws -> KafkaConnection {
    let servers = self == .cluster ? Self.clusterServers ?? "" : try Self.shared.get().bootstrapServers
    return KafkaConnection(bootstrapServers: servers, clientID: "\(role)-\(UUID().uuidString)")
  }

  /// A topic of its own for a test.
  func makeTopic(partitions: Int32) async throws -> String {
    let name = "test.\(UUID().uuidString)"
    let catalogue = TopicCatalogue(topics: [.testing(name, partitions: partitions)])
    switch self {
    case .embedded: try Self.shared.get().create(catalogue)
    case .cluster:
      let admin = try KafkaAdmin(connection("admin"))
      _ = try await admin.create(catalogue)
      await admin.close()
    }
    return name
  }

  func makeSource(_ topics: [String], group: String = "group-\(UUID().uuidString)") throws -> KafkaEventSource {
    try KafkaEventSource(connection("source"), .embedded(group: group, topics: topics))
  }

  func makeSink(_ settings: KafkaProducerSettings = .init()) throws -> KafkaEventSink {
    try KafkaEventSink(connection("sink"), settings)
  }
}

extension TopicCatalogue.Topic {
  static func testing(_ name: String, partitions: Int32) -> TopicCatalogue.Topic {
    TopicCatalogue.Topic(
      name: name,
      description: "a test",
      partitions: partitions,
      replication: 1,
      key: "any",
      producers: [],
      consumers: [],
      cleanup: .delete,
      retentionMilliseconds: 3_600_000,
      controlRecords: false,
      tombstones: false,
      config: [:]
    )
  }
}

struct TestTimeout: Error {
  var waitingFor: String
}

extension KafkaEventSource {
  /// The next happening, failures of connection apart.
  func next(_ what: String, recordsMax: Int = 1_000) async throws -> SourceHappening {
    let deadline = ContinuousClock.now + TestBroker.patience
    while ContinuousClock.now < deadline {
      let happening = await poll(timeout: deadline - .now, recordsMax: recordsMax)
      switch happening {
      case nil, .failure?: continue
      case let happening?: return happening
      }
    }
    throw TestTimeout(waitingFor: what)
  }

  /// Waits for the assignment, which must be the next happening.
  func nextAssignment() async throws -> [PartitionID] {
    guard case .assigned(let partitions) = try await next("an assignment") else {
      throw TestTimeout(waitingFor: "an assignment")
    }
    return partitions
  }

  func nextRecords(_ count: Int, recordsMax: Int = 1_000) async throws -> [LogRecord] {
    var records: [LogRecord] = []
    while records.count < count {
      guard case .records(let more) = try await next("\(count) records", recordsMax: recordsMax) else {
        throw TestTimeout(waitingFor: "\(count) records, not another happening")
      }
      records += more
    }
    return records
  }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
