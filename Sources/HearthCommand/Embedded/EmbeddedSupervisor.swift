import EventJournal
import EventModel
import Foundation
import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresClient
import PostgresStores

/// Runs the embedded default: a private PostgreSQL, the embedded broker, and the five services, each a process of its
/// own, until it is told to stop.
///
/// The broker keeps no log past its own life. So every start opens a new log epoch, into which what some group has not
/// folded yet is produced again: events from ingest's journal here, everything else by its owner from the outbox.
package actor EmbeddedSupervisor {
  package struct Options: Sendable {
    package var root: String
    /// Ingest's port; nil: 8080, or the next that is free.
    package var port: Int?
    /// Copies of the tagger.
    package var taggers: Int
    package init(root: String, port: Int?, taggers: Int) {
      self.root = root
      self.port = port
      self.taggers = taggers
    }
  }

  static let services = ["ingest", "tagger", "segmenter", "scheduler", "notifier"]

  private let options: Options
  private let layout: EmbeddedLayout
  private let say: @Sendable (String) -> Void
  private var database: ChildProcess?
  private var broker: ChildProcess?
  private var children: [ChildProcess] = []
  /// The health and metrics port of each child, by process id.
  private var childPorts: [Int32: Int] = [:]
  /// As of the present broker.
  private var endpoints: EmbeddedEndpoints?
  private var stopping = false
  private var lock: FolderLock?

  package init(_ options: Options, say: @escaping @Sendable (String) -> Void) {
    self.options = options
    self.layout = EmbeddedLayout(root: options.root)
    self.say = say
  }

  package func stop() { stopping = true }

  /// Starts everything, says what listens where, and returns when stopped; a part that fails is restarted.
  package func run(ready: @Sendable (EmbeddedEndpoints) async throws -> Void) async throws {
    try prepareFolders()
    lock = try FolderLock(path: layout.lock)
    do {
      try await ready(try await start())
      while !stopping {
        try await Task.sleep(for: .milliseconds(200))
        try await restartFailed()
      }
    } catch {
      await stopAll()
      throw error
    }
    await stopAll()
  }

  // MARK: Starting

  private func prepareFolders() throws(CommandFailure) {
    for folder in [layout.root, layout.logs, layout.deliveries] {
      do {
        try FileManager.default.createDirectory(
          atPath: folder,
          withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o755]
        )
      } catch {
        throw CommandFailure(.unreachable, "folder cannot be made", at: folder, next: "hearth up --dir FOLDER")
      }
    }
    if !FileManager.default.fileExists(atPath: layout.logs + "/postgres.log") {
      _ = FileManager.default.createFile(atPath: layout.logs + "/postgres.log", contents: nil)
    }
  }

  private func start() async throws -> EmbeddedEndpoints {
    endLeftovers()
    let ports = try choosePorts()
    say("starting PostgreSQL")
    let postgres = try EmbeddedPostgres(layout: layout)
    try postgres.initialize()
    database = try postgres.start()
    try await postgres.waitUntilReady(database!)
    let pool = PostgresPool(
      PostgresConfiguration(connectionString: postgres.url, applicationName: "hearth up"),
      connectionsMax: 2
    )
    defer { pool.close() }
    let applied = try await Migrations(pool: pool).apply(directory: try Installation.schemas() + "/postgres")
    if !applied.isEmpty { say("store migrated: \(applied.count) steps") }
    say("starting the embedded broker (for development and demonstration: it keeps 5 MiB a partition)")
    let bootstrap = try await startBroker()
    try await openEpoch(pool: pool, bootstrap: bootstrap)
    let endpoints = EmbeddedEndpoints(
      kafka: bootstrap,
      store: postgres.url,
      ingest: ports["ingest"] ?? 0,
      services: ports,
      supervisor: ProcessInfo.processInfo.processIdentifier
    )
    try startServices(endpoints)
    try await waitUntilReady(endpoints)
    return endpoints
  }

  /// Ends children of a supervisor that was killed.
  private func endLeftovers() {
    guard let data = FileManager.default.contents(atPath: layout.children) else { return }
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let pid = Int32(parts[0]) else { continue }
      let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      // Only what is still the process we started: ids are used again.
      guard String(decoding: command, as: UTF8.self).contains(parts[1]) else { continue }
      kill(pid, parts[1].hasSuffix("postgres") ? SIGQUIT : SIGKILL)
      for _ in 0..<100 where kill(pid, 0) == 0 { usleep(50_000) }
    }
  }

  private func choosePorts() throws(CommandFailure) -> [String: Int] {
    var ports: [String: Int] = [:]
    var taken: Set<Int> = []
    for (index, name) in Self.services.enumerated() {
      if name == "ingest", let wanted = options.port {
        guard FreePort.isFree(wanted) else {
          throw CommandFailure(
            .unreachable,
            "port is taken",
            at: "127.0.0.1:\(wanted)",
            expected: "a free port",
            next: "hearth up --port \(FreePort.first(from: wanted + 1))"
          )
        }
        ports[name] = wanted
      } else {
        ports[name] = FreePort.first(from: 8080 + index, except: taken)
      }
      if let port = ports[name] { taken.insert(port) }
    }
    return ports
  }

  private func startBroker() async throws(CommandFailure) -> String {
    let file = layout.root + "/broker"
    try? FileManager.default.removeItem(atPath: file)
    let child = try ChildProcess(
      name: "broker",
      executable: Installation.sibling("hearth"),
      arguments: ["broker", "--address-file", file],
      environment: ["HEARTH_SCHEMAS": try Installation.schemas()],
      log: layout.logs + "/broker.log"
    )
    broker = child
    noteChildren()
    for _ in 0..<200 where child.isRunning {
      if let data = FileManager.default.contents(atPath: file), !data.isEmpty {
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      }
      do { try await Task.sleep(for: .milliseconds(50)) } catch { break }
    }
    throw CommandFailure(.unreachable, "the embedded broker did not start", next: "see \(layout.logs)/broker.log")
  }

  /// A new broker is a new log: groups begin at its start, and what they have not folded is produced again.
  private func openEpoch(pool: PostgresPool, bootstrap: String) async throws {
    let catalogue = try Installation.catalogue()
    let administration = LogAdministration(pool: pool)
    for group in catalogue.groups {
      let topics = catalogue.topics(readBy: group).map { ($0, catalogue.topic($0)?.partitions ?? 0) }
      try await administration.registerGroup(group, topics: Dictionary(topics, uniquingKeysWith: { $1 }))
    }
    let epoch = try await administration.openLogEpoch(reason: "embedded broker started")
    let count = try await JournalReplay(
      journal: layout.journal,
      bootstrap: bootstrap,
      logEpoch: epoch,
      folded: try await administration.foldedEpochs()
    ).run()
    if count > 0 { say("\(count) records of batches that are not folded everywhere were produced again") }
    logEpoch = epoch
  }

  private var logEpoch: Int64 = 1

  /// Every service, as many taggers as were asked for, on the broker of these endpoints.
  private func startServices(_ endpoints: EmbeddedEndpoints) throws {
    self.endpoints = endpoints
    try endpoints.write(layout.endpoints)
    for name in Self.services {
      for _ in 0..<(name == "tagger" ? max(1, options.taggers) : 1) { try startService(name, endpoints) }
    }
  }

  /// The service's own port, or for a further copy the next that nobody has; a child just started may not listen yet.
  private func port(for name: String, _ endpoints: EmbeddedEndpoints) -> Int {
    let held = Set(children.compactMap { childPorts[$0.pid] })
    if let own = endpoints.services[name], !held.contains(own) { return own }
    return FreePort.first(from: 8090, except: held.union(endpoints.services.values))
  }

  private func startService(_ name: String, _ endpoints: EmbeddedEndpoints) throws {
    let port = port(for: name, endpoints)
    let environment = [
      "HEARTH_EMBEDDED": "true", "HEARTH_KAFKA_BOOTSTRAP": endpoints.kafka, "HEARTH_STORE_URL": endpoints.store,
      "HEARTH_HTTP_PORT": String(port), "HEARTH_SCHEMAS": try Installation.schemas(),
      "HEARTH_JOURNAL_DIRECTORY": layout.journal, "HEARTH_JOURNAL_LOG_EPOCH": String(logEpoch),
      "HEARTH_FILE_DIRECTORY": layout.deliveries,
    ]
    let kept =
      name == "ingest" || name == "notifier"
      ? environment : environment.filter { !$0.key.hasPrefix("HEARTH_JOURNAL") && !$0.key.hasPrefix("HEARTH_FILE") }
    let scoped = name == "notifier" ? kept.filter { !$0.key.hasPrefix("HEARTH_JOURNAL") } : kept
    let child = try ChildProcess(
      name: name,
      executable: Installation.sibling(name),
      arguments: [],
      environment: name == "ingest" ? scoped.filter { !$0.key.hasPrefix("HEARTH_FILE") } : scoped,
      log: layout.logs + "/\(name).log"
    )
    children.append(child)
    childPorts[child.pid] = port
    noteChildren()
  }

  private func waitUntilReady(_ endpoints: EmbeddedEndpoints) async throws {
    say("waiting for the services")
    var waiting = Set(Self.services)
    for _ in 0..<1_200 {
      for name in waiting {
        guard let port = endpoints.services[name] else { continue }
        let answer = try? LoopbackHTTP.send(
          host: "127.0.0.1",
          port: port,
          method: "GET",
          path: "/readyz",
          timeoutSeconds: 2
        )
        if answer?.status == 200 { waiting.remove(name) }
      }
      if waiting.isEmpty { return }
      if let dead = children.first(where: { !$0.isRunning }) {
        throw CommandFailure(
          .unreachable,
          "\(dead.name) ended while starting",
          next: "see \(layout.logs)/\(dead.name).log"
        )
      }
      if stopping { throw CancellationError() }
      try await Task.sleep(for: .milliseconds(100))
    }
    let names = waiting.sorted().joined(separator: ", ")
    throw CommandFailure(.unreachable, "services did not become ready: \(names)", next: "see \(layout.logs)")
  }

  // MARK: Keeping it up

  private func restartFailed() async throws {
    guard !stopping, let endpoints else { return }
    if let ending = database?.ending { try await restartDatabase(ending) }
    if let ending = broker?.ending {
      say("the embedded broker ended with \(ending); opening a new log epoch")
      try await renewBroker(endpoints)
      return
    }
    for child in children {
      guard let ending = child.ending else { continue }
      say("\(child.name) ended with \(ending); starting it again")
      children.removeAll { $0.pid == child.pid }
      childPorts[child.pid] = nil
      try startService(child.name, endpoints)
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// How long a store that ends as soon as it is started is tried again: what a killed one left (its processes, its
  /// shared memory) may stand in the way for a moment.
  private static let databasePatience = Duration.seconds(60)

  private func restartDatabase(_ ending: String) async throws {
    say("PostgreSQL ended with \(ending); starting it again")
    let deadline = ContinuousClock.now + Self.databasePatience
    let postgres = try EmbeddedPostgres(layout: layout)
    while !stopping {
      let child = try postgres.start()
      database = child
      noteChildren()
      do {
        return try await postgres.waitUntilReady(child)
      } catch {
        guard ContinuousClock.now < deadline else { throw error }
      }
      await child.stop(with: SIGINT, within: 5)
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// How long services may take to end when their broker is gone. They cannot finish anything without it, and lose
  /// nothing: what is not committed is read again.
  private static let graceWithoutBroker = 5

  private func renewBroker(_ old: EmbeddedEndpoints) async throws {
    await withTaskGroup(of: Void.self) { group in
      for child in children { group.addTask { await child.stop(within: Self.graceWithoutBroker) } }
    }
    forgetChildren()
    var endpoints = old
    let pool = PostgresPool(
      PostgresConfiguration(connectionString: endpoints.store, applicationName: "hearth up"),
      connectionsMax: 2
    )
    defer { pool.close() }
    endpoints.kafka = try await startBroker()
    try await openEpoch(pool: pool, bootstrap: endpoints.kafka)
    try startServices(endpoints)
  }

  // MARK: Stopping

  /// Ingest first, so that nothing new comes in; then the others, the broker, and the store last.
  private func stopAll() async {
    await stopServices()
    await broker?.stop(within: 5)
    await database?.stop(with: SIGINT, within: 30)
    try? FileManager.default.removeItem(atPath: layout.endpoints)
    try? FileManager.default.removeItem(atPath: layout.children)
  }

  private func stopServices() async {
    for name in Self.services {
      await withTaskGroup(of: Void.self) { group in
        for child in children where child.name == name { group.addTask { await child.stop(within: 30) } }
      }
    }
    forgetChildren()
  }

  private func forgetChildren() {
    children.removeAll()
    childPorts.removeAll()
  }

  private func noteChildren() {
    let lines = ([database, broker].compactMap { $0 } + children).map { child in
      child.name == "postgres"
        ? "\(child.pid) postgres" : "\(child.pid) \(child.name == "broker" ? "broker" : child.name)"
    }
    try? (lines.joined(separator: "\n") + "\n").write(toFile: layout.children, atomically: true, encoding: .utf8)
  }
}
