import EventModel
import PipelinePorts

/// Writes records so that an answer may be given: to the journal first, where there is one, then to the broker.
package struct DurableSink: Sendable {
  private let sink: any EventSink
  private let journal: (any BatchJournal)?
  private let logEpoch: Int64

  /// `logEpoch` names the broker's log to the journal.
  package init(sink: any EventSink, journal: (any BatchJournal)? = nil, logEpoch: Int64 = 1) {
    self.sink = sink
    self.journal = journal
    self.logEpoch = logEpoch
  }

  /// Returns when the broker has acknowledged every record.
  ///
  /// A failure after the journal took the batch leaves it there: it may be produced into a later log epoch, where
  /// deduplication takes a sender's repeat and it for one.
  package func write(_ records: [OutboundRecord]) async throws(AdapterFailure) {
    guard !records.isEmpty else { return }
    guard let journal else {
      _ = try await sink.write(records)
      return
    }
    let position = try await journal.append(records)
    let written = try await sink.write(records)
    journal.acknowledge(position, logEpoch: logEpoch, written: written)
  }
}
