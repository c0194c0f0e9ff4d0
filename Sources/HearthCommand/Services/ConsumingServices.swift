import EventModel
import Hummingbird
import PipelineRuntime
import PostgresStores
import SchedulerService
import SegmenterService
import ServiceLifecycle
import TaggerService

/// `tagger`: events in; tags, segment signals and funnel entries out.
package enum Tagger: ServiceDefinition {
  package static let name = "tagger"
  package static let abstract = "Folds behaviour events into tags, scores, quadrants and funnel entries."
  package static let defaultPort = 8081
  package static let needs = ["store", "broker", "assignment"]

  package static func run(
    _ settings: ServiceSettings,
    _ reader: inout ConfigurationReader,
    host: ServiceHost
  ) async throws {
    try reader.finish()
    let assembly = try Assembly(settings: settings, host: host)
    try await host.run(settings, parts: [try assembly.loop(TaggerProcessor())])
  }
}

/// `segmenter`: signals in; memberships out.
package enum Segmenter: ServiceDefinition {
  package static let name = "segmenter"
  package static let abstract = "Keeps the members of segments current."
  package static let defaultPort = 8082
  package static let needs = ["store", "broker", "assignment"]

  package static func run(
    _ settings: ServiceSettings,
    _ reader: inout ConfigurationReader,
    host: ServiceHost
  ) async throws {
    try reader.finish()
    let assembly = try Assembly(settings: settings, host: host)
    let leadership = try StoreLeadership(
      Leadership(Assembly.storeConfiguration(settings, name: name), name: "population")
    )
    let leader = PopulationLeader(
      leadership: leadership,
      snapshots: PostgresPopulationStore(pool: assembly.pool),
      playbooks: PostgresPlaybookStore(pool: assembly.pool),
      makeSink: assembly.makeSink,
      partitions: assembly.partitions(of: [Topic.signals])[Topic.signals] ?? 1,
      metrics: host.metrics,
      logger: host.logger
    )
    try await host.run(settings, parts: [try assembly.loop(SegmenterProcessor()), TaskPart { await leader.run() }])
  }
}

/// `scheduler`: segments, tags, events and the clock in; touches out.
package enum Scheduler: ServiceDefinition {
  package static let name = "scheduler"
  package static let abstract = "Decides touches: journeys, calendars, quiet hours and caps; writes the live clock."
  package static let defaultPort = 8083
  package static let needs = ["store", "broker", "assignment"]

  package static func run(
    _ settings: ServiceSettings,
    _ reader: inout ConfigurationReader,
    host: ServiceHost
  ) async throws {
    try reader.finish()
    let assembly = try Assembly(settings: settings, host: host)
    let leadership = try StoreLeadership(Leadership(Assembly.storeConfiguration(settings, name: name), name: "clock"))
    let ticks = TickWriter(
      leadership: leadership,
      outlook: PostgresTimerOutlook(pool: assembly.pool),
      makeSink: assembly.makeSink,
      partitions: assembly.partitions(of: [Topic.events, Topic.communityEvents]),
      metrics: host.metrics,
      logger: host.logger
    )
    try await host.run(settings, parts: [try assembly.loop(SchedulerProcessor()), TaskPart { await ticks.run() }])
  }
}

extension ServiceHost {
  /// Serves health and metrics beside the parts.
  func run(_ settings: ServiceSettings, parts: [any Service]) async throws {
    try await run(
      host: settings.httpHost,
      port: settings.httpPort,
      router: Router(context: BasicRequestContext.self),
      parts: parts
    )
  }
}
