import Foundation

/// A private PostgreSQL cluster, reached by a Unix socket only. Run by root it belongs to the user `postgres`, since
/// PostgreSQL refuses to run as root.
package struct EmbeddedPostgres: Sendable {
  package let layout: EmbeddedLayout
  private let binaries: String
  private let asRoot: Bool
  package static let port = 5432

  /// Finds Debian's newest server.
  package init(layout: EmbeddedLayout) throws(CommandFailure) {
    self.layout = layout
    let root = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap(Int.init).sorted()
    guard
      let newest = versions.last(where: { FileManager.default.isExecutableFile(atPath: "\(root)/\($0)/bin/initdb") })
    else {
      throw CommandFailure(
        .unreachable,
        "PostgreSQL's server is not installed",
        at: root,
        next: "apt-get install postgresql"
      )
    }
    binaries = "\(root)/\(newest)/bin"
    asRoot = geteuid() == 0
  }

  /// The cluster's folder. Where the user `postgres` cannot come through to the checkout (it lies below /root, say),
  /// the cluster stands in /var/tmp instead.
  package var folder: String {
    guard asRoot, !Self.othersMayPass(to: layout.root) else { return layout.cluster }
    return "/var/tmp" + layout.socketFolder.dropFirst("/tmp".count)
  }

  package var url: String { "host=\(layout.socketFolder) port=\(Self.port) user=hearth dbname=hearth" }

  private static func othersMayPass(to path: String) -> Bool {
    var current = URL(fileURLWithPath: path)
    while current.path != "/" {
      var status = stat()
      if stat(current.path, &status) == 0, status.st_mode & S_IXOTH == 0 { return false }
      current.deleteLastPathComponent()
    }
    return true
  }

  /// Makes the cluster if it is not there yet. Durable writes stay on: the journal relies on the store.
  package func initialize() throws(CommandFailure) {
    do {
      try FileManager.default.createDirectory(atPath: layout.socketFolder, withIntermediateDirectories: true)
    } catch { throw CommandFailure(.unreachable, "folder cannot be made", at: layout.socketFolder) }
    if asRoot { try run("/bin/chown", ["postgres", layout.socketFolder]) }
    guard !FileManager.default.fileExists(atPath: folder + "/PG_VERSION") else { return }
    if asRoot { try run("/usr/bin/install", ["-d", "-o", "postgres", "-m", "700", folder]) }
    try runAsOwner(
      binaries + "/initdb",
      ["-D", folder, "-U", "hearth", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
    )
  }

  /// Starts the server in the foreground of a child process.
  package func start() throws(CommandFailure) -> ChildProcess {
    let (executable, arguments) = asOwner(
      binaries + "/postgres",
      [
        "-D", folder, "-c", "listen_addresses=", "-c", "unix_socket_directories=\(layout.socketFolder)", "-c",
        "port=\(Self.port)", "-c", "max_connections=60", "-c", "shared_buffers=256MB", "-c", "max_wal_size=2GB",
        "-c", "checkpoint_timeout=15min", "-c", "wal_compression=on",
      ]
    )
    return try ChildProcess(
      name: "postgres",
      executable: executable,
      arguments: arguments,
      log: layout.logs + "/postgres.log"
    )
  }

  /// Waits until it answers, then makes the database if it is not there.
  package func waitUntilReady(_ child: ChildProcess) async throws(CommandFailure) {
    for _ in 0..<600 {
      guard child.isRunning else { break }
      if status(of: binaries + "/pg_isready", ["-q", "-h", layout.socketFolder, "-p", "\(Self.port)"]) == 0 {
        let createdb = ["-h", layout.socketFolder, "-p", "\(Self.port)", "-U", "hearth", "hearth"]
        _ = status(of: binaries + "/createdb", createdb)
        return
      }
      do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
    }
    throw CommandFailure(
      .unreachable,
      "PostgreSQL did not start",
      at: folder,
      next: "see \(layout.logs)/postgres.log"
    )
  }

  // MARK: Processes

  private func asOwner(_ executable: String, _ arguments: [String]) -> (String, [String]) {
    guard asRoot else { return (executable, arguments) }
    return ("/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", executable] + arguments)
  }

  private func runAsOwner(_ executable: String, _ arguments: [String]) throws(CommandFailure) {
    let (executable, arguments) = asOwner(executable, arguments)
    try run(executable, arguments)
  }

  private func run(_ executable: String, _ arguments: [String]) throws(CommandFailure) {
    guard status(of: executable, arguments) == 0 else {
      throw CommandFailure(
        .unreachable,
        "command failed",
        at: executable,
        next: "see \(layout.logs)/postgres.log"
      )
    }
  }

  private func status(of executable: String, _ arguments: [String]) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    let log = ChildProcess.appending(to: layout.logs + "/postgres.log")
    process.standardOutput = log ?? FileHandle.nullDevice
    process.standardError = log ?? FileHandle.nullDevice
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
