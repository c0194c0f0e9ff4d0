import KafkaClient
import PipelinePorts
import Testing

@Suite("Administration")
struct KafkaAdminTests {
  private let catalogue = TopicCatalogue(topics: [
    .testing("a", partitions: 4), .testing("b", partitions: 4), .testing("c", partitions: 4),
  ])

  @Test("differences are values, and those of partitions refuse the start")
  func differences() {
    let known = [
      "a": TopicDescription(name: "a", partitions: 4, replication: 1),
      "b": TopicDescription(name: "b", partitions: 6, replication: 3),
      "other": TopicDescription(name: "other", partitions: 1, replication: 1),
    ]
    let settings = [
      "a": ["cleanup.policy": "delete", "retention.ms": "3600000", "segment.ms": "7"], "b": ["retention.ms": "1"],
    ]
    let differences = KafkaAdmin.differences(catalogue, known, settings)
    #expect(
      differences == [
        .partitions(topic: "b", expected: 4, got: 6), .replication(topic: "b", expected: 1, got: 3),
        .setting(topic: "b", name: "cleanup.policy", expected: "delete", got: nil),
        .setting(topic: "b", name: "retention.ms", expected: "3600000", got: "1"), .missing(topic: "c"),
      ]
    )
    #expect(differences.map(\.refuses) == [true, false, false, false, true])
  }

  @Test("partition counts and watermarks of every partition are told")
  func questions() async throws {
    let broker = try EmbeddedBroker(catalogue: catalogue)
    let connection = KafkaConnection(bootstrapServers: broker.bootstrapServers, clientID: "admin")
    let admin = try KafkaAdmin(connection)
    #expect(try await admin.countDifferences(from: catalogue) == [])
    let other = TopicCatalogue(topics: [.testing("a", partitions: 5), .testing("z", partitions: 5)])
    #expect(
      try await admin.countDifferences(from: other) == [
        .partitions(topic: "a", expected: 5, got: 4), .missing(topic: "z"),
      ]
    )
    let sink = try KafkaEventSink(connection)
    try await sink.write(3.records(of: PartitionID(topic: "b", partition: 2)))
    let marks = try await admin.watermarks(of: ["a", "b"])
    #expect(marks.count == 8)
    #expect(marks.filter { $0.value.high > 0 }.map(\.key) == [PartitionID(topic: "b", partition: 2)])
    #expect(marks[PartitionID(topic: "b", partition: 2)]?.high == 3)
    let unknown = await #expect(throws: AdapterFailure.self) { try await admin.watermarks(of: ["z"]) }
    #expect(unknown?.code == "UNKNOWN_TOPIC_OR_PART")
    // The embedded broker has no administration: such a request ends at its timeout.
    let hasty = try KafkaAdmin(connection, timeout: .milliseconds(500))
    await #expect(throws: AdapterFailure.self) { try await hasty.create(other) }
    await #expect(throws: AdapterFailure.self) { try await hasty.differences(from: catalogue) }
    await hasty.close()
    await sink.close()
    await admin.close()
    broker.stop()
    broker.stop()
  }

  @Test("topics are made as described, once", .enabled(if: TestBroker.clusterServers != nil))
  func creates() async throws {
    let name = try await TestBroker.cluster.makeTopic(partitions: 3)
    let admin = try KafkaAdmin(TestBroker.cluster.connection("admin"))
    let made = TopicCatalogue(topics: [.testing(name, partitions: 3)])
    #expect(try await admin.create(made) == [])
    #expect(try await admin.differences(from: made) == [])
    await admin.close()
  }
}
