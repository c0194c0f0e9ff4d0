import EventModel
import PipelinePorts

/// One lane: the co-partitioned partitions p of a family, their subjects, timers and clocks, and what has been decided
/// but not yet committed. Synchronous and without effects; `PipelineLoop` loads, commits and publishes around it.
///
/// A class, as its subjects are, so that what a record changes is changed in place.
final class Lane<Processor: SubjectProcessor> {
  /// A subject in memory.
  final class Subject {
    var state: Processor.State
    var isDirty = false

    init(state: Processor.State) { self.state = state }
  }

  let family: LaneFamily
  let number: Int32
  var claims: [PartitionID: Claim]
  var book: LaneBook
  var context: LaneContext<Processor.Memory, Processor.Effect>
  var subjects = SubjectTable<Subject>()
  var timers: [String: TimerQueue] = [:]
  var dirty: [[UInt8]] = []
  /// Offsets or clocks moved since the last flush.
  var hasMoved = false
  /// Bytes of keys and values decided since the last flush.
  var bytesDecided = 0
  /// Something of a live tenant was decided since the last flush: people wait for it.
  var holdsLive = false
  /// The tenant's clock as last acted upon.
  var passed: [String: Instant] = [:]

  /// Of the last record: records of a tenant follow each other. Forgotten where a playbook version is activated.
  var atHand: TenantAtHand?

  struct TenantAtHand {
    let tenant: String
    let program: Processor.Program?
    let isLive: Bool
    let playbookVersion: Int64
  }

  private var lastTenant: (prefix: [UInt8], name: String) = ([], "")

  var home: PartitionID { PartitionID(topic: family.topics[0], partition: number) }
  var partitions: [PartitionID] { family.topics.map { PartitionID(topic: $0, partition: number) } }

  init(
    family: LaneFamily,
    number: Int32,
    claims: [PartitionID: Claim],
    storeEpoch: Int64,
    processor: Processor
  ) throws(AdapterFailure) {
    self.family = family
    self.number = number
    self.claims = claims
    let home = PartitionID(topic: family.topics[0], partition: number)
    self.book = try LaneBook(decoding: claims[home]?.state ?? [])
    let memory = book.memory.isEmpty ? processor.initialMemory() : try processor.decodeMemory(book.memory)
    self.context = LaneContext(memory: memory, storeEpoch: storeEpoch, home: home)
  }

  /// True when the record was folded before this claim: below the stored offset, or, in a re-produced log, known to an
  /// earlier epoch.
  func isFolded(_ record: LogRecord) -> Bool {
    guard let claim = claims[record.partition] else { return true }
    if record.offset < claim.nextOffset { return true }
    guard let origin = record.header(ReproducedOrigin.header).flatMap(ReproducedOrigin.init(bytes:)) else {
      return false
    }
    return origin.places.contains { place in claim.foldedEpochs[place.logEpoch].map { place.offset < $0 } ?? false }
  }

  func advanceOffset(past record: LogRecord) {
    claims[record.partition]?.nextOffset = record.offset + (mutated(.offsetTooFar) ? 2 : 1)
    hasMoved = true
  }

  /// The flushes of all partitions of this lane; the frame and the subjects go with the home partition.
  func flushes(processor: Processor, programs: [String: Processor.Program]) -> [PartitionFlush] {
    var book = book
    book.memory = processor.encode(context.memory)
    return partitions.compactMap { partition in
      guard let claim = claims[partition] else { return nil }
      let isHome = partition == home
      let position = claim.outboxPosition + 1
      let frame = isHome && !context.outputs.isEmpty ? OutboxFrame(position: position, records: context.outputs) : nil
      return PartitionFlush(
        partition: partition,
        logEpoch: claim.logEpoch,
        ownerEpoch: claim.ownerEpoch,
        flushNumber: claim.flushNumber,
        nextOffset: claim.nextOffset,
        publishedThrough: claim.publishedThrough,
        state: isHome ? book.encoded() : [],
        subjects: isHome ? writes(processor: processor, programs: programs) : [],
        rows: isHome ? context.rows : [],
        frame: frame
      )
    }
  }

  private func writes(processor: Processor, programs: [String: Processor.Program]) -> [SubjectWrite] {
    dirty.compactMap { key in
      guard let subject = subjects[key] else { return nil }
      return processor.write(of: subject.state, key: key, program: programs[tenantName(of: key)])
    }
  }

  /// What `flushes` gave is on its way: what is decided from here on belongs to the next flush.
  func handedOver() {
    for key in dirty { subjects[key]?.isDirty = mutated(.dirtyForgotten) }
    dirty.removeAll(keepingCapacity: true)
    context.outputs.removeAll(keepingCapacity: true)
    context.rows.removeAll(keepingCapacity: true)
    context.tallies.removeAll()
    hasMoved = false
    holdsLive = false
    bytesDecided = 0
  }

  /// After the commit of what was handed over.
  func committed(withFrame: Bool) {
    for partition in partitions { claims[partition]?.flushNumber += 1 }
    if withFrame { claims[home]?.outboxPosition += 1 }
  }

  /// Drops clean subjects beyond `limit`; they are read again when next needed. Not while a flush is under way: what
  /// it holds is clean here and not yet in the store.
  func trim(to limit: Int) {
    // A subject that waits for the result of an effect stays.
    guard subjects.count > limit, context.inFlight.isEmpty else { return }
    var excess = subjects.count - limit
    for key in subjects.keys where excess > 0 {
      if subjects[key]?.isDirty == false {
        subjects[key] = nil
        excess -= 1
      }
    }
  }
}

extension Lane {
  /// The tenant of a subject key; the one before it is remembered, since records of a tenant follow each other.
  func tenantName(of key: [UInt8]) -> String {
    if !lastTenant.prefix.isEmpty, key.starts(with: lastTenant.prefix) { return lastTenant.name }
    let name = tenant(of: key)
    lastTenant = (Array("\(name)/".utf8), name)
    return name
  }
}

/// The tenant of a subject key `tenant/kind/id`.
func tenant(of key: [UInt8]) -> String {
  String(decoding: key.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
}

/// Where a re-produced record stood before (embedded mode: a new broker begins a new log epoch, into which what is not
/// folded yet is produced again). A group that folded any of these places has folded the record.
package struct ReproducedOrigin: Hashable, Sendable {
  package static let header = "hearth-origin"

  package struct Place: Hashable, Sendable {
    package var logEpoch: Int64
    package var offset: Int64
    package init(logEpoch: Int64, offset: Int64) {
      self.logEpoch = logEpoch
      self.offset = offset
    }
  }

  package var places: [Place]

  package init(places: [Place]) { self.places = places }

  /// Reads `1:10,2:3`; nil for anything else.
  package init?(bytes: [UInt8]) {
    places = []
    for part in String(decoding: bytes, as: UTF8.self).split(separator: ",") {
      let numbers = part.split(separator: ":")
      guard numbers.count == 2, let epoch = Int64(numbers[0]), let offset = Int64(numbers[1]) else { return nil }
      places.append(Place(logEpoch: epoch, offset: offset))
    }
  }

  package var bytes: [UInt8] { Array(places.map { "\($0.logEpoch):\($0.offset)" }.joined(separator: ",").utf8) }
}
