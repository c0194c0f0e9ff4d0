import EventJournal
import EventModel
import Foundation
import Hummingbird
import IngestService
import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresStores
import ServiceLifecycle

/// `ingest`: HTTP and imports in; events out.
package enum Ingest: ServiceDefinition {
  package static let name = "ingest"
  package static let abstract = "Takes events over HTTP and imports, checks them, and puts them into the log."
  package static let defaultPort = 8080
  package static let needs = ["store", "broker"]

  package static func run(
    _ settings: ServiceSettings,
    _ reader: inout ConfigurationReader,
    host: ServiceHost
  ) async throws {
    let journalDirectory = reader.optionalText("journal.directory")
    let logEpoch = Int64(reader.integer("journal.log_epoch", default: 1, in: 1...Int.max))
    let unknown = reader.choice(
      "events.unknown_types",
      default: "reject",
      of: IngestService.EventCatalogue.UnknownTypes.allCases.map(\.rawValue)
    )
    try reader.finish()
    let assembly = try Assembly(settings: settings, host: host)
    let schemas = try EventSchemas.load(unknownTypes: .init(rawValue: unknown) ?? .reject)
    let journal = try journalDirectory.map { try EventJournal(JournalConfiguration(directory: $0)) }
    let sink = DurableSink(sink: try await assembly.makeSink(), journal: journal, logEpoch: logEpoch)
    let observer = IngestMetrics(metrics: host.metrics)
    let limits = IngestLimits()
    let acceptance = BatchAcceptance(schemas: schemas, sink: sink, limits: limits, observer: observer)
    let partitions = assembly.partitions(of: [Topic.events, Topic.communityEvents])
    let imports = ImportSessions(
      store: StoredImports(pool: assembly.pool),
      acceptance: acceptance,
      sink: sink,
      clock: SystemClock(),
      partitions: partitions
    )
    let gate = Gate(
      keys: KeyRing(store: StoredKeys(pool: assembly.pool), clock: SystemClock(), limits: limits),
      budget: InFlightBudget(bytesMax: limits.inFlightBytesMax),
      clock: SystemClock(),
      limits: limits
    )
    let router = Router(context: BasicRequestContext.self)
    IngestAPI(gate: gate, acceptance: acceptance, imports: imports, observer: observer).addRoutes(to: router)
    let admin = try KafkaAdmin(
      Assembly.connection(settings, name: name, role: "admin", logger: host.logger),
      timeout: .seconds(5)
    )
    let upkeep = IngestUpkeep(
      assembly: assembly,
      admin: admin,
      sink: sink,
      journal: journal,
      logEpoch: logEpoch,
      partitions: partitions
    )
    try await host.run(
      host: settings.httpHost,
      port: settings.httpPort,
      router: router,
      parts: [TaskPart { await upkeep.run() }]
    )
    await admin.close()
    await journal?.close()
  }
}

/// The schemas of event types, from `schemas/events`.
enum EventSchemas {
  static func load(
    unknownTypes: IngestService.EventCatalogue.UnknownTypes
  ) throws(CommandFailure) -> IngestService.EventCatalogue {
    let folder = try Installation.schemas() + "/events"
    var files: [String: [UInt8]] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard let type = IngestService.EventCatalogue.type(ofFile: name),
        let data = FileManager.default.contents(atPath: folder + "/" + name)
      else { continue }
      files[type] = Array(data)
    }
    do {
      return try IngestService.EventCatalogue(files: files, unknownTypes: unknownTypes)
    } catch {
      throw CommandFailure(.invalidInput, "event schema cannot be used", at: folder, got: error.description)
    }
  }
}

/// Ingest's counters.
struct IngestMetrics: IngestObserver {
  let metrics: MetricsRegistry

  func accepted(_ count: Int) {
    metrics.add(Double(count), to: "hearth_events_accepted_total", help: "Events accepted.")
  }

  func rejected(_ failureClass: FailureClass, _ count: Int) {
    metrics.add(
      Double(count),
      to: "hearth_events_rejected_total",
      help: "Events rejected, by class.",
      labels: [.init("class", failureClass.rawValue)]
    )
  }

  func refused(status: Int, code: String) {
    metrics.add(
      to: "hearth_requests_refused_total",
      help: "Requests refused as a whole.",
      labels: [.init("status", String(status)), .init("code", code)]
    )
  }
}
