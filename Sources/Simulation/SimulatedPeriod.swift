import EventModel

/// The days of a simulation. Day 0 is the first, day -1 the evening before it; local times are those of Asia/Shanghai,
/// which has stood at UTC+8 without summer time since 1992, so that no table of zones is needed.
package struct SimulatedPeriod: Sendable {
  package let start: LocalDate
  package let days: Int

  static let offset = TimeSpan.hours(8)

  /// How lively a weekday is, in thousandths, from Monday.
  static let weekdays = [950, 980, 1000, 1000, 1050, 1080, 940]

  /// The first instant after the last day.
  package var end: Instant { instant(day: days, second: 0) }

  package func date(of day: Int) -> LocalDate { start.adding(days: day) }

  /// The instant of a local time; `second` counts from the day's midnight and may pass it.
  package func instant(day: Int, second: Int) -> Instant {
    Instant(milliseconds: (Int64(date(of: day).daysSinceEpoch) * 86_400 + Int64(second)) * 1000) - Self.offset
  }

  package func instant(day: Int, hour: Int, minute: Int = 0, second: Int = 0) -> Instant {
    instant(day: day, second: hour * 3600 + minute * 60 + second)
  }

  /// The local day on which an instant falls.
  package func day(of instant: Instant) -> Int {
    let local = instant + Self.offset
    return Int(floorDivide(local.milliseconds, 86_400_000).quotient) - start.daysSinceEpoch
  }

  /// The local hour, 0 to 23.
  package func hour(of instant: Instant) -> Int {
    Int(floorDivide((instant + Self.offset).milliseconds, 86_400_000).remainder / 3_600_000)
  }

  /// Thousandths of an average day.
  func liveliness(of day: Int) -> Int { Self.weekdays[date(of: day).isoWeekday - 1] }

  func isWeekend(_ day: Int) -> Bool { date(of: day).isoWeekday > 5 }
}
