import EventModel
import Foundation
import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresClient
import PostgresStores

/// `hearth bench pipeline`: real processes, durability on. First a topic full of history, as fast as it goes; then live
/// events at a rate, with a subscriber in a process of its own that measures how late tags come.
struct PipelineBench {
  struct Options: Sendable {
    var events: Int
    var members: Int
    var taggers: Int
    var rate: Int
    var seconds: Int
    var seed: UInt64
  }

  struct Result: Sendable {
    /// From the first event's writing until all are committed and their tags published.
    var elapsed = Duration.zero
    var published = 0
    /// CPU seconds and peak memory by process, over the first part.
    var usage: [String: ProcessUsage] = [:]
    /// The subscriber's own words.
    var latency = BenchListener.Summary()
  }

  let options: Options
  let say: @Sendable (String) -> Void

  func run() async throws -> Result {
    say("starting an instance with \(options.taggers) tagger(s)")
    let instance = try await BenchInstance.start(taggers: options.taggers)
    do {
      var result = Result()
      try await throughput(instance, &result)
      if options.rate > 0 { result.latency = try await latency(instance) }
      await instance.stop()
      return result
    } catch {
      await instance.stop()
      throw error
    }
  }

  // MARK: As fast as it goes

  private func throughput(_ instance: BenchInstance, _ result: inout Result) async throws {
    try await instance.apply(live: false, tenant: "bench")
    say("making \(options.events) events")
    var workload = BenchWorkload(seed: options.seed, members: options.members, total: options.events)
    let records = workload.records(options.events)
    let pool = PostgresPool(
      PostgresConfiguration(connectionString: instance.endpoints.store, applicationName: "hearth bench"),
      connectionsMax: 3
    )
    defer { pool.close() }
    let sink = try sink(instance, pool)
    let before = instance.usage()
    say("writing them to the topic")
    let started = ContinuousClock.now
    var ends: [PartitionID: Int64] = [:]
    for start in stride(from: 0, to: records.count, by: 5_000) {
      for position in try await sink.write(Array(records[start..<min(start + 5_000, records.count)])) {
        ends[position.partition] = max(ends[position.partition] ?? -1, position.offset)
      }
    }
    try await waitUntilFolded(ends, pool)
    result.elapsed = ContinuousClock.now - started
    for (name, after) in instance.usage() {
      var used = after
      used.cpuSeconds -= before[name]?.cpuSeconds ?? 0
      result.usage[name] = used
    }
    result.published = try await published(instance)
    await sink.close()
  }

  private func sink(_ instance: BenchInstance, _ pool: PostgresPool) throws -> PacedSink {
    let catalogue = try Installation.catalogue()
    let counts = Dictionary(catalogue.topics.map { ($0.name, Int($0.partitions)) }, uniquingKeysWith: { $1 })
    return PacedSink(
      inner: try KafkaEventSink(Self.connection(instance)),
      progress: PostgresStateStore(pool: pool, retainFrames: true),
      partitionCount: { counts[$0] ?? 1 },
      partitioner: { key, count in murmur2Partition(key: key, count: Int32(count)) },
      bytesMax: PacedSink.aloneBytesMax
    )
  }

  static func connection(_ instance: BenchInstance) -> KafkaConnection {
    KafkaConnection(bootstrapServers: instance.endpoints.kafka, clientID: "hearth-bench")
  }

  /// Until the tagger has committed past `ends` and published every frame.
  private func waitUntilFolded(_ ends: [PartitionID: Int64], _ pool: PostgresPool) async throws {
    let reader = LagReader(pool: pool)
    let deadline = ContinuousClock.now + .seconds(600)
    while ContinuousClock.now < deadline {
      let rows = try await reader.progress(group: "tagger")
      let isFolded = rows.allSatisfy { row in
        row.publishedThrough >= row.outboxPosition && row.nextOffset > ends[row.partition] ?? -1
      }
      if isFolded { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw CommandFailure(.unreachable, "the tagger did not fold everything within 600 s")
  }

  private func published(_ instance: BenchInstance) async throws -> Int {
    guard let port = instance.endpoints.services["tagger"] else { return 0 }
    let answer = try LoopbackHTTP.send(host: "127.0.0.1", port: port, method: "GET", path: "/metrics")
    let line = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("hearth_published_total") }
    return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
  }

  // MARK: At a rate

  private func latency(_ instance: BenchInstance) async throws -> BenchListener.Summary {
    let tenant = "bench-live"
    try await instance.apply(live: true, tenant: tenant)
    let file = instance.folder + "/latency.json"
    let ready = instance.folder + "/listening"
    let listener = try instance.command(
      [
        "bench", "listen", "--tenant", tenant, "--output", file, "--ready-file", ready, "--seconds",
        "\(options.seconds + 5)",
      ],
      log: "listen.log"
    )
    while !FileManager.default.fileExists(atPath: ready) {
      guard listener.isRunning else {
        throw CommandFailure(.unreachable, "the subscriber ended", next: "see \(instance.folder)/listen.log")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    say("writing \(options.rate) events/s for \(options.seconds) s")
    let sink = try KafkaEventSink(Self.connection(instance))
    var workload = BenchWorkload(seed: options.seed, tenant: tenant, members: options.members / 10, total: 1)
    let began = ContinuousClock.now
    var sent = 0
    while sent < options.rate * options.seconds {
      let due = Int((ContinuousClock.now - began).seconds * Double(options.rate))
      let count = min(due, options.rate * options.seconds) - sent
      if count > 0 {
        let now = SystemClock().now()
        try await sink.write((0..<count).map { _ in BenchWorkload.record(of: workload.next(live: now)) })
        sent += count
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    await sink.close()
    guard await listener.wait() == 0, let data = FileManager.default.contents(atPath: file) else {
      throw CommandFailure(.unreachable, "the subscriber failed", next: "see \(instance.folder)/listen.log")
    }
    return try JSONDecoder().decode(BenchListener.Summary.self, from: data)
  }
}
