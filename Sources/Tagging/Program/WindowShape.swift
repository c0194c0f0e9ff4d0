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

  /// Whether its events stand in a series.
  var isOfEvents: Bool {
    if case .events = self { true } else { false }
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

/// A window's two edges: T − from < time ≤ T − to, with the width of its buckets; milliseconds.
struct WindowSpan: Hashable, Sendable {
  let from: Int64
  let to: Int64
  let bucket: Int64

  init(from: TimeSpan, to: TimeSpan) {
    self.from = from.milliseconds + (mutated(.windowKeepsEdge) ? 1 : 0)
    self.to = to.milliseconds - (mutated(.windowEntersEarly) && to.milliseconds > 0 ? 1 : 0)
    bucket = max(1, (from.milliseconds + TaggingLimits.bucketsPerWindow - 1) / TaggingLimits.bucketsPerWindow)
  }

  /// Where an event past `exactEvents` stands: the last millisecond of its interval.
  func stand(of time: Int64) -> Int64 { (floorDivide(time, bucket).quotient + 1) * bucket - 1 }

  /// Whether older events standing at `stand` are in the window. A sliding window holds a bucket from its beginning:
  /// its events have happened.
  func holds(_ stand: Int64, at instant: Int64) -> Bool { to == 0 || stand + to <= instant }

  /// When a stand enters or leaves next.
  func due(_ stand: Int64, after instant: Int64) -> Int64 {
    to > 0 && stand + to > instant ? stand + to : stand + from
  }
}
