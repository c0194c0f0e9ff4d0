import EventModel
import Foundation
import KafkaClient
import Testing

@Suite("The topic catalogue")
struct TopicCatalogueTests {
  private static func repositoryCatalogue() throws -> TopicCatalogue {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("schemas/topics.yaml")
    return try TopicCatalogue(yaml: String(contentsOf: file, encoding: .utf8), file: "schemas/topics.yaml")
  }

  @Test("the project's own describes every topic of the event model, co-partitioned")
  func project() throws {
    let catalogue = try Self.repositoryCatalogue()
    let names: Set<String> = [
      Topic.events, Topic.communityEvents, Topic.deadLetter, Topic.tags, Topic.funnels, Topic.profiles, Topic.signals,
      Topic.segments, Topic.touches, Topic.deliveries,
    ]
    #expect(Set(catalogue.topics.map(\.name)) == names)
    #expect(catalogue.topics.allSatisfy { $0.partitions == 24 && $0.replication == 3 && !$0.description.isEmpty })
    #expect(catalogue.topics.filter { $0.cleanup == .compact }.map(\.name) == [Topic.profiles])
    #expect(catalogue.topics.allSatisfy { $0.config["min.insync.replicas"] == "2" })
    #expect(catalogue.groups == ["notifier", "scheduler", "segmenter", "tagger"])
    #expect(catalogue.topics(readBy: "tagger") == [Topic.communityEvents, Topic.events])
    #expect(catalogue.topics(readBy: "segmenter") == [Topic.signals])
    #expect(
      catalogue.topics(readBy: "scheduler") == [Topic.communityEvents, Topic.events, Topic.segments, Topic.tags]
    )
    #expect(catalogue.topics(readBy: "notifier") == [Topic.touches])
    let alone = catalogue.replicated(1)
    #expect(alone.topics.allSatisfy { $0.replication == 1 && $0.config["min.insync.replicas"] == "1" })
  }

  @Test("retention and cleanup become the broker's settings")
  func settings() throws {
    let catalogue = try TopicCatalogue(
      yaml: """
        topics:
          a: {description: d, key: k, retention: 90m, config: {segment.ms: 1000}}
          b: {description: d, key: k, retention: forever}
          c: {description: d, key: k, cleanup: compact, tombstones: true}
        """,
      file: "t.yaml"
    )
    #expect(
      catalogue.topic("a")?.settings == ["segment.ms": "1000", "cleanup.policy": "delete", "retention.ms": "5400000"]
    )
    #expect(catalogue.topic("b")?.settings == ["cleanup.policy": "delete", "retention.ms": "-1"])
    #expect(catalogue.topic("c")?.settings == ["cleanup.policy": "compact"])
    #expect(catalogue.topic("c")?.tombstones == true)
  }

  @Test("every fault is told at once with its place")
  func faults() throws {
    let error = #expect(throws: CatalogueFaults.self) {
      try TopicCatalogue(
        yaml: """
          partitions: 0
          colour: red
          topics:
            a b: {description: d, key: k, retention: 7d}
            b: {key: k, retention: soon, tombstones: maybe}
            c: {description: d, key: k, cleanup: compact, controlRecords: true}
            d: {description: d, key: k, retention: 7d, partitions: 12, consumers: tagger}
          """,
        file: "t.yaml"
      )
    }
    let faults = try #require(error)
    #expect(
      faults.faults.map(\.description).sorted() == [
        "error: topic catalogue at t.yaml:1:13 | partitions: expected a whole number from 1 to 1000, got 0",
        "error: topic catalogue at t.yaml:2:1 | file.colour: "
          + "expected one of partitions, replication, topics, got an unknown key",
        "error: topic catalogue at t.yaml:4:8 | topics.a b: "
          + "expected 1–249 of letters, digits, dot, hyphen and underscore, got a b",
        "error: topic catalogue at t.yaml:5:26 | topics.b.retention: "
          + "expected a time such as 7d, 12h, 90m, or forever, got soon",
        "error: topic catalogue at t.yaml:5:44 | topics.b.tombstones: expected true or false, got maybe",
        "error: topic catalogue at t.yaml:5:6 | topics.b.description: expected one line of text, got nothing",
        "error: topic catalogue at t.yaml:6:65 | topics.c.controlRecords: "
          + "expected false in a compacted topic, got true",
        "error: topic catalogue at t.yaml:7:6 | topics.d.partitions: expected 24, as b has, got 12",
        "error: topic catalogue at t.yaml:7:73 | topics.d.consumers: expected a list, got tagger",
      ]
    )
  }

  @Test("text that is no YAML is a fault with its place")
  func noYAML() {
    for text in ["", "[", "topics: [a", "- a", "topics: 3"] {
      #expect(throws: CatalogueFaults.self) { try TopicCatalogue(yaml: text, file: "t.yaml") }
    }
  }
}
