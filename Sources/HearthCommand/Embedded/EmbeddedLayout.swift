import Foundation

/// Where the embedded default keeps its things, all below one folder.
package struct EmbeddedLayout: Sendable {
  /// `.hearth` of the checkout unless told otherwise.
  package let root: String

  package init(root: String) {
    self.root = URL(fileURLWithPath: root).standardizedFileURL.path
  }

  package var lock: String { root + "/lock" }
  package var cluster: String { root + "/postgres" }
  package var journal: String { root + "/journal" }
  package var logs: String { root + "/logs" }
  package var keys: String { root + "/keys" }
  package var deliveries: String { root + "/deliveries" }
  /// What listens where, for the commands: JSON.
  package var endpoints: String { root + "/endpoints.json" }
  /// Process ids of the children, so that a later start can end what a killed one left.
  package var children: String { root + "/children" }

  /// A Unix socket's path has at most 107 bytes, and the cluster's user must reach it: a folder of its own below
  /// /tmp, named after the checkout, so that two checkouts do not meet.
  package var socketFolder: String { "/tmp/hearth-\(Self.mark(of: root))" }

  /// FNV-1a of the path, in hexadecimal (http://www.isthe.com/chongo/tech/comp/fnv/).
  private static func mark(of path: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}

/// What the running instance says of itself in `endpoints.json`.
package struct EmbeddedEndpoints: Codable, Sendable {
  package var kafka: String
  package var store: String
  package var ingest: Int
  /// Health and metrics port of each service.
  package var services: [String: Int]
  package var supervisor: Int32

  package static func read(_ path: String) -> EmbeddedEndpoints? {
    FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode(EmbeddedEndpoints.self, from: $0) }
  }

  package func write(_ path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
