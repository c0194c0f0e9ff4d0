import Foundation
import PostgresClient
import PostgresStores
import Testing

@Suite("Migrations")
struct MigrationsTests {
  @Test("the project's files apply once, in order, also by several processes at once")
  func project() async throws {
    let database = try await TestDatabase.makeEmpty()
    let before = try await Migrations(pool: database.pool()).status(directory: TestDatabase.migrations)
    #expect(before.applied.isEmpty)
    let applied = try await withThrowingTaskGroup(of: [Migrations.Step].self) { group in
      for _ in 0..<3 {
        group.addTask { try await Migrations(pool: database.pool()).apply(directory: TestDatabase.migrations) }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(applied.sorted { $0.number < $1.number } == before.pending)
    let after = try await Migrations(pool: database.pool()).status(directory: TestDatabase.migrations)
    #expect(after.applied == before.pending)
    #expect(after.pending.isEmpty)
  }

  @Test("a changed file, a gap, a bad name and an older program are refused by name")
  func refusals() async throws {
    let migrations = Migrations(pool: try await TestDatabase.makeEmpty().pool())
    let folder = try Folder()
    folder.write("001_a.sql", "CREATE TABLE a (n int4); INSERT INTO a VALUES (1);")
    folder.write("002_b.sql", "CREATE TABLE b (n int4)")
    folder.write("README.md", "left alone")
    #expect(try await migrations.apply(directory: folder.path).map(\.name) == ["001_a.sql", "002_b.sql"])
    #expect(try await migrations.apply(directory: folder.path).isEmpty)

    folder.write("001_a.sql", "CREATE TABLE a (n int8)")
    await #expect(throws: MigrationFailure.changed(file: "001_a.sql")) {
      try await migrations.apply(directory: folder.path)
    }
    folder.write("001_a.sql", "CREATE TABLE a (n int4); INSERT INTO a VALUES (1);")
    folder.write("004_d.sql", "SELECT 1")
    await #expect(throws: MigrationFailure.gap(expected: 3, found: "004_d.sql")) {
      try await migrations.apply(directory: folder.path)
    }
    folder.remove("004_d.sql")
    folder.write("3_c.sql", "SELECT 1")
    await #expect(throws: MigrationFailure.name(file: "3_c.sql")) {
      try await migrations.apply(directory: folder.path)
    }
    folder.remove("3_c.sql")
    folder.remove("002_b.sql")
    await #expect(throws: MigrationFailure.storeIsNewer(applied: "002_b.sql", newestNumber: 1)) {
      try await migrations.status(directory: folder.path)
    }
    await #expect(throws: MigrationFailure.unreadable(path: "/nonexistent")) {
      try await migrations.status(directory: "/nonexistent")
    }
  }

  @Test("a file that fails leaves nothing behind, is named, and may then be mended")
  func failing() async throws {
    let database = try await TestDatabase.makeEmpty()
    let migrations = Migrations(pool: database.pool())
    let folder = try Folder()
    folder.write("001_a.sql", "CREATE TABLE a (n int4);")
    folder.write("002_b.sql", "CREATE TABLE b (n int4); SELEKT 1;")
    let failure = await #expect(throws: MigrationFailure.self) { try await migrations.apply(directory: folder.path) }
    #expect(failure?.description.hasPrefix("migration 002_b.sql: syntax error") == true)
    #expect(try await migrations.status(directory: folder.path).applied.map(\.name) == ["001_a.sql"])
    #expect(try await database.connection().query("SELECT to_regclass('b') IS NULL")[0].bool(0))
    folder.write("002_b.sql", "CREATE TABLE b (n int4);")
    #expect(try await migrations.apply(directory: folder.path).map(\.name) == ["002_b.sql"])
  }

  private final class Folder {
    let path: String
    init() throws {
      path = NSTemporaryDirectory() + "hearth-migrations-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func write(_ name: String, _ text: String) {
      #expect(FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(text.utf8)))
    }
    func remove(_ name: String) { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") }
  }
}
