import EventModel
import Foundation
import PipelinePorts

/// Writes touches to a file instead of sending them: one JSON line each, in the form
/// `{"touch":ID,"tenant":…,"mode":"live"|"replay","at":…,"message":BODY}`.
///
/// Also the replay sink: the lines of a tenant whose clock is its log say `replay`. A touch is in the file once,
/// whatever restarts: ids are read back at the start, an incomplete last line (never acknowledged) is cut off, and one
/// process at a time holds the file. `sent` means fsynced; touches that wait together share one fsync.
///
/// `@unchecked Sendable`: `lock` guards `waiting` and `isDraining`, entered by tasks and the worker; `file` belongs to
/// the one job that drains, which runs on the only worker.
package final class FileChannel: MessageChannel, @unchecked Sendable {
  /// Ids remembered, the newest; older touches could be written again after that many others.
  package static let idsMax = 1_000_000
  /// Touches that wait to be written; more are told to come again.
  package static let waitingMax = 10_000
  /// Touches written with one fsync.
  package static let batchMax = 1_000

  private typealias Waiting = (message: OutgoingMessage, continuation: CheckedContinuation<DeliveryResult, Never>)

  private let lock = NSLock()
  private var waiting: [Waiting] = []
  private var isDraining = false
  private let workers = BlockingWorkers(name: "file-channel", threads: 1)
  private let file: TouchFile

  package var isIdempotent: Bool { true }

  /// Opens or makes the file and reads its ids; blocks for that long.
  /// - Throws: when it cannot be opened, another process holds it, or it is not such a file.
  package init(path: String) throws(AdapterFailure) {
    file = try TouchFile(path: path, idsMax: Self.idsMax)
  }

  package func deliver(_ message: OutgoingMessage) async -> DeliveryResult {
    await withCheckedContinuation { continuation in
      let (isTaken, mustDrain) = lock.withLock {
        guard waiting.count < Self.waitingMax else { return (false, false) }
        waiting.append((message, continuation))
        defer { isDraining = true }
        return (true, !isDraining)
      }
      if !isTaken { continuation.resume(returning: .retriable(reason: "too many touches waiting", retryAfter: nil)) }
      if mustDrain, !workers.submit({ self.drain() }) { refuseAll() }
    }
  }

  package func close() async {
    await workers.close()
    file.close()
  }

  /// Runs on the worker until nothing waits.
  private func drain() {
    while let batch = nextBatch() {
      let results = file.append(batch.map(\.message))
      for (one, result) in zip(batch, results) { one.continuation.resume(returning: result) }
    }
  }

  private func nextBatch() -> [Waiting]? {
    lock.withLock {
      guard !waiting.isEmpty else {
        isDraining = false
        return nil
      }
      defer { waiting.removeFirst(min(waiting.count, Self.batchMax)) }
      return Array(waiting.prefix(Self.batchMax))
    }
  }

  private func refuseAll() {
    while let batch = nextBatch() {
      for one in batch { one.continuation.resume(returning: .retriable(reason: "channel closed", retryAfter: nil)) }
    }
  }
}
