import EventModel

/// The durable log before the broker, where the broker keeps none (RELIABILITY "Embedded mode").
package protocol BatchJournal: Sendable {
  /// Returns when the records are on disk. Nothing of a call that throws will be replayed to a caller who was told so,
  /// but for a crash in that very moment.
  func append(_ records: [OutboundRecord]) async throws(AdapterFailure) -> Int64
  /// Notes where the broker put the records of a batch, in order. A note lost in a crash only means that the batch is
  /// produced again.
  func acknowledge(_ position: Int64, logEpoch: Int64, written: [WrittenPosition])
}
