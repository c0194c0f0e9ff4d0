import EventModel

/// Which events a metric counts at an instant T (SEMANTICS "Metrics").
package enum Window: Hashable, Sendable {
  case lifetime
  /// T − w < time ≤ T.
  case sliding(TimeSpan)
  /// `{between: [60d, 30d]}`: T − from < time ≤ T − to, from > to.
  case between(from: TimeSpan, to: TimeSpan)
  /// Half-open.
  case absolute(from: Instant, to: Instant)
  case today
  case thisWeek
  case thisMonth
}
