import EventModel
import Logging
import PipelinePorts

/// Publishes outbox frames strictly in order: nothing of a chunk is begun before all of the one before it was
/// acknowledged; after any failure the chunk goes out again as a whole.
actor FramePublisher {
  /// Records of a chunk.
  static let recordsMax = 5_000
  private static let retryLast = Duration.seconds(2)

  private let retryFirst: Duration
  private let makeSink: @Sendable () async throws(AdapterFailure) -> any EventSink
  private let metrics: MetricsRegistry
  private let logger: Logger
  private let health: Health
  private var sink: (any EventSink)?
  private var isStopping = false

  init(
    makeSink: @escaping @Sendable () async throws(AdapterFailure) -> any EventSink,
    metrics: MetricsRegistry,
    health: Health,
    logger: Logger,
    retryFirst: Duration
  ) {
    self.retryFirst = retryFirst
    self.makeSink = makeSink
    self.metrics = metrics
    self.health = health
    self.logger = logger
  }

  /// Whole frames, in order, of at most `recordsMax` records together (a larger frame stands alone).
  nonisolated func chunks(
    of frames: [(PartitionID, Int64, OutboxFrame)]
  ) -> [[(PartitionID, Int64, OutboxFrame)]] {
    var chunks: [[(PartitionID, Int64, OutboxFrame)]] = []
    var count = 0
    for frame in frames {
      if chunks.isEmpty || count + frame.2.records.count > Self.recordsMax {
        chunks.append([])
        count = 0
      }
      chunks[chunks.count - 1].append(frame)
      count += frame.2.records.count
    }
    return chunks
  }

  func publish(_ records: [OutboundRecord], probe: CrashProbe) async throws(AdapterFailure) -> [WrittenPosition] {
    var wait = retryFirst
    while true {
      do {
        if sink == nil { sink = try await makeSink() }
        guard let sink else { continue }
        if records.count > 1, probe.reaches(.midOutbox) {
          _ = try await sink.write(Array(records.prefix(records.count / 2)))
          probe.die()
        }
        let written = try await sink.write(records)
        health.set("broker", true)
        metrics.add(Double(records.count), to: "hearth_published_total", help: "Messages acknowledged by the broker.")
        return written
      } catch {
        // The loop waits here, but it turns: liveness never depends on the broker.
        health.turned()
        health.set("broker", false)
        logger.warning("publication failed and is tried again", metadata: ["code": "\(error.code)"])
        metrics.add(to: "hearth_publish_failures_total", help: "Publications that had to be repeated.")
        if error.disposition != .retriable {
          await sink?.close()
          sink = nil
        }
        // What stays unpublished is in the outbox: the next owner begins with it.
        if isStopping { throw Self.stopped }
        do { try await Task.sleep(for: wait) } catch {
          throw Self.stopped
        }
        wait = min(wait * 2, Self.retryLast)
      }
    }
  }

  private static let stopped = AdapterFailure(
    code: "STOPPED",
    reason: "stopped while publishing",
    disposition: .fatal
  )

  /// A failed publication is not tried again.
  func stop() { isStopping = true }

  func close() async {
    await sink?.close()
    sink = nil
  }
}
