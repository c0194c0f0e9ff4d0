import EventModel
import Logging
import PipelinePorts
import PipelineRuntime

/// Writes the live clock into the log: the leader of all schedulers puts a tick with the store's time into every
/// partition of the events' topics, as often as timers need it, at most every 250 ms, at least every 5 s.
package struct TickWriter: Sendable {
  package static let intervalMin = Duration.milliseconds(250)
  package static let intervalMax = TimeSpan.seconds(5)

  private let leadership: any Leadership
  private let outlook: any TimerOutlook
  private let makeSink: @Sendable () async throws(AdapterFailure) -> any EventSink
  private let partitions: [String: Int32]
  private let metrics: MetricsRegistry
  private let logger: Logger

  /// `partitions`: partition count of each topic that carries the live clock.
  package init(
    leadership: any Leadership,
    outlook: any TimerOutlook,
    makeSink: @escaping @Sendable () async throws(AdapterFailure) -> any EventSink,
    partitions: [String: Int32],
    metrics: MetricsRegistry,
    logger: Logger
  ) {
    self.leadership = leadership
    self.outlook = outlook
    self.makeSink = makeSink
    self.partitions = partitions
    self.metrics = metrics
    self.logger = logger
  }

  /// What a process that writes ticks remembers from one turn to the next.
  package struct Progress: Sendable {
    var sink: (any EventSink)?
    var last: Instant?

    package init() {}
  }

  /// Until cancelled.
  package func run() async {
    var progress = Progress()
    while !Task.isCancelled {
      await turn(&progress)
      do { try await Task.sleep(for: Self.intervalMin) } catch { break }
    }
    await progress.sink?.close()
  }

  /// One look at the clock: a tick if this process leads and one is due. A failure is logged and tried again next time.
  package func turn(_ progress: inout Progress) async {
    do {
      if try await leadership.holds() {
        if progress.sink == nil { progress.sink = try await makeSink() }
        if let sink = progress.sink { progress.last = try await tickIfDue(last: progress.last, sink: sink) }
      } else {
        progress.last = nil
      }
    } catch {
      metrics.add(to: "hearth_tick_failures_total", help: "Ticks that could not be written.")
      logger.warning("the clock could not be written", metadata: ["code": "\(error.code)"])
      await progress.sink?.close()
      progress.sink = nil
    }
  }

  private func tickIfDue(last: Instant?, sink: any EventSink) async throws(AdapterFailure) -> Instant? {
    let now = try await outlook.now()
    guard try await isDue(now: now, last: last) else { return last }
    let records = partitions.sorted { $0.key < $1.key }.flatMap { topic, count in
      (0..<count).map { partition in
        ControlMessage.record(
          .tick(tenant: "*", time: now, source: topic, ends: false),
          topic: topic,
          partition: partition
        )
      }
    }
    _ = try await sink.write(records)
    metrics.add(to: "hearth_ticks_total", help: "Ticks written by this process as leader.")
    return now
  }

  private func isDue(now: Instant, last: Instant?) async throws(AdapterFailure) -> Bool {
    guard let last else { return true }
    // The store's clock never runs the log's back.
    guard now > last else { return false }
    if now - last >= Self.intervalMax { return true }
    let fired = last - AcceptanceLimits.timerGrace
    guard let due = try await outlook.nextDue(after: fired) else { return false }
    return due + AcceptanceLimits.timerGrace <= now
  }
}
