import EventCodec
import EventModel
import Logging
import PipelinePorts
import PipelineRuntime
import Playbook
import Segmentation

/// Ranks populations: the leader of all segmenters turns complete snapshots into cuts and writes each into every
/// partition of the signals' topic.
package struct PopulationLeader: Sendable {
  package static let interval = Duration.milliseconds(500)

  private let leadership: any Leadership
  private let snapshots: any PopulationStore
  private let playbooks: any PlaybookStore
  private let makeSink: @Sendable () async throws(AdapterFailure) -> any EventSink
  private let partitions: Int32
  private let metrics: MetricsRegistry
  private let logger: Logger

  /// `partitions`: partition count of the signals' topic.
  package init(
    leadership: any Leadership,
    snapshots: any PopulationStore,
    playbooks: any PlaybookStore,
    makeSink: @escaping @Sendable () async throws(AdapterFailure) -> any EventSink,
    partitions: Int32,
    metrics: MetricsRegistry,
    logger: Logger
  ) {
    self.leadership = leadership
    self.snapshots = snapshots
    self.playbooks = playbooks
    self.makeSink = makeSink
    self.partitions = partitions
    self.metrics = metrics
    self.logger = logger
  }

  /// What a process that ranks remembers from one turn to the next.
  package struct Progress: Sendable {
    var sink: (any EventSink)?
    var hasRepeated = false

    package init() {}
  }

  /// Until cancelled.
  package func run() async {
    var progress = Progress()
    while !Task.isCancelled {
      await turn(&progress)
      do { try await Task.sleep(for: Self.interval) } catch { break }
    }
    await progress.sink?.close()
  }

  /// Ranks what is complete if this process leads. A failure is logged and tried again next time.
  package func turn(_ progress: inout Progress) async {
    do {
      if try await leadership.holds() {
        if progress.sink == nil { progress.sink = try await makeSink() }
        if let sink = progress.sink {
          // A cut whose writing a predecessor did not finish, or a lost log swallowed: partitions ignore repeats.
          if !progress.hasRepeated {
            for record in try await snapshots.newestCuts() { try await write(record, to: sink) }
          }
          progress.hasRepeated = true
          try await rank(to: sink)
        }
      } else {
        progress.hasRepeated = false
      }
    } catch {
      metrics.add(to: "hearth_ranking_failures_total", help: "Rankings that have to be tried again.")
      logger.warning("a population could not be ranked", metadata: ["code": "\(error.code)"])
    }
  }

  private func rank(to sink: any EventSink) async throws(AdapterFailure) {
    let complete = try await snapshots.complete(partitionCount: Int(partitions))
    guard !complete.isEmpty else { return }
    let stored = Dictionary(
      try await playbooks.playbooks().map { ($0.tenant, $0) },
      uniquingKeysWith: { $1 }
    )
    for instant in complete {
      guard let playbook = stored[instant.tenant] else { continue }
      let program = SegmentProgram(segments: try StoredPlaybookCompiler.compile(playbook).segments)
      guard let population = program.population(instant.segment) else { continue }
      var parts: [PartitionSnapshot] = []
      for bytes in try await snapshots.snapshots(of: instant) {
        do { parts.append(try PartitionSnapshot(decoding: bytes)) } catch {
          throw AdapterFailure(code: "SNAPSHOT", reason: "a stored snapshot cannot be read", disposition: .permanent)
        }
      }
      let cut = PopulationRanking.cut(
        of: parts,
        segment: instant.segment,
        asOf: instant.asOf,
        share: population.share
      )
      let record = ControlCodec.encode(cut.record(tenant: instant.tenant))
      try await write(record, to: sink)
      try await snapshots.decided(instant, record: record)
      metrics.add(to: "hearth_rankings_total", help: "Populations ranked by this process as leader.")
    }
  }

  private func write(_ record: [UInt8], to sink: any EventSink) async throws(AdapterFailure) {
    let control: ControlRecord
    do { control = try ControlCodec.decode(record) } catch {
      throw AdapterFailure(code: "CUT", reason: "a stored cut cannot be read", disposition: .permanent)
    }
    let records = (0..<partitions).map { ControlMessage.record(control, topic: Topic.signals, partition: $0) }
    _ = try await sink.write(records)
  }
}
