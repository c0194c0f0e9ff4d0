import Digests
import EventModel
import Foundation
import IngestService
import PipelinePorts
import PostgresClient
import PostgresStores

/// Keys as `hearth_keys` makes them: `hk_ID_SECRET`; the store keeps the secret's SHA-256 alone.
enum NewKey {
  static func create(
    tenant: String,
    scope: PostgresStores.KeyScope,
    pool: PostgresPool
  ) async throws -> WriteKey {
    guard let bytes = try? secureRandomBytes(40), let key = WriteKey(random: bytes) else {
      throw CommandFailure(.unreachable, "no randomness for a key")
    }
    let isNew = try await PostgresStores.KeyStore(pool: pool).create(
      id: key.id,
      tenant: tenant,
      scope: scope,
      secretSHA256: key.secretDigest
    )
    guard isNew else { throw CommandFailure(.unreachable, "a key of this id exists", next: "try again") }
    return key
  }
}

/// The keys of the first start: a write and a read key of the tenant `demo`, in a file only its owner may read.
enum FirstKeys {
  static let tenant = "demo"

  static func write(layout: EmbeddedLayout, storeURL: String) async throws {
    guard !FileManager.default.fileExists(atPath: layout.keys) else { return }
    let pool = PostgresPool(
      PostgresConfiguration(connectionString: storeURL, applicationName: "hearth up"),
      connectionsMax: 1
    )
    defer { pool.close() }
    let write = try await NewKey.create(tenant: tenant, scope: .write, pool: pool)
    let read = try await NewKey.create(tenant: tenant, scope: .read, pool: pool)
    let text = "tenant=\(tenant)\nwrite=\(write.text)\nread=\(read.text)\n"
    guard
      FileManager.default.createFile(
        atPath: layout.keys,
        contents: Data(text.utf8),
        attributes: [.posixPermissions: 0o600]
      )
    else { throw CommandFailure(.unreachable, "keys cannot be written", at: layout.keys) }
    Terminal.error("keys of the tenant \(tenant) written to \(layout.keys)")
  }
}
