import EventModel
import PipelinePorts

extension PipelineLoop {
  /// Claims the partitions, publishes what predecessors left, loads timers, and starts to fetch.
  func assigned(_ partitions: [PartitionID]) async throws(AdapterFailure) {
    try await finishFlush()
    let group = processor.group
    metrics.add(to: "hearth_rebalances_total", help: "Assignments received from the consumer group.")
    let claims = try await retrying("claim") { [store] () throws(AdapterFailure) in
      try await store.claim(group: group, partitions: partitions)
    }
    var byLane: [LaneID: [PartitionID: Claim]] = [:]
    for claim in claims {
      guard let id = laneID(of: claim.partition) else { continue }
      byLane[id, default: [:]][claim.partition] = claim
    }
    for id in byLane.keys.sorted() {
      guard let claims = byLane[id] else { continue }
      try await open(id, claims: claims)
    }
    var offsets: [PartitionID: Int64] = [:]
    for claim in claims {
      lost[claim.partition] = nil
      offsets[claim.partition] = claim.nextOffset
    }
    try await source.start(at: offsets)
    health.set("assignment", true)
    health.set("broker", true)
    metrics.set("hearth_partitions_owned", to: Double(offsetsOwned), help: "Partitions this process owns.")
    logger.info("partitions taken over", metadata: ["count": "\(partitions.count)"])
  }

  private var offsetsOwned: Int { lanes.values.reduce(0) { $0 + $1.claims.count } }

  private func open(_ id: LaneID, claims: [PartitionID: Claim]) async throws(AdapterFailure) {
    let family = processor.families[id.family]
    let lane = try Lane(
      family: family,
      number: id.number,
      claims: claims,
      storeEpoch: storeEpoch,
      processor: processor
    )
    for (tenant, version) in lane.book.playbookVersions.sorted(by: { $0.key < $1.key }) {
      try await loadProgram(tenant: tenant, version: version)
    }
    let home = lane.home
    let group = processor.group
    let timers = try await retrying("timers") { [store] () throws(AdapterFailure) in
      try await store.timers(group: group, partition: home).map { StoredTimer(key: $0.key, due: $0.due) }
    }
    for timer in timers where !mutated(.timersNotLoaded) {
      lane.timers[tenant(of: timer.key), default: TimerQueue()].set(timer.key, due: timer.due)
    }
    lanes[id] = lane
    if let claim = claims[home] { try await publishLeftovers(of: claim) }
    if processor.visitsTimersOnClaim, !timers.isEmpty { try await revisit(timers.map(\.key), in: id) }
  }

  private func revisit(_ keys: [[UInt8]], in id: LaneID) async throws(AdapterFailure) {
    try await load(Set(keys), into: id)
    guard let lane = lanes[id] else { return }
    let active = programs.active(in: lane.book)
    for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let why = Visit.everySubject(tenant: tenant(of: key), why: "claim", asOf: lane.context.clock)
      lane.visit(key, why: why, processor: processor, programs: active)
    }
    lane.hasMoved = true
  }

  private struct StoredTimer: Sendable {
    var key: [UInt8]
    var due: Instant
  }

  /// What a predecessor committed but did not publish goes out first, in order.
  private func publishLeftovers(of claim: Claim) async throws(AdapterFailure) {
    var position = mutated(.leftoversSkipped) ? claim.outboxPosition : claim.publishedThrough
    let group = processor.group
    while position < claim.outboxPosition {
      let after = position
      let framesMax = limits.framesPerRead
      let frames = try await retrying("outbox") { [store] () throws(AdapterFailure) in
        try await store.frames(group: group, partition: claim.partition, after: after, framesMax: framesMax)
      }
      guard let last = frames.last else { break }
      metrics.add(
        Double(frames.count),
        to: "hearth_outbox_republished_total",
        help: "Outbox frames published for a predecessor."
      )
      for chunk in publisher.chunks(of: frames.map { (claim.partition, claim.ownerEpoch, $0) }) {
        note(chunk, written: try await publisher.publish(chunk.flatMap(\.2.records), probe: .none))
      }
      position = last.position
    }
  }

  /// The group took these away; what was not committed is left to the next owner, who reads it again.
  func revoked(_ partitions: [PartitionID]) {
    for partition in partitions {
      lost[partition] = nil
      if let id = laneID(of: partition) { lanes[id] = nil }
      unrecorded[partition] = nil
    }
    health.set("assignment", !lanes.isEmpty)
    metrics.set("hearth_partitions_owned", to: Double(offsetsOwned), help: "Partitions this process owns.")
  }

  /// A partition lost to the fence and still assigned here after a while is claimed again: its other owner is gone.
  func reclaim() async throws(AdapterFailure) {
    let ready = lost.filter { ContinuousClock.now - $0.value >= limits.reclaimAfter }.keys.sorted()
    guard !ready.isEmpty else { return }
    try await assigned(ready)
  }
}
