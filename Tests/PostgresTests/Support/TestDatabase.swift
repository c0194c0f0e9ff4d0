import Foundation
import PostgresClient
import PostgresStores

/// A database of one test's own, migrated.
struct TestDatabase: Sendable {
  let connectionString: String
  let name: String

  /// The project's migrations.
  static let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("schemas/postgres").path

  /// Migrated once for the process; the others are copies of it.
  private static let server = Task { try await Server.make() }

  static func make() async throws -> TestDatabase { try await server.value.database(from: Server.template) }
  static func makeEmpty() async throws -> TestDatabase { try await server.value.database(from: "template0") }

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

/// The server that all tests but those of restarts share.
private actor Server {
  static let template = "hearth_template_\(getpid())"
  private let cluster: PrivateCluster?
  private let base: String
  private let administration: PostgresConnection
  private var made = 0

  static func make() async throws -> Server {
    let server = try Server()
    try await server.prepare()
    return server
  }

  private init() throws {
    if let given = ProcessInfo.processInfo.environment["HEARTH_TEST_POSTGRES"] {
      cluster = nil
      base = given
    } else {
      let fresh = try PrivateCluster()
      cluster = fresh
      base = fresh.connectionString(database: "postgres")
    }
    administration = try PostgresConnection(PostgresConfiguration(connectionString: base))
  }

  private func prepare() async throws {
    let template = try await database(from: "template0", name: Self.template)
    let pool = PostgresPool(template.configuration(), connectionsMax: 1)
    _ = try await Migrations(pool: pool).apply(directory: TestDatabase.migrations)
    pool.close()
    // A template must have no sessions when it is copied; the pool's ends when its last reference does.
    _ = try await administration.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", [.text(Self.template)])
  }

  func database(from template: String, name: String? = nil) async throws -> TestDatabase {
    made += 1
    let name = name ?? "hearth_test_\(getpid())_\(made)"
    _ = try await administration.query("CREATE DATABASE \(name) TEMPLATE \(template)")
    return TestDatabase(connectionString: "\(base) dbname=\(name)", name: name)
  }
}
