import EventModel

/// A partition's row at the moment this process became its owner (`owner_epoch` already raised).
package struct Claim: Hashable, Sendable {
  package var partition: PartitionID
  package var logEpoch: Int64
  package var ownerEpoch: Int64
  package var flushNumber: Int64
  package var nextOffset: Int64
  /// Position of the newest outbox frame; 0 before the first.
  package var outboxPosition: Int64
  package var publishedThrough: Int64
  /// The service's own per-partition state (clocks and the like); empty at first.
  package var state: [UInt8]
  /// For each earlier log epoch, the offset through which it was folded; guards a re-produced log (embedded mode).
  package var foldedEpochs: [Int64: Int64]

  package init(
    partition: PartitionID,
    logEpoch: Int64,
    ownerEpoch: Int64,
    flushNumber: Int64,
    nextOffset: Int64,
    outboxPosition: Int64,
    publishedThrough: Int64,
    state: [UInt8] = [],
    foldedEpochs: [Int64: Int64] = [:]
  ) {
    self.partition = partition
    self.logEpoch = logEpoch
    self.ownerEpoch = ownerEpoch
    self.flushNumber = flushNumber
    self.nextOffset = nextOffset
    self.outboxPosition = outboxPosition
    self.publishedThrough = publishedThrough
    self.state = state
    self.foldedEpochs = foldedEpochs
  }
}

/// A subject's row as stored.
package struct StoredSubject: Hashable, Sendable {
  /// `tenant/kind/id`.
  package var key: [UInt8]
  package var state: [UInt8]
  package init(key: [UInt8], state: [UInt8]) {
    self.key = key
    self.state = state
  }
}

/// A subject's row to be written.
package struct SubjectWrite: Hashable, Sendable {
  package var key: [UInt8]
  /// The core's own form, versioned by its first byte.
  package var state: [UInt8]
  /// When its earliest timer is due; nil without one.
  package var due: Instant?
  /// What people and queries read of it: a JSON object (UTF-8), e.g. `{"tags":{…}}`; nil leaves what is there.
  package var projection: [UInt8]?
  package init(key: [UInt8], state: [UInt8], due: Instant?, projection: [UInt8]?) {
    self.key = key
    self.state = state
    self.due = due
    self.projection = projection
  }
}

/// A row of one of the services' tables, upserted by its natural key.
package enum TableRow: Hashable, Sendable {
  case funnelEntry(FunnelEntryRow)
  case touch(TouchRow)
  case delivery(DeliveryRow)
  case snapshot(SnapshotRow)
  case aggregate(AggregateRow)
}

/// Key: (tenant, type, day, kind, id): a total without a member, of a channel or campaign.
package struct AggregateRow: Hashable, Sendable {
  package var subject: Subject
  package var type: String
  package var day: LocalDate
  package var value: FixedDecimal
  package init(subject: Subject, type: String, day: LocalDate, value: FixedDecimal) {
    self.subject = subject
    self.type = type
    self.day = day
    self.value = value
  }
}

/// Key: (tenant, segment, as_of, topic, partition). The segmenter's own form of one partition's ranking values.
package struct SnapshotRow: Hashable, Sendable {
  package var instant: PopulationInstant
  package var partition: PartitionID
  package var snapshot: [UInt8]
  package init(instant: PopulationInstant, partition: PartitionID, snapshot: [UInt8]) {
    self.instant = instant
    self.partition = partition
    self.snapshot = snapshot
  }
}

/// Key: (tenant, funnel, member, day).
package struct FunnelEntryRow: Hashable, Sendable {
  package var tenant: String
  package var funnel: String
  package var member: String
  package var day: LocalDate
  package var level: Int
  /// `open`, `converted`, `dropped`, `withdrawn`.
  package var status: String
  /// N places by step; nil where not reached.
  package var times: [Instant?]
  package var breakdown: String?
  package var revision: Int64
  package init(
    tenant: String,
    funnel: String,
    member: String,
    day: LocalDate,
    level: Int,
    status: String,
    times: [Instant?],
    breakdown: String?,
    revision: Int64
  ) {
    self.tenant = tenant
    self.funnel = funnel
    self.member = member
    self.day = day
    self.level = level
    self.status = status
    self.times = times
    self.breakdown = breakdown
    self.revision = revision
  }
}

/// Key: (tenant, source, step, subject, occurrence): a touch is decided once.
package struct TouchRow: Hashable, Sendable {
  package var id: String
  package var tenant: String
  /// `journey/silent_recall` or `calendar/tuesday_draw`.
  package var source: String
  package var step: Int
  /// `member/900`.
  package var subject: String
  package var occurrence: String
  package var template: String
  package var channel: String
  /// `decided`, `deferred`, `dropped`.
  package var status: String
  package var reason: String
  package var dueAt: Instant
  package var decidedAt: Instant
  package init(
    id: String,
    tenant: String,
    source: String,
    step: Int,
    subject: String,
    occurrence: String,
    template: String,
    channel: String,
    status: String,
    reason: String,
    dueAt: Instant,
    decidedAt: Instant
  ) {
    self.id = id
    self.tenant = tenant
    self.source = source
    self.step = step
    self.subject = subject
    self.occurrence = occurrence
    self.template = template
    self.channel = channel
    self.status = status
    self.reason = reason
    self.dueAt = dueAt
    self.decidedAt = decidedAt
  }
}

/// Key: (tenant, touch).
package struct DeliveryRow: Hashable, Sendable {
  package var tenant: String
  package var touch: String
  package var channel: String
  /// `pending`, `attempting`, `sent`, `failed`, `unknown`.
  package var status: String
  package var attempts: Int
  package var reason: String
  package var updatedAt: Instant
  package init(
    tenant: String,
    touch: String,
    channel: String,
    status: String,
    attempts: Int,
    reason: String,
    updatedAt: Instant
  ) {
    self.tenant = tenant
    self.touch = touch
    self.channel = channel
    self.status = status
    self.attempts = attempts
    self.reason = reason
    self.updatedAt = updatedAt
  }
}

/// The changes that one flush of one partition publishes, in order.
package struct OutboxFrame: Hashable, Sendable {
  package var position: Int64
  package var records: [OutboundRecord]
  package init(position: Int64, records: [OutboundRecord]) {
    self.position = position
    self.records = records
  }
}

/// One partition's share of a flush. The fence is `(partition, logEpoch, ownerEpoch, flushNumber)`.
package struct PartitionFlush: Sendable {
  package var partition: PartitionID
  package var logEpoch: Int64
  package var ownerEpoch: Int64
  /// The number the row must have now; the commit raises it by one.
  package var flushNumber: Int64
  package var nextOffset: Int64
  package var publishedThrough: Int64
  package var state: [UInt8]
  package var subjects: [SubjectWrite]
  package var rows: [TableRow]
  /// Its position is the row's `outbox_position` + 1.
  package var frame: OutboxFrame?
  package init(
    partition: PartitionID,
    logEpoch: Int64,
    ownerEpoch: Int64,
    flushNumber: Int64,
    nextOffset: Int64,
    publishedThrough: Int64,
    state: [UInt8],
    subjects: [SubjectWrite],
    rows: [TableRow],
    frame: OutboxFrame?
  ) {
    self.partition = partition
    self.logEpoch = logEpoch
    self.ownerEpoch = ownerEpoch
    self.flushNumber = flushNumber
    self.nextOffset = nextOffset
    self.publishedThrough = publishedThrough
    self.state = state
    self.subjects = subjects
    self.rows = rows
    self.frame = frame
  }
}

package enum FlushOutcome: Hashable, Sendable {
  case committed
  /// These partitions' fences did not hold; nothing of the flush was written.
  case lost([PartitionID])
}

/// Where a partition's row stands: answers what became of a COMMIT whose answer was lost.
package struct FencePosition: Hashable, Sendable {
  package var partition: PartitionID
  package var logEpoch: Int64
  package var ownerEpoch: Int64
  package var flushNumber: Int64
  package init(partition: PartitionID, logEpoch: Int64, ownerEpoch: Int64, flushNumber: Int64) {
    self.partition = partition
    self.logEpoch = logEpoch
    self.ownerEpoch = ownerEpoch
    self.flushNumber = flushNumber
  }
}

/// The store of a consuming service: PostgreSQL decides (RELIABILITY "The design that gives it").
package protocol StateStore: Sendable {
  /// Raises `owner_epoch` of each partition's row (made when missing) and returns them.
  func claim(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [Claim]
  /// Rows of these subjects; a subject without a row is left out.
  func subjects(group: String, keys: [[UInt8]]) async throws(AdapterFailure) -> [StoredSubject]
  /// Every subject of the partition with a timer, with its due instant.
  func timers(group: String, partition: PartitionID) async throws(AdapterFailure) -> [(key: [UInt8], due: Instant)]
  /// One transaction: fences in partition order, state, rows, outbox. `possiblyApplied` marks an unknown commit.
  func commit(group: String, _ flushes: [PartitionFlush]) async throws(AdapterFailure) -> FlushOutcome
  func fences(group: String, partitions: [PartitionID]) async throws(AdapterFailure) -> [FencePosition]
  /// Frames of the partition after `position`, in order, at most `framesMax`.
  func frames(group: String, partition: PartitionID, after position: Int64, framesMax: Int)
    async throws(AdapterFailure) -> [OutboxFrame]
  /// Records progress of publication outside a flush; returns the partitions whose owner epoch still held.
  func published(group: String, _ progress: [PublicationProgress]) async throws(AdapterFailure) -> [PartitionID]
  /// Every subject of the partition that belongs to `tenant`, by key.
  func keys(group: String, partition: PartitionID, tenant: String) async throws(AdapterFailure) -> [[UInt8]]
  /// Raised by a restore or failover.
  func storeEpoch() async throws(AdapterFailure) -> Int64
}

/// Frames of one partition that the broker has acknowledged.
package struct PublicationProgress: Hashable, Sendable {
  package var partition: PartitionID
  package var ownerEpoch: Int64
  package var through: Int64
  /// Per frame position, the highest offset written to each output partition.
  package var written: [Int64: [WrittenPosition]]
  package init(
    partition: PartitionID,
    ownerEpoch: Int64,
    through: Int64,
    written: [Int64: [WrittenPosition]]
  ) {
    self.partition = partition
    self.ownerEpoch = ownerEpoch
    self.through = through
    self.written = written
  }
}

/// How far every registered consumer group is: what paces producers to a bounded broker.
package protocol ConsumerProgress: Sendable {
  /// Per partition of the topics, the smallest `next_offset` of all groups registered for it.
  func foldedThrough(topics: [String]) async throws(AdapterFailure) -> [PartitionID: Int64]
}

/// The playbooks of all tenants, as applied.
package protocol PlaybookStore: Sendable {
  /// A version; nil when there is none.
  func playbook(tenant: String, version: Int64) async throws(AdapterFailure) -> StoredPlaybook?
  /// Newest version of each tenant's playbook.
  func playbooks() async throws(AdapterFailure) -> [StoredPlaybook]
}

package struct StoredPlaybook: Hashable, Sendable {
  package var tenant: String
  package var version: Int64
  /// File name to text.
  package var files: [File]
  package struct File: Hashable, Sendable {
    package var name: String
    package var text: String
    package init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }
  package init(tenant: String, version: Int64, files: [File]) {
    self.tenant = tenant
    self.version = version
    self.files = files
  }
}

/// Wall-clock time, for deadlines, ticks of live tenants and retries.
package protocol WallClock: Sendable {
  func now() -> Instant
}
