import Foundation

/// An IANA zone's rules: local dates and wall-clock times to instants and back.
///
/// A day is [first instant of the local date, first instant of the next existing one) (SEMANTICS "Metrics"): a date
/// that a zone skipped does not exist, a day need not begin at 00:00 nor last 24 h.
package struct CalendarZone: Hashable, Sendable {
  package let identifier: String
  private let zone: TimeZone

  /// `nil` when the zone database does not have the name.
  package init?(identifier: String) {
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    self.identifier = identifier
    self.zone = zone
  }

  /// Offset of local time from UTC at `instant`.
  package func offset(at instant: Instant) -> TimeSpan {
    let (seconds, _) = floorDivide(instant.milliseconds, 1000)
    return .seconds(Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))))
  }

  /// The local date at `instant`.
  package func date(at instant: Instant) -> LocalDate {
    LocalDate(daysSinceEpoch: Int(floorDivide((instant + offset(at: instant)).milliseconds, 86_400_000).quotient))
  }

  /// Milliseconds since local midnight by the wall clock.
  package func timeOfDay(at instant: Instant) -> TimeSpan {
    TimeSpan(milliseconds: floorDivide((instant + offset(at: instant)).milliseconds, 86_400_000).remainder)
  }

  /// The first instant whose wall clock is at or past `date` and `time`: a wall-clock time that does not exist gives
  /// the next existing instant, one that exists twice the first.
  package func instant(of date: LocalDate, at time: TimeSpan = TimeSpan(milliseconds: 0)) -> Instant {
    let wall = Instant(milliseconds: Int64(date.daysSinceEpoch) * 86_400_000 + time.milliseconds)
    // Any zone's offset lies within ±26 h of UTC around a skipped date; search the first instant whose local reading
    // reaches `wall`. Readings rise with time but for backward steps, so look at each offset in force nearby.
    var best: Instant?
    for offset in offsets(around: wall) {
      let candidate = wall - offset
      if self.offset(at: candidate) == offset { best = best.map { min($0, candidate) } ?? candidate }
    }
    if let best { return best }
    // No instant reads exactly `wall`: it was skipped; the next existing instant is the transition itself.
    var low = wall - .hours(26)
    var high = wall + .hours(26)
    while low.milliseconds + 1 < high.milliseconds {
      let middle = Instant(milliseconds: low.milliseconds + (high.milliseconds - low.milliseconds) / 2)
      if middle + self.offset(at: middle) < wall { low = middle } else { high = middle }
    }
    return high
  }

  private func offsets(around wall: Instant) -> Set<TimeSpan> {
    Set([-30, -14, 0, 14, 30].map { offset(at: wall + .hours($0)) })
  }

  /// First instant of the local day that holds `instant`.
  package func startOfDay(at instant: Instant) -> Instant { self.instant(of: date(at: instant)) }

  /// First instant of the next existing local date after that of `instant`.
  package func startOfNextDay(after instant: Instant) -> Instant {
    let today = date(at: instant)
    // A skipped date's first instant is the following day's, so the loop ends at the first real change of date.
    var next = self.instant(of: today.adding(days: 1))
    var step = 1
    while next <= instant && step < 4 {
      step += 1
      next = self.instant(of: today.adding(days: step))
    }
    return next
  }
}
