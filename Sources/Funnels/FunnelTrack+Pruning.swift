import EventModel

extension FunnelTrack {
  /// Drops what is final, thins what is old and keeps to the bound.
  mutating func prune(funnel: CompiledFunnel, clock: Instant, affected: inout Set<LocalDate>) {
    let firstLive = funnel.firstLiveDay(at: clock)
    if let first = events.first, first.day < firstLive {
      events.removeFirst(partitionIndex(events) { $0.day < firstLive })
    }
    if let first = kept.first, first.day < funnel.firstKeptDay(at: clock) {
      kept.removeFirst(partitionIndex(kept) { $0.day < funnel.firstKeptDay(at: clock) })
    }
    if let truncated = truncatedThrough, truncated < firstLive { truncatedThrough = nil }
    if events.count % FunnelLimits.thinningInterval == 0 || events.count > FunnelLimits.eventsMax {
      thin(funnel: funnel, clock: clock)
    }
    while events.count > FunnelLimits.eventsMax { truncate(through: events.removeFirst().day, affected: &affected) }
  }

  /// Drops old events that no chain needs. No accepted event can come to stand before the ones looked at, so what
  /// goes are
  /// - events in the window of no start (not in `any`, where each is a start), and
  /// - of events alike that follow each other, all but the first and the last: a chain that holds one between them
  ///   can hold the first instead (of step 1 the last), with no more barriers inside it and the window kept.
  private mutating func thin(funnel: CompiledFunnel, clock: Instant) {
    let horizon =
      clock - TimeSpan(milliseconds: AcceptanceLimits.lateness.milliseconds + AcceptanceLimits.ahead.milliseconds)
    let old = partitionIndex(events) { $0.time < horizon }
    guard old > 2 else { return }
    var result: [EventMark] = []
    var latestStart: Instant?
    for mark in events[..<old] {
      if funnel.isStart(mark) { latestStart = mark.time }
      guard let start = latestStart, mark.time <= start + funnel.window else { continue }
      let count = result.count
      if count >= 2, mark.steps.nonzeroBitCount <= 1, Self.isRun(result[count - 2], result[count - 1], mark) {
        result[count - 1] = mark
      } else {
        result.append(mark)
      }
    }
    events.replaceSubrange(..<old, with: result)
  }

  private static func isRun(_ first: EventMark, _ second: EventMark, _ third: EventMark) -> Bool {
    first.isLike(second) && second.isLike(third) && first.day == second.day && second.day == third.day
  }
}
