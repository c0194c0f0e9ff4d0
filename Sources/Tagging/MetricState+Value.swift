import EventModel
import Playbook

extension MetricState {
  /// Brings the window to `instant`, and the value there.
  mutating func bring(to instant: Int64, plan: MetricPlan, zone: CalendarZone) -> MetricValue {
    advance(to: instant, plan: plan, zone: zone)
    return value(at: instant, plan: plan, zone: zone)
  }

  /// The value of a metric without a single event, at any instant.
  static func valueOfNothing(_ fold: Fold) -> MetricValue {
    switch fold {
    case .count, .sum, .distinct, .streak: MetricValue(value: .number(.zero), approximate: false)
    case .mean, .min, .max, .first, .last: MetricValue(value: .null, approximate: false)
    }
  }

  /// The metric's value at `instant`, to which it was advanced.
  mutating func value(at instant: Int64, plan: MetricPlan, zone: CalendarZone) -> MetricValue {
    switch plan.shape {
    case .lifetime, .calendar: accumulatedValue(at: instant, plan: plan, zone: zone)
    case .events(let span): windowValue(at: instant, span: span, plan: plan, zone: zone)
    case .recent: distinctValue(recent.latest.count, approximate: false)
    }
  }

  private func accumulatedValue(at instant: Int64, plan: MetricPlan, zone: CalendarZone) -> MetricValue {
    switch plan.fold {
    case .distinct: return MetricValue(value: number(distinct.count), approximate: distinct.overflowed)
    case .streak: return exact(number(runStands(at: instant, zone) ? min(runDays, TaggingLimits.streakDays) : 0))
    case .first, .last:
      guard count > 0 else { return exact(.null) }
      return exact(plan.keepsValues ? held : .time(Instant(milliseconds: heldTime)))
    default: return exact(total(plan.fold, count, sum, count > 0 ? (low, high) : nil))
    }
  }

  private func runStands(at instant: Int64, _ zone: CalendarZone) -> Bool {
    guard runDays > 0 else { return false }
    let today = zone.date(at: Instant(milliseconds: instant))
    return runEnd == today.daysSinceEpoch
      || (runEnd == zone.previousDate(before: today).daysSinceEpoch && !mutated(.streakEndsToday))
  }

  private mutating func windowValue(
    at instant: Int64,
    span: WindowSpan,
    plan: MetricPlan,
    zone: CalendarZone
  ) -> MetricValue {
    switch plan.fold {
    case .distinct: return windowDistinct(at: instant, span: span)
    case .streak: return windowStreak(at: instant, span: span, zone: zone)
    case .first, .last: return windowEnd(plan.fold, at: instant, span: span, plan: plan)
    default: break
    }
    var count = Int64(entries.inside - entries.start)
    var sum = entries.sum
    var extremes = plan.needsExtremes ? entries.extremes() : nil
    var approximate = false
    for bucket in entries.buckets where entries.holds(bucket.stand, at: instant, span: span) {
      approximate = true
      count += bucket.count
      sum += bucket.sum
      extremes = extremes.map { (min($0.low, bucket.low), max($0.high, bucket.high)) } ?? (bucket.low, bucket.high)
    }
    return MetricValue(value: total(plan.fold, count, sum, extremes), approximate: approximate)
  }

  private func windowEnd(_ fold: Fold, at instant: Int64, span: WindowSpan, plan: MetricPlan) -> MetricValue {
    let held = entries.buckets.filter { entries.holds($0.stand, at: instant, span: span) }
    let result: (time: Int64, value: Value)?
    if fold == .first, let bucket = held.first {
      result = (bucket.firstTime, bucket.first)
    } else if entries.start < entries.inside {
      let index = fold == .first ? entries.start : entries.inside - 1
      result = (entries.times[index], plan.keepsValues ? entries.values[index] : .null)
    } else {
      result = held.last.map { ($0.lastTime, $0.last) }
    }
    guard let result else { return MetricValue(value: .null, approximate: false) }
    let value = plan.keepsValues ? result.value : .time(Instant(milliseconds: result.time))
    return MetricValue(value: value, approximate: !held.isEmpty)
  }

  private func windowDistinct(at instant: Int64, span: WindowSpan) -> MetricValue {
    var approximate = entries.lostStand != Slot.none && entries.lostStand + span.from > instant
    var outside: Set<DistinctKey> = []
    for demoted in entries.demotedKeys where entries.holds(demoted.stand, at: instant, span: span) {
      approximate = true
      if entries.insideKeys[demoted.key] == nil { outside.insert(demoted.key) }
    }
    return distinctValue(entries.insideKeys.count + outside.count, approximate: approximate)
  }

  private func distinctValue(_ count: Int, approximate: Bool) -> MetricValue {
    MetricValue(
      value: number(min(count, TaggingLimits.distinctValues)),
      approximate: approximate || count > TaggingLimits.distinctValues
    )
  }

  /// A streak of the days on which the window holds an event.
  private func windowStreak(at instant: Int64, span: WindowSpan, zone: CalendarZone) -> MetricValue {
    let held = entries.buckets.filter { entries.holds($0.stand, at: instant, span: span) }
    var days = Set(entries.times[entries.start..<entries.inside].map { zone.date(at: Instant(milliseconds: $0)) })
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
    return MetricValue(value: number(length), approximate: !held.isEmpty)
  }

  private func total(_ fold: Fold, _ count: Int64, _ sum: Int128, _ extremes: (low: Int64, high: Int64)?) -> Value {
    switch fold {
    case .count: number(Int(count))
    case .sum: decimal(sum)
    case .mean: count > 0 ? decimal(roundedHalfEven(sum, dividedBy: Int128(count))) : .null
    case .min: extremes.map { decimal(Int128($0.low)) } ?? .null
    case .max: extremes.map { decimal(Int128($0.high)) } ?? .null
    case .first, .last, .distinct, .streak: .null
    }
  }

  private func exact(_ value: Value) -> MetricValue { MetricValue(value: value, approximate: false) }
  private func number(_ count: Int) -> Value { FixedDecimal(count).map(Value.number) ?? .null }
  private func decimal(_ millionths: Int128) -> Value {
    FixedDecimal(millionths: millionths).map(Value.number) ?? .null
  }
}
