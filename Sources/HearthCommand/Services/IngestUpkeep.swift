import EventJournal
import EventModel
import IngestService
import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresStores

/// What ingest does beside its requests: puts playbook activations into the log, looks whether store and broker answer,
/// and, on the embedded broker, forgets what every group has folded.
struct IngestUpkeep: Sendable {
  static let interval = Duration.milliseconds(250)
  /// Rounds between looks at the journal and the outbox.
  static let roundsPerPruning = 20

  let assembly: Assembly
  let admin: KafkaAdmin
  let sink: DurableSink
  let journal: EventJournal?
  let logEpoch: Int64
  let partitions: [String: Int32]

  /// Until cancelled.
  func run() async {
    var round = 0
    while !Task.isCancelled {
      assembly.host.health.turned()
      await activate()
      if round % Self.roundsPerPruning == 0 {
        await look()
        if assembly.settings.isEmbedded { await prune() }
      }
      round += 1
      do { try await Task.sleep(for: Self.interval) } catch { return }
    }
  }

  /// A playbook version that was applied and is not in the log yet goes into every partition.
  private func activate() async {
    let playbooks = PostgresPlaybookStore(pool: assembly.pool)
    do {
      for (tenant, version) in try await playbooks.pendingActivations() {
        let control = ControlRecord.activate(tenant: tenant, version: version)
        let records = partitions.sorted { $0.key < $1.key }.flatMap { topic, count in
          (0..<count).map { ControlMessage.record(control, topic: topic, partition: $0) }
        }
        try await sink.write(records)
        try await playbooks.activated(tenant: tenant, version: version)
        assembly.host.logger.info("playbook activated", metadata: ["tenant": "\(tenant)", "version": "\(version)"])
      }
      assembly.host.health.set("store", true)
    } catch {
      assembly.host.health.set("store", false)
      assembly.host.logger.warning("playbooks cannot be looked up", metadata: ["code": "\(error.code)"])
    }
  }

  private func look() async {
    do {
      _ = try await admin.topics()
      assembly.host.health.set("broker", true)
    } catch {
      assembly.host.health.set("broker", false)
      assembly.host.logger.warning("the broker does not answer", metadata: ["code": "\(error.code)"])
    }
  }

  private func prune() async {
    do {
      try await assembly.store.pruneFrames()
      guard let journal else { return }
      let folded = try await assembly.store.foldedThrough(topics: Array(partitions.keys))
      let epoch = logEpoch
      let topics = Set(partitions.keys)
      _ = try await journal.prune { acknowledgement in
        acknowledgement.logEpoch == epoch
          && acknowledgement.written.allSatisfy { position in
            // Dead letters have no group that folds them.
            !topics.contains(position.partition.topic) || position.offset < folded[position.partition] ?? 0
          }
      }
    } catch {
      assembly.host.logger.warning("what is folded cannot be forgotten yet", metadata: ["code": "\(error.code)"])
    }
  }
}
