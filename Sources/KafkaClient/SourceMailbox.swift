import PipelinePorts

/// What the polling thread has for the owner of a source, in order; a pure state machine.
///
/// The hand-over rules that it keeps:
/// - Records and an `.assigned` that the owner has not yet seen vanish when their partition is revoked. An owner that
///   never heard of an assignment must not claim it: the claim would fence the partition's next owner.
/// - A partition may be started only between the owner's reading of `.assigned` and the next revocation, read or not:
///   offsets that answer an older assignment never start a newer one.
/// - Records of a paused partition stay back until it is resumed, and count for no limit meanwhile: a paused partition
///   must not keep the others from being fetched.
/// - A revocation is held for the owner (`mayRelease` is false) until it has read `.revoked` and come back, so that it
///   can finish a commit; the polling thread puts an end to the wait.
package struct SourceMailbox {
  /// How much may wait.
  package struct Limits {
    /// Records that may wait; the polling thread stops fetching at this number.
    package var recordsMax: Int
    /// Bytes of keys, values and headers that may wait.
    package var bytesMax: Int

    /// The defaults, or others.
    package init(recordsMax: Int = 20_000, bytesMax: Int = 32 << 20) {
      self.recordsMax = recordsMax
      self.bytesMax = bytesMax
    }
  }

  private enum Item {
    case records([LogRecord])
    case happening(SourceHappening)
  }

  private enum Release {
    case none
    case unread
    case read
  }

  /// What a record costs beside its bytes: the struct, its arrays' headers.
  package static let recordOverheadBytes = 160
  /// Distinct failures that may wait; more of the same kind say nothing new.
  package static let failuresMax = 8

  let limits: Limits
  private var items: [Item] = []
  private var failureCodes: [String] = []
  private var startable: Set<PartitionID> = []
  private var release = Release.none
  /// Undelivered records of paused partitions.
  private var held: [PartitionID: [LogRecord]] = [:]
  /// Records that wait, held back ones apart.
  package private(set) var recordCount = 0
  /// Bytes that wait, held back ones apart.
  package private(set) var byteCount = 0

  /// An empty mailbox.
  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Nothing to give.
  package var isEmpty: Bool { items.isEmpty }
  /// Fetching should stop.
  package var isFull: Bool { recordCount >= limits.recordsMax || byteCount >= limits.bytesMax }
  /// Room enough to take up a fetch that was paused for want of it.
  package var isHalfEmpty: Bool { recordCount <= limits.recordsMax / 2 && byteCount <= limits.bytesMax / 2 }
  /// No revocation waits for the owner.
  package var mayRelease: Bool { release == .none }

  /// Whether offsets from the owner answer the present assignment of this partition.
  package func mayStart(_ partition: PartitionID) -> Bool { startable.contains(partition) }

  /// What a record counts for.
  package static func bytes(of record: LogRecord) -> Int {
    var bytes = recordOverheadBytes + record.key.count + (record.value?.count ?? 0)
    for header in record.headers { bytes += header.name.utf8.count + header.value.count }
    return bytes
  }

  /// Adds fetched records, in order.
  package mutating func append(_ records: [LogRecord]) {
    guard !records.isEmpty else { return }
    recordCount += records.count
    for record in records { byteCount += Self.bytes(of: record) }
    items.append(.records(records))
  }

  /// The member is the owner of these now.
  package mutating func assigned(_ partitions: [PartitionID]) {
    guard !partitions.isEmpty else { return }
    items.append(.happening(.assigned(partitions.sorted())))
  }

  /// Drops what the owner has not seen of these partitions, and tells it of those that it knows.
  package mutating func revoked(_ partitions: [PartitionID]) {
    let gone = Set(partitions)
    var kept: [Item] = []
    var unseen: Set<PartitionID> = []
    for item in items {
      switch item {
      case .records(let records):
        let rest = drop(records, of: gone)
        if !rest.isEmpty { kept.append(.records(rest)) }
      case .happening(.assigned(let list)):
        unseen.formUnion(list)
        let rest = list.filter { !gone.contains($0) }
        if !rest.isEmpty { kept.append(.happening(.assigned(rest))) }
      case .happening(.outOfRange(let partition, _, _)) where gone.contains(partition): continue
      case .happening: kept.append(item)
      }
    }
    items = kept
    for partition in gone { held[partition] = nil }
    startable.subtract(gone)
    let known = gone.subtracting(unseen).sorted()
    guard !known.isEmpty else { return }
    items.append(.happening(.revoked(known)))
    release = .unread
  }

  private mutating func drop(_ records: [LogRecord], of gone: Set<PartitionID>) -> [LogRecord] {
    records.filter { record in
      guard gone.contains(record.partition) else { return true }
      recordCount -= 1
      byteCount -= Self.bytes(of: record)
      return false
    }
  }

  /// Keeps back what the owner has not seen of these partitions.
  package mutating func pause(_ partitions: [PartitionID]) {
    let paused = Set(partitions)
    for partition in paused where held[partition] == nil { held[partition] = [] }
    var kept: [Item] = []
    for item in items {
      guard case .records(let records) = item else {
        kept.append(item)
        continue
      }
      let rest = drop(records, of: paused)
      if rest.count < records.count {
        for record in records where paused.contains(record.partition) { held[record.partition]?.append(record) }
      }
      if !rest.isEmpty { kept.append(.records(rest)) }
    }
    items = kept
  }

  /// Gives what was kept back, in order, before anything newer of these partitions.
  package mutating func resume(_ partitions: [PartitionID]) {
    for partition in partitions {
      if let records = held.removeValue(forKey: partition) { append(records) }
    }
  }

  /// The owner gives new positions: what it has not seen was read from the old ones.
  package mutating func restart(_ partitions: [PartitionID]) {
    let restarted = Set(partitions)
    for partition in restarted where held[partition] != nil { held[partition] = [] }
    items = items.compactMap { item in
      guard case .records(let records) = item else { return item }
      let rest = drop(records, of: restarted)
      return rest.isEmpty ? nil : .records(rest)
    }
  }

  /// Tells of a position that the log does not hold.
  package mutating func outOfRange(_ partition: PartitionID, position: Int64, low: Int64) {
    items.append(.happening(.outOfRange(partition, position: position, low: low)))
  }

  /// Tells of a failure, unless one of its code waits.
  package mutating func failed(_ failure: AdapterFailure) {
    guard !failureCodes.contains(failure.code), failureCodes.count < Self.failuresMax else { return }
    failureCodes.append(failure.code)
    items.append(.happening(.failure(failure)))
  }

  /// The owner asks for more: it is done with what it read before, a `.revoked` included.
  package mutating func ownerCameBack() {
    if release == .read { release = .none }
  }

  /// The owner has had its time.
  package mutating func releaseAnyway() { release = .none }

  /// The next happening; records of several fetches are joined up to `recordsMax`.
  package mutating func take(recordsMax: Int) -> SourceHappening? {
    guard let first = items.first else { return nil }
    switch first {
    case .records:
      return .records(takeRecords(max(1, recordsMax)))
    case .happening(let happening):
      items.removeFirst()
      switch happening {
      case .assigned(let partitions): startable.formUnion(partitions)
      case .revoked: if release == .unread { release = .read }
      case .failure(let failure): failureCodes.removeAll { $0 == failure.code }
      case .records, .outOfRange: break
      }
      return happening
    }
  }

  private mutating func takeRecords(_ countMax: Int) -> [LogRecord] {
    var taken: [LogRecord] = []
    var used = 0
    while used < items.count, case .records(let records) = items[used], taken.count < countMax {
      let room = countMax - taken.count
      if records.count > room {
        taken.append(contentsOf: records[..<room])
        items[used] = .records(Array(records[room...]))
        break
      }
      if taken.isEmpty { taken = records } else { taken.append(contentsOf: records) }
      used += 1
    }
    items.removeFirst(used)
    recordCount -= taken.count
    for record in taken { byteCount -= Self.bytes(of: record) }
    return taken
  }
}
