import EventJournal
import EventModel
import Foundation
import KafkaClient
import PipelinePorts
import PipelineRuntime
import PostgresStores

/// Produces what the journal holds into a new log epoch. Each record says where it stood before, so that a group that
/// has folded it skips it; one that was never acknowledged is taken once by its id.
struct JournalReplay: Sendable {
  let journal: String
  let bootstrap: String
  let logEpoch: Int64
  /// Through which offset every group has folded a partition, by earlier log epoch.
  let folded: [FoldedEpoch: Int64]

  /// Bytes of records that are sent before their acknowledgement is waited for.
  static let recordsAtOnce = 2_000

  /// How many records were produced.
  func run() async throws -> Int {
    guard FileManager.default.fileExists(atPath: journal) else { return 0 }
    let journal = try EventJournal(JournalConfiguration(directory: journal))
    let sink = try KafkaEventSink(KafkaConnection(bootstrapServers: bootstrap, clientID: "hearth-journal"))
    var count = 0
    var position: Int64 = 0
    while true {
      let batches = try await journal.batches(after: position)
      guard let last = batches.last else { break }
      // The embedded broker keeps 5 MiB a partition: what is folded everywhere must not push out what is not.
      for batch in batches where !isFolded(batch) {
        let written = try await sink.write(records(of: batch))
        journal.acknowledge(batch.position, logEpoch: logEpoch, written: written)
        count += written.count
      }
      position = last.position
    }
    try await journal.flush()
    await journal.close()
    await sink.close()
    return count
  }

  /// Every record that some group reads was folded, where it stood in one of the earlier epochs.
  private func isFolded(_ batch: JournalBatch) -> Bool {
    batch.records.indices.allSatisfy { index in
      guard [Topic.events, Topic.communityEvents].contains(batch.records[index].topic) else { return true }
      return batch.acknowledgements.contains { acknowledgement in
        guard index < acknowledgement.written.count else { return false }
        let written = acknowledgement.written[index]
        let key = FoldedEpoch(partition: written.partition, logEpoch: acknowledgement.logEpoch)
        return folded[key].map { written.offset < $0 } ?? false
      }
    }
  }

  private func records(of batch: JournalBatch) -> [OutboundRecord] {
    batch.records.enumerated().map { index, record in
      var record = record
      let places = batch.acknowledgements.compactMap { acknowledgement -> ReproducedOrigin.Place? in
        guard index < acknowledgement.written.count else { return nil }
        record.partition = acknowledgement.written[index].partition.partition
        return ReproducedOrigin.Place(
          logEpoch: acknowledgement.logEpoch,
          offset: acknowledgement.written[index].offset
        )
      }
      if !places.isEmpty {
        record.headers.append(
          LogHeader(name: ReproducedOrigin.header, value: ReproducedOrigin(places: places).bytes)
        )
      }
      return record
    }
  }
}
