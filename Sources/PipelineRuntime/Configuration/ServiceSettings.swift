import Foundation

/// The settings that every service has. `services/NAME/config.reference.yaml` lists them with units and defaults.
package struct ServiceSettings: Sendable {
  /// `kafka.bootstrap`: host:port[,host:port…].
  package var kafkaBootstrap: String
  /// `kafka.session_timeout`: milliseconds; the group takes a silent member's partitions after it.
  package var kafkaSessionTimeoutMilliseconds: Int
  /// `kafka.properties.*`: passed through to librdkafka (TLS, SASL); may hold secrets, never logged.
  package var kafkaProperties: [String: String]
  /// `store.url`: libpq connection string; holds a secret, never logged.
  package var storeURL: String
  /// `store.connections`: most connections of this process.
  package var storeConnections: Int
  /// `http.host`, `http.port`: where health, metrics and, in ingest, the API are served.
  package var httpHost: String
  package var httpPort: Int
  /// `embedded`: the broker is the embedded one: producers are paced, outbox frames kept until folded.
  package var isEmbedded: Bool

  package init(reader: inout ConfigurationReader, defaultPort: Int) {
    kafkaBootstrap = reader.text("kafka.bootstrap")
    isEmbedded = reader.flag("embedded", default: false)
    kafkaSessionTimeoutMilliseconds = reader.integer(
      "kafka.session_timeout",
      default: isEmbedded ? 6_000 : 10_000,
      in: 6_000...300_000
    )
    kafkaProperties = reader.rest(below: "kafka.properties")
    storeURL = reader.text("store.url")
    storeConnections = reader.integer("store.connections", default: 4, in: 2...100)
    httpHost = reader.text("http.host", default: "127.0.0.1")
    httpPort = reader.integer("http.port", default: defaultPort, in: 1...65_535)
  }

  /// A reader over the file at `path` (if any) and this process's environment.
  package static func reader(path: String?) throws -> ConfigurationReader {
    ConfigurationReader(
      file: try path.map { try ConfigurationFile.read(path: $0) } ?? [:],
      environment: ProcessInfo.processInfo.environment,
      readFile: { path in FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } }
    )
  }
}
