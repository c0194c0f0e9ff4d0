import EventModel
import Playbook

/// A member's state in one funnel.
///
/// Entries are always a function of the kept events and the clock: what an arrival can change is solved anew from the
/// events, and what differs is published.
struct FunnelTrack: Hashable, Sendable {
  /// Visible events, in order.
  var events: [EventMark] = []
  /// Events dated ahead of the clock, in order.
  var pending: [EventMark] = []
  /// In order of day.
  var kept: [KeptEntry] = []
  /// Newest local day of which an event was dropped at the bound.
  var truncatedThrough: LocalDate?

  var isEmpty: Bool { events.isEmpty && pending.isEmpty && kept.isEmpty && truncatedThrough == nil }

  /// The tag's value over the events up to an instant, at that instant.
  typealias TagValue = (_ tag: Int, _ at: Instant) -> Value

  /// Takes `arrivals` in, if they are visible at `clock` (else keeps them until then), and brings statuses to `clock`.
  ///
  /// - Parameter tagsFrom: tag values at or after this instant may have changed.
  mutating func evaluate(
    _ arrivals: [EventMark],
    funnel: CompiledFunnel,
    clock: Instant,
    tagsFrom: Instant?,
    tagValue: TagValue
  ) -> [FunnelChange] {
    var affected: Set<LocalDate> = []
    for mark in arrivals where mark.day >= funnel.firstLiveDay(at: clock) {
      if mark.time > clock {
        insertPending(mark, funnel: funnel, affected: &affected)
      } else {
        insert(mark, funnel: funnel, affected: &affected)
      }
    }
    if !arrivals.isEmpty { prune(funnel: funnel, clock: clock, affected: &affected) }
    if let tag = funnel.breakdownTag, let tagsFrom {
      readTag(tag, from: tagsFrom, funnel: funnel, affected: &affected, tagValue: tagValue)
    }
    let isDue = (nextDue ?? .distantFuture) <= clock
    guard !affected.isEmpty || isDue else { return [] }
    let before = kept
    solve(affected, funnel: funnel, clock: clock)
    if funnel.order == .any, !affected.isEmpty { hideContained(funnel: funnel, clock: clock) }
    for index in kept.indices {
      let status = kept[index].status(funnel: funnel, clock: clock)
      if status != kept[index].status { kept[index].status = status }
    }
    return publish(before: before, funnel: funnel)
  }

  /// The pending events that are visible at `clock`, taken out.
  mutating func takeVisible(at clock: Instant) -> [EventMark] {
    let count = partitionIndex(pending) { $0.time <= clock }
    defer { pending.removeFirst(count) }
    return Array(pending[..<count])
  }

  /// When it changes next if nothing comes.
  var nextDue: Instant? {
    var next = pending.first?.time
    for index in kept.indices {
      if let due = kept[index].due, due < next ?? .distantFuture { next = due }
    }
    return next
  }
}

extension FunnelTrack {
  private mutating func insert(_ mark: EventMark, funnel: CompiledFunnel, affected: inout Set<LocalDate>) {
    let position = partitionIndex(events) { $0 < mark }
    let isNewest = position == events.count
    events.insert(mark, at: position)
    if funnel.isStart(mark) { affected.insert(mark.day) }
    for index in kept.indices {
      if isNewest ? canFollow(mark, index, funnel) : canReach(mark, index, funnel) { affected.insert(kept[index].day) }
    }
  }

  /// Can an event newer than all others change the entry? Only as the last event of a chain that could be extended;
  /// such a chain ends on the entry's level or one above to matter. Or as a barrier.
  private func canFollow(_ mark: EventMark, _ index: Int, _ funnel: CompiledFunnel) -> Bool {
    guard let liveUntil = kept[index].liveUntil, liveUntil >= mark.time else { return false }
    let level = kept[index].level
    if funnel.order == .any || mark.barriers != 0 || level == 0 { return true }
    return mark.steps >> UInt32(min(level, 32) - 1) & 0b11 != 0
  }

  /// Can an event among the others change the entry? Only within the window of one of its starts.
  private func canReach(_ mark: EventMark, _ index: Int, _ funnel: CompiledFunnel) -> Bool {
    let day = kept[index].day
    guard day <= mark.day else { return false }
    let dayEnd = Instant(milliseconds: Int64(day.daysSinceEpoch + 1) * 86_400_000) + FunnelLimits.zoneSlack
    return mark.time <= dayEnd + funnel.window
  }

  private mutating func insertPending(
    _ mark: EventMark,
    funnel: CompiledFunnel,
    affected: inout Set<LocalDate>
  ) {
    pending.insert(mark, at: partitionIndex(pending) { $0 < mark })
    if pending.count > FunnelLimits.eventsMax { truncate(through: pending.removeFirst().day, affected: &affected) }
  }

  /// Notes that events through `day` are no longer all there.
  mutating func truncate(through day: LocalDate, affected: inout Set<LocalDate>) {
    let through = max(day, truncatedThrough ?? day)
    truncatedThrough = through
    for entry in kept where entry.day <= through && !entry.isApproximate { affected.insert(entry.day) }
  }

  private mutating func solve(_ days: Set<LocalDate>, funnel: CompiledFunnel, clock: Instant) {
    let firstLive = funnel.firstLiveDay(at: clock)
    let days = days.filter { $0 >= firstLive }.sorted()
    guard let first = days.first else { return }
    let from = partitionIndex(events) { $0.day < first }
    let chains = funnel.order == .any ? nil : ChainSolver(funnel: funnel, events: events, from: from)
    let sets = SetSolver(funnel: funnel, events: events)
    for day in days {
      var starts: [Int] = []
      var position = partitionIndex(events) { $0.day < day }
      while position < events.count, events[position].day == day {
        if funnel.isStart(events[position]) { starts.append(position) }
        position += 1
      }
      let (chain, liveUntil) = chains?.solve(starts: starts) ?? sets.solve(starts: starts)
      let steps = funnel.order == .any ? sets.assign(chain) : chain.indices.map { $0 + 1 }
      take(Solution(chain: chain, steps: steps, liveUntil: liveUntil), day: day, funnel: funnel)
    }
  }

  private mutating func take(_ solution: Solution, day: LocalDate, funnel: CompiledFunnel) {
    let isApproximate = truncatedThrough.map { day <= $0 } ?? false
    let index = partitionIndex(kept) { $0.day < day }
    let exists = index < kept.count && kept[index].day == day
    // What was found before events were dropped stands until something as long is found.
    if exists, isApproximate, solution.chain.count < kept[index].level {
      kept[index].isApproximate = true
      return
    }
    guard !solution.chain.isEmpty else { return }
    if !exists { kept.insert(KeptEntry(day: day), at: index) }
    kept[index].isApproximate = isApproximate
    kept[index].take(solution, marks: solution.chain.map { events[$0] }, funnel: funnel)
  }

  /// Reads the tag anew for the starts at or after `from`. Each start keeps the value that stood at it, so that the tag
  /// is only asked about instants that a late event can still reach.
  private mutating func readTag(
    _ tag: Int,
    from: Instant,
    funnel: CompiledFunnel,
    affected: inout Set<LocalDate>,
    tagValue: TagValue
  ) {
    for position in partitionIndex(events, { $0.time < from })..<events.count where funnel.isStart(events[position]) {
      let value = FunnelProgram.text(of: tagValue(tag, events[position].time))
      if areSame(value, events[position].breakdown) { continue }
      events[position].breakdown = value
      affected.insert(events[position].day)
    }
  }

  /// Decides, day by day, which sets lie inside an earlier kept one. Final entries stay as they are.
  private mutating func hideContained(funnel: CompiledFunnel, clock: Instant) {
    let firstLive = funnel.firstLiveDay(at: clock)
    for index in kept.indices where kept[index].day >= firstLive {
      let entry = kept[index]
      kept[index].isHidden = kept[..<index].contains { earlier in
        guard !earlier.isHidden, earlier.set.count >= entry.set.count, let last = earlier.set.last,
          let own = entry.set.last, own.time <= last.time
        else { return false }
        return entry.set.allSatisfy { earlier.set.contains($0) }
      }
    }
  }

  private mutating func publish(before: [KeptEntry], funnel: CompiledFunnel) -> [FunnelChange] {
    var changes: [FunnelChange] = []
    var place = 0
    for index in kept.indices {
      while place < before.count, before[place].day < kept[index].day { place += 1 }
      let isOld = place < before.count && before[place].day == kept[index].day
      if isOld, before[place].looksLike(kept[index]) { continue }
      let was = isOld ? before[place].published(funnel: funnel) : nil
      if was == nil, kept[index].isHidden { continue }
      var entry = kept[index].content(funnel: funnel)
      kept[index].revision += 1
      entry.revision = kept[index].revision
      let isFirst = entry.status == .converted && !kept[index].hasConverted
      if isFirst { kept[index].hasConverted = true }
      changes.append(
        FunnelChange(entry: entry, was: was, kind: .init(from: was, to: entry), isFirstConversion: isFirst)
      )
    }
    return changes
  }
}
