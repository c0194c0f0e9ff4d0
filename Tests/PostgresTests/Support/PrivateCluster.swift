import Foundation
import PostgresClient
import Synchronization

/// A PostgreSQL cluster of the test process's own, reached by a Unix socket; gone when the process ends.
///
/// Run as root it belongs to the user `postgres`, which the server insists on.
final class PrivateCluster: Sendable {
  let directory: String

  struct Unavailable: Error, CustomStringConvertible {
    var description: String
  }

  /// initdb, with nothing that makes data durable: the tests kill it, the machine does not.
  init() throws {
    var template = Array("/tmp/hearth-postgres-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Unavailable(description: "no temporary directory") }
    directory = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    if geteuid() == 0 { try Self.run("/usr/bin/chown", ["postgres", directory]) }
    try asServer(
      "initdb",
      ["-D", "\(directory)/data", "-U", "hearth", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    )
    let settings = """
      listen_addresses = ''
      unix_socket_directories = '\(directory)'
      fsync = off
      full_page_writes = off
      max_connections = 200
      shared_buffers = 64MB

      """
    let file = "\(directory)/data/postgresql.auto.conf"
    guard let handle = FileHandle(forWritingAtPath: file) else { throw Unavailable(description: "no \(file)") }
    handle.seekToEndOfFile()
    handle.write(Data(settings.utf8))
    try handle.close()
    Self.removeAtExit(directory)
    try start()
  }

  func start() throws {
    try asServer("pg_ctl", ["-D", "\(directory)/data", "-w", "-s", "-l", "\(directory)/log", "start"])
  }

  /// As after kill -9: no shutdown, recovery at the next start.
  func crash() throws { try asServer("pg_ctl", ["-D", "\(directory)/data", "-w", "-s", "-m", "immediate", "stop"]) }

  func connectionString(database: String) -> String { "host=\(directory) port=5432 user=hearth dbname=\(database)" }

  private func asServer(_ program: String, _ arguments: [String]) throws {
    let path = "\(try Self.programs())/\(program)"
    if geteuid() == 0 {
      try Self.run(
        "/usr/bin/setpriv",
        ["--reuid=postgres", "--regid=postgres", "--clear-groups", path] + arguments
      )
    } else {
      try Self.run(path, arguments)
    }
  }

  private static func programs() throws -> String {
    if let given = ProcessInfo.processInfo.environment["HEARTH_POSTGRES_BIN"] { return given }
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    guard let newest = versions.compactMap(Int.init).max() else {
      throw Unavailable(description: "no PostgreSQL under /usr/lib/postgresql; set HEARTH_POSTGRES_BIN")
    }
    return "/usr/lib/postgresql/\(newest)/bin"
  }

  /// Foundation's `Process` waits until every heir of the child's descriptors is gone, the server included; so this
  /// is `posix_spawn` and `waitpid`.
  private static func run(_ path: String, _ arguments: [String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [Int32(0), 1, 2] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    // From a directory that the server's user may enter.
    let words = ["/bin/sh", "-c", #"cd /tmp && exec "$@""#, "sh", path] + arguments
    let copies = words.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    var pid = pid_t()
    let spawned = posix_spawn(&pid, "/bin/sh", &actions, nil, copies + [nil], environ)
    guard spawned == 0 else { throw Unavailable(description: "\(path) cannot be started: errno \(spawned)") }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { throw Unavailable(description: "\(path) was lost: errno \(errno)") }
    }
    guard status == 0 else { throw Unavailable(description: "\(path) ended with status \(status)") }
  }

  private static let directories = Mutex<[String]>([])

  private static func removeAtExit(_ directory: String) {
    let isFirst = directories.withLock { list in
      list.append(directory)
      return list.count == 1
    }
    guard isFirst else { return }
    atexit {
      for directory in PrivateCluster.directories.withLock({ $0 }) { PrivateCluster.remove(directory) }
    }
  }

  private static func remove(_ directory: String) {
    if let text = try? String(contentsOfFile: "\(directory)/data/postmaster.pid", encoding: .utf8),
      let pid = pid_t(text.prefix { $0.isNumber })
    {
      // SIGQUIT is an immediate shutdown.
      kill(pid, SIGQUIT)
      var turns = 0
      while kill(pid, 0) == 0, turns < 200 {
        usleep(10_000)
        turns += 1
      }
    }
    try? FileManager.default.removeItem(atPath: directory)
  }
}
