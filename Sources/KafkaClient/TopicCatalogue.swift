import Yams

/// The topics as `schemas/topics.yaml` describes them: the source of their settings.
package struct TopicCatalogue: Hashable, Sendable {
  /// What happens to old records.
  package enum Cleanup: String, Hashable, Sendable, CaseIterable {
    /// Dropped after the retention.
    case delete
    /// The newest of each key stays.
    case compact
  }

  /// A topic.
  package struct Topic: Hashable, Sendable {
    /// The topic's name.
    package var name: String
    /// One line for people.
    package var description: String
    /// How many partitions; all topics of a catalogue have one number.
    package var partitions: Int32
    /// Copies of each partition.
    package var replication: Int16
    /// What the record's key is.
    package var key: String
    /// Services that write it.
    package var producers: [String]
    /// Consumer groups that read it.
    package var consumers: [String]
    /// What happens to old records.
    package var cleanup: Cleanup
    /// Milliseconds a record stays; nil for ever (always in compacted topics).
    package var retentionMilliseconds: Int64?
    /// Whether ticks, activations and the like travel in it; never in compacted topics.
    package var controlRecords: Bool
    /// Whether a null value says that the key's state is gone.
    package var tombstones: Bool
    /// Further settings of the broker's by their Kafka name.
    package var config: [String: String]

    /// Takes the values as they are; only the reader of a file checks them.
    package init(
      name: String,
      description: String,
      partitions: Int32,
      replication: Int16,
      key: String,
      producers: [String],
      consumers: [String],
      cleanup: Cleanup,
      retentionMilliseconds: Int64?,
      controlRecords: Bool,
      tombstones: Bool,
      config: [String: String]
    ) {
      self.name = name
      self.description = description
      self.partitions = partitions
      self.replication = replication
      self.key = key
      self.producers = producers
      self.consumers = consumers
      self.cleanup = cleanup
      self.retentionMilliseconds = retentionMilliseconds
      self.controlRecords = controlRecords
      self.tombstones = tombstones
      self.config = config
    }

    /// All settings of the broker's by their Kafka name.
    package var settings: [String: String] {
      var settings = config
      settings["cleanup.policy"] = cleanup.rawValue
      if cleanup == .delete { settings["retention.ms"] = "\(retentionMilliseconds ?? -1)" }
      return settings
    }
  }

  /// In the file's order.
  package var topics: [Topic]

  /// - Parameter file: for the faults' places.
  /// - Throws: all faults at once.
  package init(yaml: String, file: String) throws(CatalogueFaults) {
    topics = try CatalogueReader.read(yaml, file: file)
  }

  /// Takes the topics as they are.
  package init(topics: [Topic]) { self.topics = topics }

  /// The topic of this name.
  package func topic(_ name: String) -> Topic? { topics.first { $0.name == name } }

  /// Topics that a consumer group reads, by name.
  package func topics(readBy group: String) -> [String] {
    topics.filter { $0.consumers.contains(group) }.map(\.name).sorted()
  }

  /// Every consumer group that some topic names, sorted.
  package var groups: [String] { Set(topics.flatMap(\.consumers)).sorted() }

  /// The same topics with another replication factor, for a cluster of fewer brokers.
  package func replicated(_ factor: Int16) -> TopicCatalogue {
    var copy = self
    for index in copy.topics.indices {
      copy.topics[index].replication = factor
      if let least = copy.topics[index].config["min.insync.replicas"].flatMap(Int16.init), least > factor {
        copy.topics[index].config["min.insync.replicas"] = "\(factor)"
      }
    }
    return copy
  }
}

/// A fault of the catalogue.
package struct CatalogueFault: Hashable, Sendable, CustomStringConvertible {
  /// `file:line:column`, where known.
  package var place: String
  /// Path of keys, e.g. `topics.hearth.tags.v1.cleanup`.
  package var key: String
  /// What would do.
  package var expected: String
  /// At most 80 characters of what stands there.
  package var got: String

  /// One line for people.
  package var description: String { "error: topic catalogue at \(place) | \(key): expected \(expected), got \(got)" }
}

/// Every fault of a catalogue.
package struct CatalogueFaults: Error, Hashable, Sendable, CustomStringConvertible {
  /// In the file's order as far as it was read.
  package var faults: [CatalogueFault]
  /// A line a fault.
  package var description: String { faults.map(\.description).joined(separator: "\n") }
}
