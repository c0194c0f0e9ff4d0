import EventModel
import Foundation
import KafkaClient
import PipelinePorts
import PipelineRuntime

/// A subscriber of `hearth.tags.v1`: how long after its event each tag change came.
struct BenchListener {
  struct Summary: Codable, Sendable {
    var changes = 0
    /// Milliseconds.
    var median = 0.0
    var p99 = 0.0
    var max = 0.0
  }

  let source: KafkaEventSource
  let tenant: String

  /// Reads until `duration` has passed; `ready` is called once partitions are owned.
  func run(for duration: Duration, ready: () throws -> Void) async throws -> Summary {
    var late: [Double] = []
    var deadline: ContinuousClock.Instant?
    while deadline.map({ ContinuousClock.now < $0 }) ?? true {
      switch await source.poll(timeout: .milliseconds(100), recordsMax: 5_000) {
      case .assigned(let partitions):
        var ends: [PartitionID: Int64] = [:]
        for partition in partitions { ends[partition] = try await source.watermarks(of: partition).high }
        try await source.start(at: ends)
        deadline = .now + duration
        try ready()
      case .records(let records):
        let now = SystemClock().now()
        for record in records {
          if let latency = Self.latency(record, tenant: tenant, now: now) { late.append(latency) }
        }
      case .failure(let failure) where failure.disposition == .fatal: throw failure
      default: break
      }
    }
    await source.close()
    return Self.summary(of: late)
  }

  /// Of a change that an event caused, at whose time it begins.
  private static func latency(_ record: LogRecord, tenant: String, now: Instant) -> Double? {
    guard record.key.starts(with: "\(tenant)/".utf8), record.header(Topic.controlHeader) == nil,
      let message = try? ReceivedMessage(decoding: record), let since = message.instant("since"),
      message.event.data["cause"]?["kind"] == .string("event")
    else { return nil }
    return Double(now.milliseconds - since.milliseconds)
  }

  static func summary(of late: [Double]) -> Summary {
    guard !late.isEmpty else { return Summary() }
    let sorted = late.sorted()
    func quantile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] }
    return Summary(changes: late.count, median: quantile(0.5), p99: quantile(0.99), max: sorted[sorted.count - 1])
  }
}
