import EventModel
import Playbook

/// A metric's value as it was found: packed already, or not.
enum FoundValue {
  case packed(PackedValue)
  case plain(Value)
}

extension FoldState {
  /// The metric's value at `instant`, to which it was advanced, and whether its window holds more than is kept exactly.
  mutating func value(
    of plan: MetricPlan,
    at instant: Int64,
    _ zone: CalendarZone,
    _ history: History
  ) -> (value: FoundValue, isApproximate: Bool) {
    switch plan.shape {
    case .lifetime, .calendar: accumulatedValue(plan, at: instant, zone)
    case .events(let span): windowValue(plan, span, at: instant, zone, history)
    case .recent: distinctValue(rests[plan.index]?.recent.latest.count ?? 0, isApproximate: false)
    }
  }

  private func accumulatedValue(
    _ plan: MetricPlan,
    at instant: Int64,
    _ zone: CalendarZone
  ) -> (FoundValue, Bool) {
    let count = words[plan.at.count]
    switch plan.fold {
    case .distinct:
      let distinct = rests[plan.index]?.distinct
      return (number(Int64(distinct?.count ?? 0)), distinct?.overflowed ?? false)
    case .streak:
      let days = min(words[plan.at.run + 2], Int64(TaggingLimits.streakDays))
      return (number(runStands(plan, at: instant, zone) ? days : 0), false)
    case .first, .last:
      guard count > 0 else { return (.packed(.null), false) }
      return (.packed(plan.keepsValues ? packed(plan.at.held) : PackedValue(.time, words[plan.at.heldTime])), false)
    default:
      let extremes = plan.needsExtremes && count > 0 ? (words[plan.at.low], words[plan.at.high]) : nil
      return (total(plan, count, plan.keepsNumbers ? sum(plan) : 0, extremes), false)
    }
  }

  private func runStands(_ plan: MetricPlan, at instant: Int64, _ zone: CalendarZone) -> Bool {
    guard words[plan.at.run + 2] > 0 else { return false }
    let end = Int(words[plan.at.run + 1])
    let today = zone.date(at: Instant(milliseconds: instant))
    return end == today.daysSinceEpoch
      || (end == zone.previousDate(before: today).daysSinceEpoch && !mutated(.streakEndsToday))
  }

  private mutating func windowValue(
    _ plan: MetricPlan,
    _ span: WindowSpan,
    at instant: Int64,
    _ zone: CalendarZone,
    _ history: History
  ) -> (FoundValue, Bool) {
    switch plan.fold {
    case .distinct: return windowDistinct(plan, span, at: instant)
    case .streak: return windowStreak(plan, span, at: instant, zone, history)
    case .first, .last: return windowEnd(plan, span, at: instant, history)
    default: break
    }
    var count = words[plan.at.inside] - words[plan.at.start]
    var sum = plan.keepsNumbers ? sum(plan) : 0
    var extremes: (low: Int64, high: Int64)?
    if plan.needsExtremes {
      extremes = extremesInside(plan, history)
      if let extremes {
        (words[plan.at.low], words[plan.at.high]) = extremes
        words[plan.at.value + 1] |= MetricFlags.extremesStand
      }
    }
    var isApproximate = false
    for bucket in bucketsHeld(plan, span, at: instant) {
      isApproximate = true
      count += bucket.count
      sum += bucket.sum
      extremes = extremes.map { (min($0.low, bucket.low), max($0.high, bucket.high)) } ?? (bucket.low, bucket.high)
    }
    return (total(plan, count, sum, plan.needsExtremes ? extremes : nil), isApproximate)
  }

  private func bucketsHeld(_ plan: MetricPlan, _ span: WindowSpan, at instant: Int64) -> [Bucket] {
    guard !rests.isEmpty, let buckets = rests[plan.index]?.older.buckets else { return [] }
    return buckets.filter { span.holds($0.stand, at: instant) }
  }

  private func windowEnd(
    _ plan: MetricPlan,
    _ span: WindowSpan,
    at instant: Int64,
    _ history: History
  ) -> (FoundValue, Bool) {
    let held = bucketsHeld(plan, span, at: instant)
    let (start, inside) = (Int(words[plan.at.start]), Int(words[plan.at.inside]))
    let series = history.series[plan.series]
    let result: (time: Int64, value: Value)?
    if plan.fold == .first, let bucket = held.first {
      result = (bucket.firstTime, bucket.first)
    } else if start < inside {
      let place = plan.fold == .first ? start : inside - 1
      result = (series.time(place), plan.keepsValues ? series.value(place) : .null)
    } else {
      result = held.last.map { ($0.lastTime, $0.last) }
    }
    guard let result else { return (.packed(.null), false) }
    let value = plan.keepsValues ? FoundValue.plain(result.value) : .packed(PackedValue(.time, result.time))
    return (value, !held.isEmpty)
  }

  private func windowDistinct(_ plan: MetricPlan, _ span: WindowSpan, at instant: Int64) -> (FoundValue, Bool) {
    guard let rest = rests[plan.index] else { return distinctValue(0, isApproximate: false) }
    let lost = rest.older.lostStand
    var isApproximate = lost != Slot.none && lost + span.from > instant
    var outside: Set<DistinctKey> = []
    for demoted in rest.older.demotedKeys where span.holds(demoted.stand, at: instant) {
      isApproximate = true
      if rest.insideKeys[demoted.key] == nil { outside.insert(demoted.key) }
    }
    return distinctValue(rest.insideKeys.count + outside.count, isApproximate: isApproximate)
  }

  private func distinctValue(_ count: Int, isApproximate: Bool) -> (FoundValue, Bool) {
    (
      number(Int64(min(count, TaggingLimits.distinctValues))),
      isApproximate || count > TaggingLimits.distinctValues
    )
  }

  /// A streak of the days on which the window holds an event.
  private func windowStreak(
    _ plan: MetricPlan,
    _ span: WindowSpan,
    at instant: Int64,
    _ zone: CalendarZone,
    _ history: History
  ) -> (FoundValue, Bool) {
    let held = bucketsHeld(plan, span, at: instant)
    var days: Set<LocalDate> = []
    for place in Int(words[plan.at.start])..<Int(words[plan.at.inside]) {
      days.insert(zone.date(at: Instant(milliseconds: history.series[plan.series].time(place))))
    }
    for bucket in held {
      days.insert(zone.date(at: Instant(milliseconds: bucket.firstTime)))
      days.insert(zone.date(at: Instant(milliseconds: bucket.lastTime)))
    }
    var date = zone.date(at: Instant(milliseconds: instant))
    if !days.contains(date) { date = zone.previousDate(before: date) }
    var length = 0
    while length < TaggingLimits.streakDays, days.contains(date) {
      length += 1
      date = zone.previousDate(before: date)
    }
    return (number(Int64(length)), !held.isEmpty)
  }

  private func total(
    _ plan: MetricPlan,
    _ count: Int64,
    _ sum: Int128,
    _ extremes: (low: Int64, high: Int64)?
  ) -> FoundValue {
    switch plan.fold {
    case .count: number(count)
    case .sum: decimal(sum)
    case .mean: count > 0 ? decimal(roundedHalfEven(sum, dividedBy: Int128(count))) : .packed(.null)
    case .min: extremes.map { decimal(Int128($0.low)) } ?? .packed(.null)
    case .max: extremes.map { decimal(Int128($0.high)) } ?? .packed(.null)
    case .first, .last, .distinct, .streak: .packed(.null)
    }
  }

  private func number(_ count: Int64) -> FoundValue {
    FixedDecimal(Int(count)).map { .packed(PackedValue(.number, $0.millionths)) } ?? .packed(.null)
  }

  private func decimal(_ millionths: Int128) -> FoundValue {
    FixedDecimal(millionths: millionths).map { .packed(PackedValue(.number, $0.millionths)) } ?? .packed(.null)
  }
}
