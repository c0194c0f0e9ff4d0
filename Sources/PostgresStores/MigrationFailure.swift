import PostgresClient

/// Why the schema was not brought forward. Nothing of the file named was applied; those before it stand.
package enum MigrationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file that was applied is not what it was.
  case changed(file: String)
  /// Numbers must run 001, 002, 003 …
  case gap(expected: Int32, found: String)
  /// The store has a migration that these files do not: this program is older than the store.
  case storeIsNewer(applied: String, newestNumber: Int32)
  case name(file: String)
  /// Not there, not readable, not UTF-8, or over 1 MiB.
  case unreadable(path: String)
  case noFiles(directory: String)
  /// The store failed, at a file or between them.
  case store(file: String?, PostgresFailure)

  package var description: String {
    switch self {
    case .changed(let file): "migration \(file): expected the file as it was applied, got a changed one"
    case .gap(let expected, let found): "migration \(found): expected number \(expected)"
    case .storeIsNewer(let applied, let newest):
      "store has migration \(applied): expected at most number \(newest), the newest file here"
    case .name(let file): "migration \(file): expected a name NNN_name.sql"
    case .unreadable(let path): "\(path): expected a readable UTF-8 file of at most \(MigrationFile.bytesMax) bytes"
    case .noFiles(let directory): "\(directory): expected files NNN_name.sql, got none"
    case .store(let file?, let failure): "migration \(file): \(failure)"
    case .store(nil, let failure): "migrations: \(failure)"
    }
  }

  /// For what came through an untyped throw: the store's failure, or one that names the error's type only.
  static func wrapping(_ error: any Error) -> MigrationFailure {
    if let failure = error as? PostgresFailure { return .store(file: nil, failure) }
    return .store(file: nil, .unexpectedResult("failure of type \(type(of: error))"))
  }
}
