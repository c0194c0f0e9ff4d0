import EventModel
import Playbook

/// How a metric's window is kept.
enum WindowShape: Hashable, Sendable {
  /// Nothing ever leaves; an absolute window is a lifetime that admits only its own times.
  case lifetime(from: Int64, to: Int64)
  case calendar(CalendarPeriod)
  case events(WindowSpan)
  /// Distinct values of a sliding window.
  case recent(width: Int64)

  init(_ window: Window, fold: Fold) {
    switch window {
    case .lifetime: self = .lifetime(from: .min, to: .max)
    case .absolute(let from, let to): self = .lifetime(from: from.milliseconds, to: to.milliseconds)
    case .today: self = .calendar(.day)
    case .thisWeek: self = .calendar(.week)
    case .thisMonth: self = .calendar(.month)
    case .sliding(let width) where fold == .distinct: self = .recent(width: width.milliseconds)
    case .sliding(let width): self = .events(WindowSpan(from: width, to: TimeSpan(milliseconds: 0)))
    case .between(let from, let to): self = .events(WindowSpan(from: from, to: to))
    }
  }
}

enum CalendarPeriod: Hashable, Sendable {
  case day, week, month

  func start(at instant: Instant, _ zone: CalendarZone) -> Instant {
    switch self {
    case .day: zone.startOfDay(at: instant)
    case .week: zone.startOfWeek(at: instant)
    case .month: zone.startOfMonth(at: instant)
    }
  }

  func end(at instant: Instant, _ zone: CalendarZone) -> Instant {
    switch self {
    case .day: zone.startOfNextDay(after: instant)
    case .week: zone.startOfNextWeek(after: instant)
    case .month: zone.startOfNextMonth(after: instant)
    }
  }
}

/// One metric of one subject as of an instant. Events come in order of time; what comes behind its time, past the
/// lateness bound, is still counted where it belongs.
struct MetricState: Sendable {
  // Lifetime and calendar windows.
  var count: Int64 = 0
  var sum: Int128 = 0
  var low: Int64 = .max
  var high: Int64 = .min
  /// The event that `first` or `last` stands on.
  var heldTime: Int64 = 0
  var held: Value = .null
  /// Sets of values, which few folds keep; none or one.
  private var sets: [Sets] = []
  /// The present run of days: its first and last date and how many dates it has.
  var runStart = 0
  var runEnd = 0
  var runDays = 0
  /// The calendar period that is counted; both 0 before the first event.
  var periodStart: Int64 = 0
  var periodEnd: Int64 = 0

  // Other windows.
  var entries = WindowEntries()

  /// The next instant at which the value can change without an event.
  var due: Int64 = .max

  private struct Sets: Sendable {
    var distinct = DistinctValues()
    var recent = RecentValues()
  }

  init() {}

  /// Of a span that only grows.
  var distinct: DistinctValues {
    get { sets.isEmpty ? DistinctValues() : sets[0].distinct }
    _modify {
      if sets.isEmpty { sets.append(Sets()) }
      yield &sets[0].distinct
    }
  }

  /// Of a sliding window.
  var recent: RecentValues {
    get { sets.isEmpty ? RecentValues() : sets[0].recent }
    _modify {
      if sets.isEmpty { sets.append(Sets()) }
      yield &sets[0].recent
    }
  }

  /// Takes one qualifying event, at `now`, which is its time or, past the lateness bound, later.
  mutating func add(_ time: Int64, _ payload: Payload, now: Int64, plan: MetricPlan, zone: CalendarZone) {
    advance(to: now, plan: plan, zone: zone)
    switch plan.shape {
    case .lifetime(let from, let to):
      if time >= from, time < to { accumulate(time, payload, plan.fold, zone) }
    case .calendar(let period):
      if periodEnd <= now { begin(period, at: now, zone) }
      if time >= periodStart { accumulate(time, payload, plan.fold, zone) }
    case .events(let span): entries.add(time, payload, span: span)
    case .recent:
      if case .key(let key) = payload { recent.add(time, key) }
    }
  }

  /// Brings the window to `instant` and finds what is due next.
  mutating func advance(to instant: Int64, plan: MetricPlan, zone: CalendarZone) {
    switch plan.shape {
    case .lifetime: due = .max
    case .calendar:
      if periodEnd != 0, periodEnd <= instant { clear() }
      due = periodEnd == 0 ? .max : periodEnd
    case .events(let span):
      entries.advance(to: instant, span: span)
      due = entries.due(after: instant, span: span)
      if plan.fold == .streak, !entries.isEmpty {
        due = min(due, zone.startOfNextDay(after: Instant(milliseconds: instant)).milliseconds)
      }
    case .recent(let width):
      recent.advance(to: instant, width: width)
      due = recent.due(width: width)
    }
    if plan.fold == .streak, runDays > 0 { due = min(due, runBreak(after: instant, zone)) }
  }

  private mutating func accumulate(_ time: Int64, _ payload: Payload, _ fold: Fold, _ zone: CalendarZone) {
    let newest = count == 0 || time >= heldTime
    let oldest = count == 0 || time < heldTime
    count += 1
    switch payload {
    case .number(let number):
      sum += Int128(number)
      low = min(low, number)
      high = max(high, number)
    case .key(let key): distinct.add(key)
    case .value(let value):
      if fold == .first ? oldest : newest { held = value }
    case .none:
      if fold == .streak { extendRun(zone.date(at: Instant(milliseconds: time)), zone) }
    }
    if fold == .first ? oldest : newest { heldTime = time }
  }

  private mutating func begin(_ period: CalendarPeriod, at now: Int64, _ zone: CalendarZone) {
    periodStart = period.start(at: Instant(milliseconds: now), zone).milliseconds
    periodEnd = period.end(at: Instant(milliseconds: now), zone).milliseconds
  }

  private mutating func clear() {
    self = MetricState()
  }

  // MARK: Streaks

  private mutating func extendRun(_ date: LocalDate, _ zone: CalendarZone) {
    let day = date.daysSinceEpoch
    if runDays == 0 || day > runEnd {
      let joins = runDays > 0 && zone.previousDate(before: date).daysSinceEpoch == runEnd
      runStart = joins ? runStart : day
      runDays = joins ? runDays + 1 : 1
      runEnd = day
    }
  }

  /// First instant of the second existing day after the run's last: neither today nor yesterday holds it then.
  private func runBreak(after instant: Int64, _ zone: CalendarZone) -> Int64 {
    let next = zone.nextDate(after: LocalDate(daysSinceEpoch: runEnd))
    let end = zone.instant(of: zone.nextDate(after: next)).milliseconds
    return end > instant ? end : .max
  }
}
