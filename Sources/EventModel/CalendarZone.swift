import Foundation

/// An IANA zone's rules: local dates and wall-clock times to instants and back.
///
/// A day is [first instant of the local date, first instant of the next existing one) (SEMANTICS "Metrics"): a date
/// that a zone skipped does not exist, a day need not begin at 00:00 nor last 24 h. Where the clock falls back across
/// midnight, the hour read twice belongs to the later date. Rules are read once per zone and process and kept as
/// tables for 1970 … 2099; outside them the nearest offset stands.
package struct CalendarZone: Hashable, Sendable {
  package let identifier: String
  private let table: ZoneTable

  /// `nil` when the zone database does not have the name.
  package init?(identifier: String) {
    guard let table = ZoneTable.named(identifier) else { return nil }
    self.identifier = identifier
    self.table = table
  }

  package static func == (left: CalendarZone, right: CalendarZone) -> Bool { left.identifier == right.identifier }
  package func hash(into hasher: inout Hasher) { hasher.combine(identifier) }

  /// Offset of local time from UTC at `instant`.
  package func offset(at instant: Instant) -> TimeSpan {
    TimeSpan(milliseconds: table.offset(at: instant.milliseconds))
  }

  /// The local date whose day holds `instant`. Never falls as time goes on.
  package func date(at instant: Instant) -> LocalDate {
    LocalDate(daysSinceEpoch: table.day(at: instant.milliseconds))
  }

  /// Milliseconds since local midnight by the wall clock.
  package func timeOfDay(at instant: Instant) -> TimeSpan {
    TimeSpan(milliseconds: floorDivide((instant + offset(at: instant)).milliseconds, 86_400_000).remainder)
  }

  /// The first instant whose wall clock is at or past `date` and `time`: a wall-clock time that does not exist gives
  /// the next existing instant, one that exists twice the first.
  package func instant(of date: LocalDate, at time: TimeSpan = TimeSpan(milliseconds: 0)) -> Instant {
    if time.milliseconds == 0 { return Instant(milliseconds: table.startOfDay(date.daysSinceEpoch)) }
    return Instant(milliseconds: table.firstReading(Int64(date.daysSinceEpoch) * 86_400_000 + time.milliseconds))
  }

  /// First instant of the local day that holds `instant`.
  package func startOfDay(at instant: Instant) -> Instant { self.instant(of: date(at: instant)) }

  /// First instant of the next existing local date after that of `instant`.
  package func startOfNextDay(after instant: Instant) -> Instant {
    self.instant(of: nextDate(after: date(at: instant)))
  }

  /// First instant of the Monday of the week that holds `instant`; where that date does not exist, of the next that does.
  package func startOfWeek(at instant: Instant) -> Instant {
    let date = date(at: instant)
    return self.instant(of: date.adding(days: 1 - date.isoWeekday))
  }

  /// First instant of the next week after that of `instant`.
  package func startOfNextWeek(after instant: Instant) -> Instant {
    let date = date(at: instant)
    return self.instant(of: date.adding(days: 8 - date.isoWeekday))
  }

  /// First instant of the month that holds `instant`.
  package func startOfMonth(at instant: Instant) -> Instant {
    let date = date(at: instant)
    return self.instant(of: date.adding(days: 1 - date.components.day))
  }

  /// First instant of the next month after that of `instant`.
  package func startOfNextMonth(after instant: Instant) -> Instant {
    let date = date(at: instant)
    // Day 32 counted from the first of any month lies in the next one.
    let within = date.adding(days: 32 - date.components.day)
    return self.instant(of: within.adding(days: 1 - within.components.day))
  }

  /// Whether the zone has the date at all.
  package func exists(_ date: LocalDate) -> Bool {
    table.startOfDay(date.daysSinceEpoch) < table.startOfDay(date.daysSinceEpoch + 1)
  }

  /// The next date after `date` that exists in the zone.
  package func nextDate(after date: LocalDate) -> LocalDate { neighbour(of: date, step: 1) }

  /// The last date before `date` that exists in the zone.
  package func previousDate(before date: LocalDate) -> LocalDate { neighbour(of: date, step: -1) }

  private func neighbour(of date: LocalDate, step: Int) -> LocalDate {
    var next = date.adding(days: step)
    // No zone has skipped two dates in a row.
    if !exists(next) { next = next.adding(days: step) }
    return next
  }
}
