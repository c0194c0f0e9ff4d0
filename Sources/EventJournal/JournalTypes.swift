import EventModel
import PipelinePorts

/// Where a journal lies, and its bounds.
package struct JournalConfiguration: Hashable, Sendable {
  /// Made when missing; held by one process at a time.
  package var directory: String
  /// A segment that has reached this many bytes is closed and the next begun.
  package var segmentBytesMax: Int
  /// All segments together; at the bound appends fail, retriable, until pruning has made room.
  package var bytesMax: Int
  /// Appends that wait for the disk.
  package var pendingBytesMax: Int
  /// One write and fsync.
  package var groupBytesMax: Int

  package init(
    directory: String,
    segmentBytesMax: Int = 64 << 20,
    bytesMax: Int = 4 << 30,
    pendingBytesMax: Int = 32 << 20,
    groupBytesMax: Int = 8 << 20
  ) {
    self.directory = directory
    self.segmentBytesMax = segmentBytesMax
    self.bytesMax = bytesMax
    self.pendingBytesMax = pendingBytesMax
    self.groupBytesMax = groupBytesMax
  }
}

/// Where the broker of one log epoch put a batch's records, in their order.
package struct JournalAcknowledgement: Hashable, Sendable {
  /// Names the log of the broker that took the records.
  package var logEpoch: Int64
  /// One place for each record.
  package var written: [WrittenPosition]

  package init(logEpoch: Int64, written: [WrittenPosition]) {
    self.logEpoch = logEpoch
    self.written = written
  }
}

/// One appended batch. Positions count batches from 1.
package struct JournalBatch: Hashable, Sendable {
  /// From 1, without gaps.
  package var position: Int64
  /// As they were appended.
  package var records: [OutboundRecord]
  /// One for each log epoch that took it; empty when no broker is known to have it.
  package var acknowledgements: [JournalAcknowledgement]
}

/// What opening found.
package struct JournalRecovery: Hashable, Sendable {
  /// Position of the newest batch; 0 for none.
  package var lastPosition: Int64
  /// Segment files kept.
  package var segments: Int
  /// Bytes of all segments.
  package var bytes: Int
  /// Bytes of an unfinished write that were cut off the end: never acknowledged to anyone.
  package var tornBytes: Int
}

/// The two calls by which bytes reach the disk; tests make them fail.
package protocol JournalDisk: Sendable {
  /// Bytes written, or the negative errno.
  func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
  /// 0, or the negative errno.
  func sync(_ descriptor: Int32) -> Int
}
