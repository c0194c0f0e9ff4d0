import ArgumentParser
import EventModel
import Foundation
import KafkaClient

/// `hearth bench`: speed and memory, as ratios to a reference measured in the same run.
struct BenchCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "bench",
      abstract: "Measure speed and memory.",
      discussion: """
        Figures are of this machine at this moment: run it on a quiet one, built with -c release. The reference is \
        SHA-256 of the same events by libcrypto on one thread; ratios to it can be compared between machines.
        """,
      subcommands: [Core.self, Pipeline.self, Listen.self]
    )
  }

  /// `hearth bench core`.
  struct Core: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "core", abstract: "The pure core over events in memory, on one thread.")
    }

    @Option(help: "Events.") var events = 300_000
    @Option(help: "Members.") var members = 40_000
    @Option(help: "Seed of the workload.") var seed: UInt64 = 7

    func run() async throws {
      let result = try CoreBench(events: events, members: members, seed: seed).run()
      let reference = result.each(result.reference)
      let bytesEach = result.bytes / max(1, result.events)
      Terminal.print("core: \(result.events) events of \(bytesEach) bytes, \(result.subjects) members, seed \(seed)")
      BenchTable.head()
      BenchTable.line("reference: SHA-256", reference, reference)
      BenchTable.line("decode", result.each(result.decode), reference)
      BenchTable.line("fold: 17 metrics, 3 tags", result.each(result.fold), reference)
      let perState = 1e6 / Double(max(1, result.subjects))
      BenchTable.line("encode a member's state", result.encodeState.seconds * perState, reference)
      BenchTable.line("decode a member's state", result.decodeState.seconds * perState, reference)
      let stateEach = result.stateBytes / max(1, result.subjects)
      Terminal.print("\(result.tagChanges) tag changes, \(stateEach) bytes a member's state")
    }
  }

  /// `hearth bench pipeline`.
  struct Pipeline: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(
        commandName: "pipeline",
        abstract: "Real processes with durability on: throughput, then how late tags come at a rate.",
        discussion: """
          Durability cannot be turned off: fsync and synchronous_commit of PostgreSQL on, outbox on. The events name \
          no community. CPU of all processes counts, the writer's own apart.
          """
      )
    }

    @Option(help: "Events written as fast as they go.") var events = 1_000_000
    @Option(help: "Members.") var members = 40_000
    @Option(help: "Taggers.") var taggers = 1
    @Option(help: "Live events a second of the second part; 0 leaves it out.") var rate = 2_000
    @Option(help: "Seconds of the second part.") var seconds = 20
    @Option(help: "Seed of the workload.") var seed: UInt64 = 7

    func validate() throws {
      guard events > 0, members > 9, taggers > 0, rate >= 0, seconds > 0 else {
        throw ValidationError(
          "--events, --members, --taggers and --seconds are at least 1 (10 members), --rate at least 0"
        )
      }
    }

    func run() async throws {
      let options = PipelineBench.Options(
        events: events,
        members: members,
        taggers: taggers,
        rate: rate,
        seconds: seconds,
        seed: seed
      )
      let reference = try CoreBench(events: 50_000, members: members, seed: seed).reference()
      let started = ContinuousClock.now
      let result = try await PipelineBench(options: options) { line in
        Terminal.error("[\((ContinuousClock.now - started).components.seconds) s] \(line)")
      }.run()
      print(result, reference: reference)
    }

    private func print(_ result: PipelineBench.Result, reference: Double) {
      let seconds = result.elapsed.seconds
      let perSecond = Int(Double(events) / seconds)
      Terminal.print(
        "pipeline: \(events) events, \(members) members, \(taggers) tagger(s), no communities, seed \(seed)"
      )
      Terminal.print("durability: fsync on, synchronous_commit on, outbox on")
      Terminal.print("topic → committed and published: \(perSecond) events/s (\(Int(seconds * 1_000)) ms)")
      Terminal.print("\(result.published) messages published")
      BenchTable.head("MiB peak")
      BenchTable.line("reference: SHA-256", reference, reference)
      var total = 0.0
      for (name, used) in result.usage.sorted(by: { $0.value.cpuSeconds > $1.value.cpuSeconds }) {
        let each = used.cpuSeconds * 1e6 / Double(events)
        total += each
        BenchTable.line(name, each, reference, String(used.peakBytes >> 20))
      }
      BenchTable.line("all", total, reference)
      guard rate > 0 else { return }
      let latency = result.latency
      Terminal.print(
        "event → tag at \(rate)/s, by a subscriber: p50 \(Int(latency.median)) ms, p99 \(Int(latency.p99)) ms, "
          + "max \(Int(latency.max)) ms (\(latency.changes) changes)"
      )
    }
  }

  /// `hearth bench listen`: the subscriber of `hearth bench pipeline`.
  struct Listen: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(commandName: "listen", abstract: "Measure how late tag changes come.", shouldDisplay: false)
    }

    @OptionGroup var instance: InstanceOptions
    @Option(help: "The tenant.") var tenant: String
    @Option(help: "Seconds.") var seconds: Int
    @Option(help: "Where the result goes, as JSON.") var output: String
    @Option(help: "A file that is written when it listens.") var readyFile: String

    func run() async throws {
      let group = "bench-\(ProcessInfo.processInfo.processIdentifier)"
      let settings = KafkaConsumerSettings.embedded(group: group, topics: [Topic.tags])
      let listener = BenchListener(source: try KafkaEventSource(try instance.kafka(), settings), tenant: tenant)
      let summary = try await listener.run(for: .seconds(seconds)) {
        try Data().write(to: URL(fileURLWithPath: readyFile))
      }
      try JSONEncoder().encode(summary).write(to: URL(fileURLWithPath: output))
    }
  }
}

/// Columns of what `hearth bench` prints.
enum BenchTable {
  static func head(_ more: String = "") {
    Terminal.print(row("", "µs CPU", "ratio", more))
  }

  static func line(_ name: String, _ microseconds: Double, _ reference: Double, _ more: String = "") {
    Terminal.print(row(name, decimal(microseconds), decimal(microseconds / reference), more))
  }

  private static func decimal(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }

  private static func row(_ name: String, _ columns: String...) -> String {
    let first = name + String(repeating: " ", count: max(0, 28 - name.count))
    return columns.reduce(first) { $0 + String(repeating: " ", count: max(1, 10 - $1.count)) + $1 }
  }
}
