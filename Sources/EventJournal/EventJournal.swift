import Dispatch
import EventModel
import PipelinePorts
import Synchronization

/// An append-only log of accepted batches on local disk.
///
/// Guarantee: when `append` returns, the batch survives the process and the machine's power. Concurrent appends share
/// one write and fsync. All file work runs on a queue of its own, never on the cooperative pool.
package final class EventJournal: BatchJournal {
  private struct Append {
    var records: [OutboundRecord]
    var bytes: Int
    var continuation: CheckedContinuation<Result<Int64, AdapterFailure>, Never>
  }

  private struct Pending {
    var appends: [Append] = []
    var notes: [(Int64, JournalAcknowledgement)] = []
    var bytes = 0
    var draining = false
  }

  private let files: JournalFiles
  private let configuration: JournalConfiguration
  private let queue = DispatchQueue(label: "hearth.journal")
  private let pending = Mutex(Pending())
  /// What opening found.
  package let recovery: JournalRecovery

  /// Opens the directory, made when missing, and reads what is there.
  ///
  /// Throws `JOURNAL_LOCKED` (another process has it), `JOURNAL_CORRUPT` (damage that is not an unfinished last write;
  /// nothing is changed on disk) or errno's name.
  package init(_ configuration: JournalConfiguration, disk: any JournalDisk = SystemDisk()) throws(AdapterFailure) {
    self.configuration = configuration
    self.files = try JournalFiles(configuration, disk: disk)
    self.recovery = files.recovery
  }

  /// Appends one batch; its position. Throws `JOURNAL_BUSY`, `JOURNAL_FULL`, `ENOSPC` (retriable) or a fatal failure.
  package func append(_ records: [OutboundRecord]) async throws(AdapterFailure) -> Int64 {
    let size = records.reduce(64) { $0 + $1.key.count + ($1.value?.count ?? 0) + 64 }
    let result: Result<Int64, AdapterFailure> = await withCheckedContinuation { continuation in
      let verdict = pending.withLock { state -> (admitted: Bool, start: Bool) in
        // One batch is always admitted, so that a bound smaller than a batch stops nothing for good.
        guard state.appends.isEmpty || state.bytes + size <= configuration.pendingBytesMax else {
          return (false, false)
        }
        state.appends.append(Append(records: records, bytes: size, continuation: continuation))
        state.bytes += size
        defer { state.draining = true }
        return (true, !state.draining)
      }
      if !verdict.admitted { continuation.resume(returning: .failure(Self.busy)) }
      if verdict.start { queue.async { self.drain() } }
    }
    return try result.get()
  }

  private static let busy = AdapterFailure(
    code: "JOURNAL_BUSY",
    reason: "too many bytes wait for the journal's disk",
    disposition: .retriable
  )

  /// Notes where the broker put a batch; written with the next batch, or by `flush`, `prune` and `close`.
  package func acknowledge(_ position: Int64, logEpoch: Int64, written: [WrittenPosition]) {
    pending.withLock { $0.notes.append((position, JournalAcknowledgement(logEpoch: logEpoch, written: written))) }
  }

  /// The batches past `position` of the first segment that has any, in order; empty at the end. Go on after the last
  /// one's position.
  package func batches(after position: Int64) async throws(AdapterFailure) -> [JournalBatch] {
    try await onQueue { files throws(AdapterFailure) in try files.batches(after: position) }
  }

  /// Deletes the oldest segments as far as every batch has an acknowledgement for which `isFolded` holds: every
  /// registered group has folded all its records. The newest segment stays. Returns how many were deleted. Works on a
  /// full disk too.
  package func prune(
    isFolded: @escaping @Sendable (JournalAcknowledgement) -> Bool
  ) async throws(AdapterFailure) -> Int {
    try await onQueue { files throws(AdapterFailure) in
      let notes = self.takeNotes()
      files.note(notes)
      let pruned = try files.prune(isFolded: isFolded)
      try? self.write(notes, to: files)
      return pruned
    }
  }

  /// Bytes of all segments.
  package func bytes() async -> Int {
    (try? await onQueue { files in files.bytes }) ?? 0
  }

  /// Writes the acknowledgements noted so far; they otherwise go with the next batch.
  package func flush() async throws(AdapterFailure) {
    try await onQueue { files throws(AdapterFailure) in try self.write(self.takeNotes(), to: files) }
  }

  /// On the queue: writes notes by themselves; on failure they wait for the next batch.
  private func write(_ notes: [(Int64, JournalAcknowledgement)], to files: JournalFiles) throws(AdapterFailure) {
    guard !notes.isEmpty else { return }
    files.note(notes)
    let entries = notes.map { JournalFrame.acknowledgement(position: $0.0, $0.1) }
    do throws(AdapterFailure) {
      try files.write(JournalFrame.frame(entries), lastPosition: files.lastPosition)
    } catch {
      pending.withLock { $0.notes.insert(contentsOf: notes, at: 0) }
      throw error
    }
  }

  /// Writes what is noted and gives up the lock. Later appends fail.
  package func close() async {
    try? await flush()
    try? await onQueue { files in files.closeAll() }
  }

  private func takeNotes() -> [(Int64, JournalAcknowledgement)] {
    pending.withLock { state in
      defer { state.notes = [] }
      return state.notes
    }
  }

  private func onQueue<Answer: Sendable>(
    _ work: @escaping @Sendable (JournalFiles) throws(AdapterFailure) -> Answer
  ) async throws(AdapterFailure) -> Answer {
    let result: Result<Answer, AdapterFailure> = await withCheckedContinuation { continuation in
      queue.async {
        do throws(AdapterFailure) {
          continuation.resume(returning: .success(try work(self.files)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  // MARK: On the queue

  /// Writes groups until nothing waits.
  private func drain() {
    while true {
      let (group, notes) = nextGroup()
      if group.isEmpty { return }
      files.note(notes)
      let first = files.lastPosition + 1
      var entries = notes.map { JournalFrame.acknowledgement(position: $0.0, $0.1) }
      for (index, append) in group.enumerated() {
        entries.append(JournalFrame.batch(position: first + Int64(index), records: append.records))
      }
      let frame = JournalFrame.frame(entries)
      do throws(AdapterFailure) {
        try files.write(frame, lastPosition: first + Int64(group.count) - 1)
        for (index, append) in group.enumerated() {
          append.continuation.resume(returning: .success(first + Int64(index)))
        }
      } catch {
        pending.withLock { $0.notes.insert(contentsOf: notes, at: 0) }
        for append in group { append.continuation.resume(returning: .failure(error)) }
      }
    }
  }

  private func nextGroup() -> ([Append], [(Int64, JournalAcknowledgement)]) {
    pending.withLock { state in
      var count = 0
      var bytes = 0
      while count < state.appends.count, count == 0 || bytes + state.appends[count].bytes <= configuration.groupBytesMax
      {
        bytes += state.appends[count].bytes
        count += 1
      }
      guard count > 0 else {
        state.draining = false
        return ([], [])
      }
      let group = Array(state.appends.prefix(count))
      state.appends.removeFirst(count)
      state.bytes -= bytes
      defer { state.notes = [] }
      return (group, state.notes)
    }
  }
}
