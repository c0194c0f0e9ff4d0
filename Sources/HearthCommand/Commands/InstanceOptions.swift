import ArgumentParser
import Foundation
import KafkaClient
import PipelinePorts
import PostgresClient

/// Which running Hearth a command speaks to: the settings in the environment, else the embedded instance of a folder.
struct InstanceOptions: ParsableArguments {
  @Option(help: "Folder of the embedded instance.")
  var dir: String = ".hearth"

  private func setting(_ variable: String) -> String? {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment[variable + "_FILE"], let data = FileManager.default.contents(atPath: path) {
      return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    return environment[variable].flatMap { $0.isEmpty ? nil : $0 }
  }

  private var endpoints: EmbeddedEndpoints? {
    EmbeddedEndpoints.read(EmbeddedLayout(root: dir).endpoints)
  }

  private func missing(_ what: String, _ variable: String) -> CommandFailure {
    CommandFailure(
      .unreachable,
      "no running instance was found",
      at: dir,
      expected: "\(what) of a running `hearth up`, or \(variable)",
      next: "hearth up --dir \(dir)"
    )
  }

  func storeURL() throws(CommandFailure) -> String {
    guard let url = setting("HEARTH_STORE_URL") ?? endpoints?.store else {
      throw missing("the store", "HEARTH_STORE_URL")
    }
    return url
  }

  func kafka() throws(CommandFailure) -> KafkaConnection {
    guard let bootstrap = setting("HEARTH_KAFKA_BOOTSTRAP") ?? endpoints?.kafka else {
      throw missing("the broker", "HEARTH_KAFKA_BOOTSTRAP")
    }
    var properties: [String: String] = [:]
    for (variable, value) in ProcessInfo.processInfo.environment {
      let prefix = "HEARTH_KAFKA_PROPERTIES_"
      guard variable.hasPrefix(prefix) else { continue }
      properties[variable.dropFirst(prefix.count).lowercased().replacing("_", with: ".")] = value
    }
    return KafkaConnection(
      bootstrapServers: bootstrap,
      clientID: "hearth-\(ProcessInfo.processInfo.processIdentifier)",
      properties: properties
    )
  }

  /// Host and port of ingest.
  func ingest() throws(CommandFailure) -> (host: String, port: Int) {
    if let address = setting("HEARTH_INGEST") {
      let parts = address.split(separator: ":")
      guard parts.count == 2, let port = Int(parts[1]) else {
        throw CommandFailure(.usage, "address cannot be used", at: "HEARTH_INGEST", expected: "host:port", got: address)
      }
      return (String(parts[0]), port)
    }
    guard let endpoints else { throw missing("ingest", "HEARTH_INGEST=host:port") }
    return ("127.0.0.1", endpoints.ingest)
  }

  /// Does something with the store and closes it; a store that cannot be reached is told as such.
  func withStore<T: Sendable>(_ body: (PostgresPool) async throws -> T) async throws -> T {
    let configuration = PostgresConfiguration(
      connectionString: try storeURL(),
      applicationName: "hearth",
      statementTimeout: .seconds(120)
    )
    let pool = PostgresPool(configuration, connectionsMax: 2)
    defer { pool.close() }
    do {
      return try await body(pool)
    } catch let failure as AdapterFailure {
      guard failure.disposition == .retriable else { throw failure }
      throw CommandFailure(
        .unreachable,
        "store does not answer",
        at: "store.url",
        expected: "PostgreSQL",
        got: failure.reason,
        next: "check that PostgreSQL runs"
      )
    }
  }
}
