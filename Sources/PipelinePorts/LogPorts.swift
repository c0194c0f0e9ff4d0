import EventModel

/// What a consumer group's member is told between records.
package enum SourceHappening: Sendable {
  case records([LogRecord])
  /// New owner of these; nothing is fetched from them before `start(at:)` gives their offsets.
  case assigned([PartitionID])
  /// No longer owner: uncommitted work on them is lost to the fence.
  case revoked([PartitionID])
  /// A fetch position below the low watermark or an offset out of range: stop that partition and alarm.
  case outOfRange(PartitionID, position: Int64, low: Int64)
  case failure(AdapterFailure)
}

/// A member of a consumer group (one eager assignor; offsets from the store; no auto-commit).
///
/// The protocol of a rebalance: `poll` returns `.revoked` and then `.assigned`; records of an assigned partition
/// arrive only after `start`. Implementations must keep polling the broker while partitions are paused.
package protocol EventSource: Sendable {
  /// Waits at most `timeout` for something; `nil` when nothing came. Returns at most `recordsMax` records.
  func poll(timeout: Duration, recordsMax: Int) async -> SourceHappening?
  /// Begin fetching at these offsets (the store's).
  func start(at offsets: [PartitionID: Int64]) async throws(AdapterFailure)
  func pause(_ partitions: [PartitionID]) async throws(AdapterFailure)
  func resume(_ partitions: [PartitionID]) async throws(AdapterFailure)
  /// Tells the broker how far the group is, for lag tools; never read back.
  func hint(_ offsets: [PartitionID: Int64]) async
  /// Low and high watermark.
  func watermarks(of partition: PartitionID) async throws(AdapterFailure) -> (low: Int64, high: Int64)
  /// Leaves the group and frees the handle.
  func close() async
}

/// Where a record was written.
package struct WrittenPosition: Hashable, Sendable {
  package var partition: PartitionID
  package var offset: Int64
  package init(partition: PartitionID, offset: Int64) {
    self.partition = partition
    self.offset = offset
  }
}

/// Writes records; a result per record in order of the call, only when the broker acknowledged with acks=all.
package protocol EventSink: Sendable {
  /// All or a failure: on failure some prefix or subset may have been written (`possiblyApplied`). A full queue is
  /// `.retriable` with code `_QUEUE_FULL`, before anything of the call was enqueued.
  func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition]
  func close() async
}
