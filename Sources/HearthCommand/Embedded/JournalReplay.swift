import EventJournal
import EventModel
import Foundation
import KafkaClient
import PipelinePorts
import PipelineRuntime

/// Produces what the journal holds into a new log epoch. Each record says where it stood before, so that a group that
/// has folded it skips it; one that was never acknowledged is taken once by its id.
struct JournalReplay: Sendable {
  let journal: String
  let bootstrap: String
  let logEpoch: Int64

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
      for batch in batches {
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
