import EventModel
import PipelinePorts

extension PipelineLoop {
  /// Hands over what all moved lanes hold to be committed and published. Waits for the flush before it, and for this
  /// one where nothing may overlap with it.
  func flush(final: Bool) async throws(AdapterFailure) {
    try await finishFlush()
    guard let handed = handOver(final: final) else { return }
    underWay = handed
    probe.pass(.beforeCommit)
    if overlap == .free, !final {
      handed.task = Task { await self.carryOutUnderWay() }
    }
    if overlap == .none || final { try await finishFlush() }
  }

  /// Waits for the flush under way, if there is one; throws what it failed with.
  func finishFlush() async throws(AdapterFailure) {
    guard let handed = underWay else { return }
    if let task = handed.task {
      await withTaskCancellationHandler(operation: { await task.value }, onCancel: { task.cancel() })
    } else {
      await carryOutUnderWay()
    }
    underWay = nil
    if let failure = handed.failure { throw failure }
    // What was given up is read again from the last commit; nothing decided on top of it may be committed.
    if handed.isGivenUp { lanes.removeAll() }
    // Here and not with the commit: a batch that is being read for may need what is clean.
    for lane in lanes.values { lane.trim(to: limits.subjectsPerLane) }
  }

  /// How far deciding may go on beside a flush. Effects need their results decided before anything else is.
  var overlap: FlushOverlap { perform == nil ? limits.overlap : .none }

  private func handOver(final: Bool) -> FlushUnderWay<LaneID>? {
    let moved = lanes.filter { $0.value.hasMoved }.keys.sorted()
    guard !moved.isEmpty else {
      (lastFlush, lastFlushTook) = (.now, .zero)
      return nil
    }
    let handed = FlushUnderWay<LaneID>(isFinal: final)
    for id in moved {
      guard let lane = lanes[id] else { continue }
      handed.flushes += lane.flushes(processor: processor, programs: programs.active(in: lane.book))
      handed.tallies[id] = lane.context.tallies
      lane.handedOver()
    }
    return handed
  }

  private func carryOutUnderWay() async {
    guard let handed = underWay else { return }
    do {
      try await commitAndPublish(handed)
    } catch {
      handed.failure = error
    }
    lastFlush = .now
    lastFlushTook = lastFlush - handed.begun
    handed.isDone = true
  }

  private func commitAndPublish(_ handed: FlushUnderWay<LaneID>) async throws(AdapterFailure) {
    if mutated(.publishedBeforeCommit) { try await publish(handed.flushes) }
    let started = ContinuousClock.now
    // Nothing is written where one fence does not hold: what the other lanes handed over goes again without it.
    while !handed.flushes.isEmpty {
      guard let lostPartitions = try await commit(handed.flushes, final: handed.isFinal) else {
        handed.isGivenUp = true
        return
      }
      if lostPartitions.isEmpty { break }
      drop(lostPartitions)
      handed.flushes.removeAll { flush in laneID(of: flush.partition).map { lanes[$0] == nil } ?? true }
    }
    guard !handed.flushes.isEmpty else { return }
    metrics.observe(
      (ContinuousClock.now - started).seconds,
      in: "hearth_flush_seconds",
      help: "Time of a flush's transaction."
    )
    probe.pass(.afterCommit)
    let framed = Set(handed.flushes.filter { $0.frame != nil }.compactMap { laneID(of: $0.partition) })
    let committed = Set(handed.flushes.compactMap { laneID(of: $0.partition) }).sorted()
    for id in committed {
      for (tally, amount) in handed.tallies[id] ?? [:] {
        metrics.add(Double(amount), to: tally.name, help: tally.help, labels: tally.labels)
      }
      lanes[id]?.committed(withFrame: framed.contains(id))
    }
    let committedAt = ContinuousClock.now
    try await publish(handed.flushes)
    metrics.observe(
      (ContinuousClock.now - committedAt).seconds,
      in: "hearth_publish_seconds",
      help: "Time from a flush's commit until the broker has acknowledged its messages."
    )
    probe.pass(.beforeHint)
    await hint(handed.flushes)
    try await recordProgress(force: false)
    if !handed.isFinal { await performEffects(of: committed) }
  }

  /// The partitions whose fence did not hold (empty: committed); nil when stopped while the store was away.
  private func commit(_ flushes: [PartitionFlush], final: Bool) async throws(AdapterFailure) -> [PartitionID]? {
    var wait = limits.retryFirst
    while true {
      do {
        let outcome = try await store.commit(group: processor.group, flushes)
        health.set("store", true)
        switch outcome {
        case .committed: return []
        case .lost(let partitions): return partitions
        }
      } catch {
        if error.possiblyApplied {
          metrics.add(to: "hearth_commits_unknown_total", help: "Commits whose answer was lost.")
          if let answer = try await resolve(flushes) { return answer }
        } else if error.disposition != .retriable {
          throw error
        }
        health.set("store", false)
        health.turned()
        logger.warning("a flush failed and is tried again", metadata: ["code": "\(error.code)"])
        // On the way out a store that is away costs nothing: the log is read again from the last commit.
        if final || stopping || Task.isCancelled { return nil }
        do { try await Task.sleep(for: wait) } catch { return nil }
        wait = min(wait * 2, limits.retryLast)
      }
    }
  }

  /// What became of a commit whose answer was lost: the row's `(owner_epoch, flush_no)` says. nil: not applied.
  private func resolve(_ flushes: [PartitionFlush]) async throws(AdapterFailure) -> [PartitionID]? {
    let group = processor.group
    let partitions = flushes.map(\.partition)
    let rows = try await retrying("fences") { [store] () throws(AdapterFailure) in
      try await store.fences(group: group, partitions: partitions)
    }
    let byPartition = Dictionary(rows.map { ($0.partition, $0) }, uniquingKeysWith: { $1 })
    var applied = 0
    var lost: [PartitionID] = []
    for flush in flushes {
      guard let row = byPartition[flush.partition], row.ownerEpoch == flush.ownerEpoch else {
        lost.append(flush.partition)
        continue
      }
      if row.flushNumber == flush.flushNumber + 1 { applied += 1 }
    }
    // One transaction: where any row moved, all did. A later owner's epoch may hide that, and then it has re-read us.
    if applied > 0 || mutated(.unknownCommitTaken) {
      if !lost.isEmpty { drop(lost) }
      return []
    }
    return lost.isEmpty ? nil : lost
  }

  /// Lanes of these partitions are no longer ours: their state goes, the others stay.
  func drop(_ partitions: [PartitionID]) {
    metrics.add(
      Double(partitions.count),
      to: "hearth_fenced_total",
      help: "Partitions whose fence did not hold at a flush."
    )
    for partition in partitions {
      logger.warning(
        "another process owns the partition; its uncommitted work here is dropped",
        metadata: ["topic": "\(partition.topic)", "partition": "\(partition.partition)"]
      )
      guard let id = laneID(of: partition), let lane = lanes[id] else { continue }
      for sibling in lane.partitions { lost[sibling] = .now }
      lanes[id] = nil
    }
  }

  /// Publishes the frames just committed, in order, until the broker has acknowledged all of them.
  private func publish(_ flushes: [PartitionFlush]) async throws(AdapterFailure) {
    let frames = flushes.compactMap { flush in flush.frame.map { (flush.partition, flush.ownerEpoch, $0) } }
    guard !frames.isEmpty else { return }
    for chunk in publisher.chunks(of: frames) {
      let written = try await publisher.publish(chunk.flatMap(\.2.records), probe: probe)
      note(chunk, written: written)
    }
  }

  /// Remembers that frames are acknowledged; written down with the next flush or `recordProgress`.
  func note(_ chunk: [(PartitionID, Int64, OutboxFrame)], written: [WrittenPosition]) {
    var index = 0
    for (partition, ownerEpoch, frame) in chunk {
      var highest: [PartitionID: Int64] = [:]
      for _ in frame.records {
        highest[written[index].partition] = max(highest[written[index].partition] ?? -1, written[index].offset)
        index += 1
      }
      var progress =
        unrecorded[partition]
        ?? PublicationProgress(partition: partition, ownerEpoch: ownerEpoch, through: frame.position, written: [:])
      progress.through = max(progress.through, frame.position)
      progress.written[frame.position] = highest.map { WrittenPosition(partition: $0.key, offset: $0.value) }
      unrecorded[partition] = progress
      if let id = laneID(of: partition) {
        let through = lanes[id]?.claims[partition]?.publishedThrough ?? 0
        lanes[id]?.claims[partition]?.publishedThrough = max(through, frame.position)
      }
    }
  }

  func recordProgress(force: Bool) async throws(AdapterFailure) {
    guard !unrecorded.isEmpty, force || ContinuousClock.now - lastProgress >= limits.progressInterval else { return }
    lastProgress = .now
    let progress = Array(unrecorded.values)
    let group = processor.group
    do {
      let held = Set(try await store.published(group: group, progress))
      let gone = progress.map(\.partition).filter { !held.contains($0) }
      if !gone.isEmpty { drop(gone) }
      unrecorded.removeAll()
    } catch {
      // Frames not noted as published are published again by whoever claims next; subscribers drop them by sequence.
      if error.disposition == .fatal { throw error }
      health.set("store", false)
      logger.warning("progress of publication could not be noted", metadata: ["code": "\(error.code)"])
    }
  }

  private func hint(_ flushes: [PartitionFlush]) async {
    await source.hint(Dictionary(flushes.map { ($0.partition, $0.nextOffset) }, uniquingKeysWith: { $1 }))
  }
}

extension Duration {
  /// As a number of seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
