import Foundation
import PostgresClient
import PostgresStores

/// A schema of one test's own in the database that all share: a database each would cost ten times the time.
struct TestDatabase: Sendable {
  let connectionString: String
  /// libpq's `options` that put the schema first.
  let options: String

  /// False on a server that `HEARTH_TEST_POSTGRES` names: its processes and socket may be elsewhere.
  static let isPrivate = ProcessInfo.processInfo.environment["HEARTH_TEST_POSTGRES"] == nil

  /// The project's migrations.
  static let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("schemas/postgres").path

  private static let server = Task { try Server() }

  /// Migrated.
  static func make() async throws -> TestDatabase {
    let database = try await makeEmpty()
    _ = try await Migrations(pool: database.pool(connectionsMax: 1)).apply(directory: migrations)
    return database
  }

  static func makeEmpty() async throws -> TestDatabase { try await server.value.schema() }

  func configuration(_ change: (inout PostgresConfiguration) -> Void = { _ in }) -> PostgresConfiguration {
    var configuration = PostgresConfiguration(connectionString: connectionString, applicationName: "hearth-tests")
    change(&configuration)
    return configuration
  }

  func pool(connectionsMax: Int = 2) -> PostgresPool { PostgresPool(configuration(), connectionsMax: connectionsMax) }
  func connection() throws -> PostgresConnection { try PostgresConnection(configuration()) }
  func store(retainFrames: Bool = false) -> PostgresStateStore {
    PostgresStateStore(pool: pool(), retainFrames: retainFrames)
  }
}

/// The server that all tests but those of restarts share: a private cluster, or what `HEARTH_TEST_POSTGRES` names (a
/// connection string of `keyword=value` pairs; schemas `hearth_test_…` stay in it).
private actor Server {
  private let base: String
  private let administration: PostgresConnection
  private var made = 0

  init() throws {
    if let given = ProcessInfo.processInfo.environment["HEARTH_TEST_POSTGRES"] {
      base = given
    } else {
      base = try PrivateCluster().connectionString(database: "postgres")
    }
    administration = try PostgresConnection(PostgresConfiguration(connectionString: base))
  }

  func schema() async throws -> TestDatabase {
    made += 1
    let name = "hearth_test_\(getpid())_\(made)"
    _ = try await administration.query("CREATE SCHEMA \(name)")
    let options = "options='-csearch_path=\(name)'"
    return TestDatabase(connectionString: "\(base) \(options)", options: options)
  }
}
