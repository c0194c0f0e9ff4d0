import PipelinePorts

/// What became of one record.
package enum Delivery: Sendable {
  case written(partition: Int32, offset: Int64)
  /// `possiblyApplied`: the broker may hold it all the same.
  case failed(AdapterFailure)
}

/// Which calls of a sink have records under way, and their bounds; a pure state machine.
///
/// A call is finished when each of its records is delivered or failed. It succeeds when all were written; otherwise its
/// first failure of the gravest disposition stands for it, marked `possiblyApplied` when any record was or may have
/// been written.
package struct DeliveryLedger {
  /// Positions in the order of the call, or the one failure that stands for it.
  package typealias Outcome = Result<[WrittenPosition], AdapterFailure>

  /// Whether a call found room.
  package enum Opening {
    case opened(UInt32)
    case refused(AdapterFailure)
  }

  fileprivate struct Call {
    var topics: [String]
    var bytes: Int
    var partitions: [Int32]
    var offsets: [Int64]
    var left: Int
    var writtenCount = 0
    var failure: AdapterFailure?
    var possiblyApplied = false
  }

  /// An index and a call's number share librdkafka's per-message word.
  package static let callRecordsMax = 1 << 24

  /// Records that may be under way.
  package let recordsMax: Int
  /// Bytes of keys, values and headers that may be under way.
  package let bytesMax: Int
  private var calls: [UInt32: Call] = [:]
  private var lastNumber: UInt32 = 0
  /// Records under way.
  package private(set) var recordCount = 0
  /// Bytes under way; a call gives its own back when it is finished.
  package private(set) var byteCount = 0

  /// An account with nothing under way.
  package init(recordsMax: Int, bytesMax: Int) {
    self.recordsMax = recordsMax
    self.bytesMax = bytesMax
  }

  /// No call is under way.
  package var isIdle: Bool { calls.isEmpty }

  /// What a record counts for.
  package static func bytes(of record: OutboundRecord) -> Int {
    var bytes = record.key.count + (record.value?.count ?? 0)
    for header in record.headers { bytes += header.name.utf8.count + header.value.count }
    return bytes
  }

  /// Takes room for a whole call, or none.
  package mutating func open(_ records: [OutboundRecord]) -> Opening {
    let bytes = records.reduce(0) { $0 + Self.bytes(of: $1) }
    guard records.count <= min(recordsMax, Self.callRecordsMax), bytes <= bytesMax else {
      return .refused(
        AdapterFailure(
          code: "_MSG_SIZE_TOO_LARGE",
          reason: "write \(records.count) records, \(bytes) bytes: at most \(recordsMax) records, \(bytesMax) bytes",
          disposition: .permanent
        )
      )
    }
    guard recordCount + records.count <= recordsMax, byteCount + bytes <= bytesMax else {
      return .refused(
        AdapterFailure(code: "_QUEUE_FULL", reason: "write \(records.count) records", disposition: .retriable)
      )
    }
    repeat { lastNumber &+= 1 } while lastNumber == 0 || calls[lastNumber] != nil
    calls[lastNumber] = Call(
      topics: records.map(\.topic),
      bytes: bytes,
      partitions: Array(repeating: -1, count: records.count),
      offsets: Array(repeating: -1, count: records.count),
      left: records.count
    )
    recordCount += records.count
    byteCount += bytes
    return .opened(lastNumber)
  }

  /// One record's fate; the call's outcome when it was the last.
  package mutating func deliver(_ number: UInt32, _ index: Int, _ delivery: Delivery) -> Outcome? {
    guard let slot = calls.index(forKey: number) else { return nil }
    calls.values[slot].note(index, delivery)
    recordCount -= 1
    guard calls.values[slot].left == 0 else { return nil }
    let call = calls.remove(at: slot).value
    byteCount -= call.bytes
    return call.outcome
  }
}

extension DeliveryLedger.Call {
  fileprivate mutating func note(_ index: Int, _ delivery: Delivery) {
    left -= 1
    switch delivery {
    case .written(let partition, let offset):
      partitions[index] = partition
      offsets[index] = offset
      writtenCount += 1
    case .failed(let other):
      possiblyApplied = possiblyApplied || other.possiblyApplied
      guard let known = failure else {
        failure = other
        return
      }
      if other.disposition.gravity > known.disposition.gravity { failure = other }
    }
  }

  fileprivate var outcome: DeliveryLedger.Outcome {
    if var failure {
      failure.possiblyApplied = possiblyApplied || writtenCount > 0
      return .failure(failure)
    }
    return .success(
      topics.indices.map { index in
        WrittenPosition(
          partition: PartitionID(topic: topics[index], partition: partitions[index]),
          offset: offsets[index]
        )
      }
    )
  }
}

extension Disposition {
  fileprivate var gravity: Int {
    switch self {
    case .retriable: 0
    case .permanent: 1
    case .fatal: 2
    }
  }
}
