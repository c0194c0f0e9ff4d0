import ArgumentParser
import EventModel
import Foundation
import IngestService
import KafkaClient
import PipelinePorts
import PostgresClient
import PostgresStores

/// `hearth broker`: the embedded broker, a process of its own.
struct BrokerCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "broker",
      abstract: "Run the embedded broker alone (development and tests).",
      discussion: "It keeps 5 MiB a partition and drops the oldest; it has no durable log and no admin API."
    )
  }

  @Option(help: "A file that gets the broker's address once it listens.")
  var addressFile: String?

  func run() async throws {
    let broker: EmbeddedBroker
    do { broker = try EmbeddedBroker(catalogue: try Installation.catalogue()) } catch let failure as KafkaOpeningFailure
    {
      throw CommandFailure(.unreachable, "embedded broker cannot start", got: failure.description)
    }
    if let addressFile {
      try Data((broker.bootstrapServers + "\n").utf8).write(
        to: URL(fileURLWithPath: addressFile),
        options: .atomic
      )
    }
    Terminal.print(broker.bootstrapServers)
    await Signals.wait(for: [SIGINT, SIGTERM])
    broker.stop()
  }
}

/// `hearth migrate`: the store's schema.
struct MigrateCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "migrate",
      abstract: "Bring the store's schema up to this version, and register the groups."
    )
  }

  @OptionGroup var instance: InstanceOptions

  @Flag(help: "Only say what would be applied; exit 1 when something would.")
  var check = false

  func run() async throws {
    let folder = try Installation.schemas() + "/postgres"
    let catalogue = try Installation.catalogue()
    let isPending = try await instance.withStore { pool in
      let migrations = Migrations(pool: pool)
      if check {
        let status = try await migrations.status(directory: folder)
        for step in status.pending { Terminal.print("pending: \(step.number) \(step.name)") }
        if status.pending.isEmpty { Terminal.print("nothing to apply") }
        return !status.pending.isEmpty
      }
      let applied = try await migrations.apply(directory: folder)
      for step in applied { Terminal.print("applied: \(step.number) \(step.name)") }
      if applied.isEmpty { Terminal.print("nothing to apply") }
      for group in catalogue.groups {
        let topics = catalogue.topics(readBy: group).map { ($0, catalogue.topic($0)?.partitions ?? 0) }
        try await LogAdministration(pool: pool).registerGroup(
          group,
          topics: Dictionary(topics, uniquingKeysWith: { $1 })
        )
      }
      return false
    }
    if isPending { throw ExitCode(1) }
  }
}

/// `hearth topics`: creates what is missing, compares the rest.
struct TopicsCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "topics",
      abstract: "Create the topics of schemas/topics.yaml and compare what is there with it."
    )
  }

  @OptionGroup var instance: InstanceOptions

  @Option(help: "Replication factor for all topics; default as the catalogue says.")
  var replication: Int16?

  @Flag(help: "Only compare.")
  var check = false

  func run() async throws {
    var catalogue = try Installation.catalogue()
    if let replication { catalogue = catalogue.replicated(replication) }
    let connection = try instance.kafka()
    let admin = try KafkaAdmin(connection)
    do {
      if !check { for name in try await admin.create(catalogue) { Terminal.print("created: \(name)") } }
      let differences = try await admin.differences(from: catalogue)
      for difference in differences { Terminal.print("differs: \(difference)") }
      await admin.close()
      if differences.contains(where: \.refuses) {
        throw CommandFailure(
          .wouldLoseData,
          "topics are not as the catalogue says",
          expected: "the same partition counts",
          next: "see schemas/topics.yaml; a change of partition counts breaks key order"
        )
      }
    } catch let failure as AdapterFailure {
      await admin.close()
      throw CommandFailure(
        .unreachable,
        "broker does not answer",
        at: connection.bootstrapServers,
        expected: "a Kafka broker",
        got: failure.reason,
        next: "check that Kafka runs"
      )
    }
  }
}

/// `hearth keys`: what sources and readers prove themselves with.
struct KeysCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "keys",
      abstract: "Create, list and revoke keys.",
      subcommands: [Create.self, List.self, Revoke.self]
    )
  }

  struct Create: AsyncParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(abstract: "Create a key and print it once.") }
    @OptionGroup var instance: InstanceOptions
    @Option(help: "The tenant, [a-z0-9][a-z0-9-]{0,62}.") var tenant: String
    @Option(help: "write, read or admin.") var scope: String = "write"

    func run() async throws {
      guard let scope = PostgresStores.KeyScope(rawValue: scope) else {
        throw CommandFailure(.usage, "scope is unknown", at: "--scope", expected: "write, read or admin", got: scope)
      }
      try TenantName.check(tenant)
      let key = try await instance.withStore { pool in
        try await NewKey.create(tenant: tenant, scope: scope, pool: pool).text
      }
      Terminal.print(key)
    }
  }

  struct List: AsyncParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(abstract: "List keys, never their secrets.") }
    @OptionGroup var instance: InstanceOptions
    @Option(help: "Only this tenant's.") var tenant: String?

    func run() async throws {
      let keys = try await instance.withStore { pool in
        try await PostgresStores.KeyStore(pool: pool).list(tenant: tenant)
      }
      for key in keys {
        let state = key.revokedAt.map { "revoked \($0.text)" } ?? "active"
        Terminal.print("\(key.tenant)\thk_\(key.id)_…\t\(key.scope.rawValue)\t\(key.createdAt.text)\t\(state)")
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(abstract: "Revoke a key by its id.") }
    @OptionGroup var instance: InstanceOptions
    @Argument(help: "The part between `hk_` and the next `_`.") var id: String

    func run() async throws {
      let isRevoked = try await instance.withStore { pool in
        try await PostgresStores.KeyStore(pool: pool).revoke(id: id)
      }
      guard isRevoked else {
        throw CommandFailure(.invalidInput, "no active key of this id", at: id, next: "hearth keys list")
      }
    }
  }
}

/// A tenant's name as an option gives it.
package enum TenantName {
  /// Throws a usage fault for anything but `[a-z0-9][a-z0-9-]{0,62}`.
  package static func check(_ name: String) throws(CommandFailure) {
    let isGood =
      (1...63).contains(name.utf8.count)
      && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
      && name.utf8.first != 45
    guard isGood else {
      throw CommandFailure(
        .usage,
        "tenant cannot be used",
        at: "--tenant",
        expected: "[a-z0-9][a-z0-9-]{0,62}",
        got: name,
        next: "give a tenant like shop-1"
      )
    }
  }
}

/// Waiting for signals.
enum Signals {
  static func wait(for numbers: [Int32]) async {
    let (stream, continuation) = AsyncStream<Int32>.makeStream()
    let sources = numbers.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      return source
    }
    for await _ in stream { break }
    for source in sources { source.cancel() }
  }
}
