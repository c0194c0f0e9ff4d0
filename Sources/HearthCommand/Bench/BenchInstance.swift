import Foundation

/// An embedded instance of the benchmark's own, in a folder that goes away with it.
struct BenchInstance: Sendable {
  let folder: String
  let endpoints: EmbeddedEndpoints
  private let supervisor: ChildProcess

  /// Starts it and waits until it is ready.
  static func start(taggers: Int) async throws -> BenchInstance {
    let folder = NSTemporaryDirectory() + "hearth-bench-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let ready = folder + "/ready"
    let supervisor = try ChildProcess(
      name: "hearth up",
      executable: Installation.sibling("hearth"),
      arguments: ["up", "--dir", folder, "--taggers", String(taggers), "--ready-file", ready],
      log: folder + "/up.log"
    )
    let deadline = ContinuousClock.now + .seconds(120)
    while !FileManager.default.fileExists(atPath: ready) {
      guard supervisor.isRunning, ContinuousClock.now < deadline else {
        await supervisor.stop(within: 60)
        throw CommandFailure(.unreachable, "the instance did not start", next: "see \(folder)/up.log")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    guard let endpoints = EmbeddedEndpoints.read(EmbeddedLayout(root: folder).endpoints) else {
      throw CommandFailure(.unreachable, "the instance says nothing of itself", at: folder)
    }
    return BenchInstance(folder: folder, endpoints: endpoints, supervisor: supervisor)
  }

  func stop() async {
    await supervisor.stop(within: 90)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Runs another `hearth` command on this instance to its end.
  func run(_ arguments: [String]) async throws {
    let child = try command(arguments, log: "command.log")
    guard await child.wait() == 0 else {
      throw CommandFailure(.unreachable, "hearth \(arguments[0]) failed", next: "see \(folder)/command.log")
    }
  }

  /// Begins one, its output in a file of the folder.
  func command(_ arguments: [String], log: String) throws(CommandFailure) -> ChildProcess {
    try ChildProcess(
      name: "hearth \(arguments[0])",
      executable: Installation.sibling("hearth"),
      arguments: arguments + ["--dir", folder],
      log: folder + "/" + log
    )
  }

  /// Applies the benchmark's playbook for a tenant.
  func apply(live: Bool, tenant: String) async throws {
    let path = folder + "/playbook-\(tenant)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try BenchWorkload.playbook(live: live).write(toFile: path + "/bench.yaml", atomically: true, encoding: .utf8)
    try await run(["playbook", "apply", path, "--tenant", tenant])
  }

  /// The processes by name: the services, the broker, and PostgreSQL with its backends.
  func usage() -> [String: ProcessUsage] {
    guard let data = FileManager.default.contents(atPath: EmbeddedLayout(root: folder).children) else { return [:] }
    var usage: [String: ProcessUsage] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let pid = Int32(parts[0]) else { continue }
      let name = String(parts[1])
      let family = name == "postgres" ? [pid] + ProcessUsage.children(of: pid) : [pid]
      for one in family.compactMap(ProcessUsage.init(pid:)) {
        usage[name, default: .none].add(one)
      }
    }
    return usage
  }
}

extension ProcessUsage {
  static let none = ProcessUsage(cpuSeconds: 0, peakBytes: 0)

  private init(cpuSeconds: Double, peakBytes: Int) {
    self.cpuSeconds = cpuSeconds
    self.peakBytes = peakBytes
  }

  mutating func add(_ other: ProcessUsage) {
    cpuSeconds += other.cpuSeconds
    peakBytes += other.peakBytes
  }
}
