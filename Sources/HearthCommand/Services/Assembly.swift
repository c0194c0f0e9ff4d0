import EventModel
import Foundation
import KafkaClient
import Logging
import PipelinePorts
import PipelineRuntime
import PostgresClient
import PostgresStores

/// Joins a service to its adapters: the one place where Kafka and PostgreSQL meet the loop.
package struct Assembly: Sendable {
  package let settings: ServiceSettings
  package let host: ServiceHost
  package let catalogue: TopicCatalogue
  package let pool: PostgresPool
  package let store: PostgresStateStore

  package init(settings: ServiceSettings, host: ServiceHost) throws {
    self.settings = settings
    self.host = host
    catalogue = try Installation.catalogue()
    try Self.connection(settings, name: host.name, role: "check", logger: host.logger).validate()
    pool = PostgresPool(
      Self.storeConfiguration(settings, name: host.name),
      connectionsMax: settings.storeConnections
    )
    store = PostgresStateStore(pool: pool, retainFrames: settings.isEmbedded)
  }

  static func storeConfiguration(_ settings: ServiceSettings, name: String) -> PostgresConfiguration {
    PostgresConfiguration(connectionString: settings.storeURL, applicationName: "hearth \(name)")
  }

  /// A connection whose `client.id` is this process's own.
  static func connection(
    _ settings: ServiceSettings,
    name: String,
    role: String,
    logger: Logger
  ) -> KafkaConnection {
    KafkaConnection(
      bootstrapServers: settings.kafkaBootstrap,
      clientID: "hearth-\(name)-\(role)-\(ProcessInfo.processInfo.processIdentifier)",
      properties: settings.kafkaProperties,
      log: { line in
        // librdkafka speaks of every lost connection; the loop says what it means.
        logger.debug("librdkafka", metadata: ["facility": "\(line.facility)", "line": "\(line.message)"])
      }
    )
  }

  /// A member of the group that reads `topics`.
  package func makeSource(group: String, topics: [String]) throws -> KafkaEventSource {
    var consumer =
      settings.isEmbedded
      ? KafkaConsumerSettings.embedded(group: group, topics: topics)
      : KafkaConsumerSettings(group: group, topics: topics)
    consumer.sessionTimeout = .milliseconds(settings.kafkaSessionTimeoutMilliseconds)
    return try KafkaEventSource(
      Self.connection(settings, name: host.name, role: "source", logger: host.logger),
      consumer
    )
  }

  /// A producer; on the embedded broker paced by the slowest consumer group.
  package var makeSink: @Sendable () async throws(AdapterFailure) -> any EventSink {
    { [self] () throws(AdapterFailure) in
      let connection = Self.connection(settings, name: host.name, role: "sink", logger: host.logger)
      let sink: RenewingEventSink
      do throws(KafkaOpeningFailure) {
        sink = try RenewingEventSink { () throws(KafkaOpeningFailure) in try KafkaEventSink(connection) }
      } catch {
        throw AdapterFailure(code: "KAFKA_OPEN", reason: error.description, disposition: .retriable)
      }
      guard settings.isEmbedded else { return sink }
      let counts = Dictionary(catalogue.topics.map { ($0.name, Int($0.partitions)) }, uniquingKeysWith: { $1 })
      return PacedSink(
        inner: sink,
        progress: store,
        partitionCount: { counts[$0] ?? 1 },
        partitioner: { key, count in murmur2Partition(key: key, count: Int32(count)) }
      )
    }
  }

  /// Partition counts of topics, as the catalogue fixes them.
  package func partitions(of topics: [String]) -> [String: Int32] {
    Dictionary(topics.map { ($0, catalogue.topic($0)?.partitions ?? 1) }, uniquingKeysWith: { $1 })
  }

  /// The loop of a consuming service.
  package func loop<Processor: SubjectProcessor>(
    _ processor: Processor,
    perform: (@Sendable (Processor.Effect) async -> Processor.EffectResult)? = nil
  ) throws -> LoopPart<Processor> {
    let source = try makeSource(group: processor.group, topics: processor.families.flatMap(\.topics))
    return LoopPart(
      PipelineLoop(
        processor: processor,
        source: source,
        store: store,
        playbooks: PostgresPlaybookStore(pool: pool),
        makeSink: makeSink,
        health: host.health,
        metrics: host.metrics,
        logger: host.logger,
        probe: .fromEnvironment(),
        perform: perform
      )
    )
  }
}
