import EventModel
import Foundation
import PipelineTestSupport
import Testing

/// All services over one log and store in memory, under faults; see Tests/README.md, "The simulation".
///
/// `HEARTH_SEEDS=FROM-TO` runs these seeds, `HEARTH_CASES=N` the first N, without a bound of time; else seeds from 1 on
/// for `HEARTH_SECONDS` (30 s unless said).
@Suite("All services over one log")
struct SimulationTests {
  /// A variable that is empty is as one that is not set.
  private static let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
  /// Most seeds of a run that is bounded by time.
  private static let seedsMax: UInt64 = 1_000_000

  /// Failing seeds after which a run ends.
  private static var failuresMax: Int { environment["HEARTH_FAILURES"].flatMap { Int($0) } ?? 5 }

  private static var seeds: ClosedRange<UInt64> {
    if let text = environment["HEARTH_SEEDS"] {
      let ends = text.split(separator: "-").compactMap { UInt64($0) }
      if let first = ends.first, let last = ends.last, first <= last { return first...last }
    }
    return 1...(environment["HEARTH_CASES"].flatMap(UInt64.init) ?? seedsMax)
  }

  private static var seconds: Double? {
    guard environment["HEARTH_SEEDS"] == nil, environment["HEARTH_CASES"] == nil else { return nil }
    return environment["HEARTH_SECONDS"].flatMap(Double.init) ?? 30
  }

  @Test("whatever happens to processes, commits, clocks and deliveries, both laws and rule R hold")
  func laws() async throws {
    let began = ContinuousClock.now
    var distribution = Distribution()
    var failed: [UInt64] = []
    for seed in Self.seeds {
      if let seconds = Self.seconds, ContinuousClock.now - began > .seconds(seconds) { break }
      let faults = await Self.faults(seed, &distribution)
      guard !faults.isEmpty else { continue }
      failed.append(seed)
      let replay = "HEARTH_SEEDS=\(seed) swift test --filter SimulationTests"
      Issue.record(
        "seed \(seed): \(faults.count) faults; again: \(replay)\n\(faults.prefix(6).joined(separator: "\n"))"
      )
      if failed.count >= Self.failuresMax { break }
    }
    for line in distribution.lines { print("simulation: \(line)") }
    guard failed.isEmpty, Self.environment["HEARTH_SEEDS"] == nil else { return }
    #expect(distribution.cases > 0)
    #expect(distribution.average("events") >= 30)
    #expect(distribution.share("late") >= 20)
    #expect(distribution.share("ties") >= 10)
    guard distribution.cases >= 20 else { return }
    let struck = CrashPoint.allCases.map(\.rawValue) + CommitFate.allCases.map(\.rawValue)
    for fault in struck + ["fenced", "rebalances", "frames published for a predecessor", "deliveries recovered"] {
      #expect(distribution.hits[fault, default: 0] > 0, "no case met the fault \(fault)")
    }
  }

  private static func faults(_ seed: UInt64, _ distribution: inout Distribution) async -> [String] {
    do {
      var simulation = try Simulation(seed: seed)
      try await simulation.run()
      await distribution.add(simulation)
      return try await Laws(simulation: simulation).faults()
    } catch {
      return ["\(error)"]
    }
  }
}
