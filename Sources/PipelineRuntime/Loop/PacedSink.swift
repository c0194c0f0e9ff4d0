import EventModel
import PipelinePorts

/// Holds a producer back so that a broker that keeps only a few MiB a partition never drops a record that a registered
/// consumer group still needs (ARCHITECTURE "Embedded").
///
/// It knows the bytes it wrote past the slowest group's offset, per partition, and waits while they would pass
/// `bytesMax`. Every producer keeps its own account; the broker's 5 MiB leave room for the small ones beside the two
/// large (ingest, and one tagger's outbox).
package actor PacedSink: EventSink {
  /// Unread bytes of this producer a partition may hold.
  package static let bytesMax = 1_500_000
  /// The same where no other producer of weight writes beside it.
  package static let aloneBytesMax = 4_000_000
  /// Bytes the broker keeps beside key, value and headers of a record.
  private static let overheadBytes = 100
  private static let pollInterval = Duration.milliseconds(20)

  private let bytesMax: Int
  private let inner: any EventSink
  private let progress: any ConsumerProgress
  private let partitionCount: @Sendable (String) -> Int
  private let partitioner: @Sendable ([UInt8], Int) -> Int32
  private var unread: [PartitionID: Unread] = [:]

  /// What was written to a partition and may not be read yet, oldest first.
  private struct Unread {
    private var entries: [(offset: Int64, bytes: Int)] = []
    private var start = 0
    private(set) var bytes = 0

    mutating func append(_ offset: Int64, _ count: Int) {
      entries.append((offset, count))
      bytes += count
    }

    /// Forgets what stands before `next`; false when that is nothing.
    mutating func forget(before next: Int64) -> Bool {
      let former = start
      while start < entries.count, entries[start].offset < next {
        bytes -= entries[start].bytes
        start += 1
      }
      guard start > former else { return false }
      if start * 2 > entries.count {
        entries.removeFirst(start)
        start = 0
      }
      return true
    }
  }

  /// `partitioner`: partition of a key among a count, as the broker's clients compute it.
  package init(
    inner: any EventSink,
    progress: any ConsumerProgress,
    partitionCount: @escaping @Sendable (String) -> Int,
    partitioner: @escaping @Sendable ([UInt8], Int) -> Int32,
    bytesMax: Int = PacedSink.bytesMax
  ) {
    self.bytesMax = bytesMax
    self.inner = inner
    self.progress = progress
    self.partitionCount = partitionCount
    self.partitioner = partitioner
  }

  package func write(_ records: [OutboundRecord]) async throws(AdapterFailure) -> [WrittenPosition] {
    var written: [WrittenPosition] = []
    written.reserveCapacity(records.count)
    var start = 0
    while start < records.count {
      let (chunk, bytes) = nextChunk(of: records, from: start)
      try await waitForRoom(bytes)
      let positions = try await inner.write(chunk)
      for (index, position) in positions.enumerated() {
        unread[position.partition, default: Unread()].append(position.offset, Self.bytes(of: chunk[index]))
      }
      written.append(contentsOf: positions)
      start += chunk.count
    }
    return written
  }

  package func close() async { await inner.close() }

  private static func bytes(of record: OutboundRecord) -> Int {
    var count = overheadBytes + record.key.count + (record.value?.count ?? 0)
    for header in record.headers { count += header.name.utf8.count + header.value.count }
    return count
  }

  /// The longest run of records that puts no more than half of `bytesMax` into any partition.
  private func nextChunk(of records: [OutboundRecord], from start: Int) -> ([OutboundRecord], [PartitionID: Int]) {
    var chunk: [OutboundRecord] = []
    var added: [PartitionID: Int] = [:]
    for var record in records[start...] {
      let partition = record.partition ?? partitioner(record.key, partitionCount(record.topic))
      record.partition = partition
      let place = PartitionID(topic: record.topic, partition: partition)
      let bytes = Self.bytes(of: record)
      if !chunk.isEmpty, (added[place] ?? 0) + bytes > bytesMax / 2 { break }
      added[place, default: 0] += bytes
      chunk.append(record)
    }
    return (chunk, added)
  }

  private func waitForRoom(_ added: [PartitionID: Int]) async throws(AdapterFailure) {
    while true {
      let full = added.filter { held($0.key) > 0 && held($0.key) + $0.value > bytesMax }
      if full.isEmpty { return }
      let folded = try await progress.foldedThrough(topics: Set(full.keys.map(\.topic)).sorted())
      var isMoved = false
      for (partition, next) in folded {
        if unread[partition]?.forget(before: next) == true { isMoved = true }
      }
      // A topic that no group reads needs no pacing.
      for partition in full.keys where folded[partition] == nil { unread[partition] = nil }
      if !isMoved {
        do { try await Task.sleep(for: Self.pollInterval) } catch {
          throw AdapterFailure(code: "STOPPED", reason: "stopped while a consumer was behind", disposition: .retriable)
        }
      }
    }
  }

  private func held(_ partition: PartitionID) -> Int {
    unread[partition]?.bytes ?? 0
  }
}
