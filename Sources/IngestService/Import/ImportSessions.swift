import EventCodec
import EventModel
import PipelinePorts

/// The life of an import: opened, fed in order, finished.
///
/// Events carry `receivedAt` = `time` and are written before the store's count moves on; after a crash in between the
/// same rows are sent again and deduplication takes both for one.
package struct ImportSessions: Sendable {
  private let store: any ImportStore
  private let acceptance: BatchAcceptance
  private let sink: DurableSink
  private let clock: any WallClock
  private let partitions: [String: Int32]

  /// `partitions`: how many partitions `hearth.events.v1` and `hearth.community-events.v1` have.
  package init(
    store: any ImportStore,
    acceptance: BatchAcceptance,
    sink: DurableSink,
    clock: any WallClock,
    partitions: [String: Int32]
  ) {
    self.store = store
    self.acceptance = acceptance
    self.sink = sink
    self.clock = clock
    self.partitions = partitions
  }

  /// The import as it stands. Refuses one that is new and begins more than the lateness bound behind the tenant's
  /// clock: its events would stand in a past that is decided already.
  package func open(_ record: ImportRecord) async throws(Refusal) -> ImportRecord {
    guard record.firstTime <= record.lastTime, record.total > 0 else {
      throw Refusal(400, "range", "an import has at least one event, and first_time is not after last_time")
    }
    return try await asking { () async throws(AdapterFailure) -> Result<ImportRecord, Refusal> in
      if let known = try await store.find(tenant: record.tenant, id: record.id) { return .success(known) }
      if let now = try await store.clock(of: record.tenant), record.firstTime + AcceptanceLimits.lateness < now {
        return .failure(
          Refusal(
            409,
            "behind_clock",
            "the import begins at \(record.firstTime.text), more than \(AcceptanceLimits.lateness.words) behind the "
              + "tenant's clock \(now.text): import it into a fresh tenant"
          )
        )
      }
      return .success(try await store.open(record))
    }
  }

  /// Takes events `row + 1 ...` of the import. Rows that were taken before are left out; a gap is refused.
  package func take(
    _ body: [UInt8],
    items: [Range<Int>],
    tenant: String,
    id: String,
    row: Int64
  ) async throws(Refusal) -> (BatchOutcome, done: Int64) {
    let record = try await unfinished(tenant: tenant, id: id)
    let end = row + Int64(items.count)
    guard row <= record.done else {
      throw Refusal(409, "gap", "row \(row) does not follow: \(record.done) rows are done")
    }
    guard end <= record.total else {
      throw Refusal(409, "surplus", "the import has \(record.total) rows, these go to \(end)")
    }
    guard end > record.done else { return (BatchOutcome(items: []), record.done) }
    let times = try checkOrder(body, items: items, record: record)
    let skip = Int(record.done - row)
    return try await asking { () async throws(AdapterFailure) -> Result<(BatchOutcome, done: Int64), Refusal> in
      // The tenant's clock comes from its import alone: without ticks on the way, what falls due for subjects that
      // have no further event would be decided at the end only.
      if let first = times?.lowerBound {
        try await sink.write(ticks(tenant: tenant, at: Self.tick(before: first), ends: false))
      }
      let outcome = try await acceptance.accept(
        body,
        items: items,
        tenant: tenant,
        receivedAt: nil,
        now: clock.now(),
        skip: skip
      )
      guard try await store.advance(tenant: tenant, id: id, from: record.done, to: end) else {
        return .failure(Refusal(409, "concurrent", "another client feeds the same import"))
      }
      return .success((outcome, done: end))
    }
  }

  /// A batch may span this much log time. After a crash a batch may come twice, and deduplication remembers ids for the
  /// lateness bound.
  package static let spanMax = TimeSpan.hours(48)
  /// Ticks on the way stand at multiples of this.
  package static let tickUnit = TimeSpan.hours(6)

  private static func tick(before instant: Instant) -> Instant {
    let (quotient, _) = floorDivide(instant.milliseconds, tickUnit.milliseconds)
    return Instant(milliseconds: quotient * tickUnit.milliseconds)
  }

  /// Times may not fall, nor leave the announced range, nor span more than `spanMax`. Items that do not decode are
  /// judged later. Returns the times' range; nil when no item decodes.
  private func checkOrder(
    _ body: [UInt8],
    items: [Range<Int>],
    record: ImportRecord
  ) throws(Refusal) -> ClosedRange<Instant>? {
    var newest = record.firstTime
    var oldest: Instant?
    let arrival = Arrival(tenant: record.tenant, receivedAt: nil)
    let fault = body.withUnsafeBufferPointer { buffer -> Int? in
      for (index, item) in items.enumerated() {
        guard let event = try? EventCodec.decode(UnsafeBufferPointer(rebasing: buffer[item]), arrival: arrival) else {
          continue
        }
        if event.time < newest || event.time > record.lastTime { return index }
        newest = event.time
        oldest = oldest ?? event.time
      }
      return nil
    }
    guard let fault else {
      guard let oldest else { return nil }
      guard newest - oldest <= Self.spanMax else {
        throw Refusal(400, "span", "a batch spans at most \(Self.spanMax.words) from its first to its last event")
      }
      return oldest...newest
    }
    throw Refusal(400, "order", "line \(fault + 1) is earlier than one before it, or outside first_time … last_time")
  }

  /// Writes the closing tick to every partition, then marks the import finished. The tick stands at `until` plus the
  /// timers' grace, so that every timer due by `until` fires.
  package func finish(tenant: String, id: String, until: Instant?) async throws(Refusal) -> ImportRecord {
    guard
      let record = try await asking({ () async throws(AdapterFailure) -> Result<ImportRecord?, Refusal> in
        .success(try await store.find(tenant: tenant, id: id))
      })
    else { throw Self.unknown }
    if record.finished { return record }
    guard record.done == record.total else {
      throw Refusal(409, "unfinished", "\(record.done) of \(record.total) rows are done")
    }
    let until = until ?? record.lastTime
    guard until >= record.lastTime else {
      throw Refusal(400, "until", "until is before the last event, \(record.lastTime.text)")
    }
    return try await asking { () async throws(AdapterFailure) -> Result<ImportRecord, Refusal> in
      try await sink.write(ticks(tenant: tenant, at: until + AcceptanceLimits.timerGrace, ends: true))
      try await store.finish(tenant: tenant, id: id)
      var finished = record
      finished.finished = true
      return .success(finished)
    }
  }

  private func ticks(tenant: String, at time: Instant, ends: Bool) -> [OutboundRecord] {
    partitions.sorted { $0.key < $1.key }.flatMap { topic, count in
      (0..<count).map { EventRecords.tick(tenant: tenant, time: time, topic: topic, partition: $0, ends: ends) }
    }
  }

  private func unfinished(tenant: String, id: String) async throws(Refusal) -> ImportRecord {
    let found = try await asking { () async throws(AdapterFailure) -> Result<ImportRecord?, Refusal> in
      .success(try await store.find(tenant: tenant, id: id))
    }
    guard let found else { throw Self.unknown }
    guard !found.finished else { throw Refusal(409, "finished", "the import is finished") }
    return found
  }

  private static let unknown = Refusal(404, "import", "there is no such import")

  private func asking<Answer>(
    _ work: () async throws(AdapterFailure) -> Result<Answer, Refusal>
  ) async throws(Refusal) -> Answer {
    let result: Result<Answer, Refusal>
    do throws(AdapterFailure) {
      result = try await work()
    } catch {
      throw Refusal(error)
    }
    return try result.get()
  }
}
