import EventModel

/// Times and dates as files write them.
enum ImportTimes {
  /// RFC 3339; or without an offset, in `zone`; or a date, at `dayTime` in `zone`. `nil` for anything else.
  static func instant(_ text: String, zone: CalendarZone, dayTime: TimeSpan) -> Instant? {
    if let instant = Instant(text: text) { return instant }
    if let date = date(text) { return at(date, dayTime, zone) }
    let seconds = text.utf8.count == 16 ? text + ":00" : text
    guard let wall = Instant(text: seconds + "Z") else { return nil }
    let (days, rest) = floorDivide(wall.milliseconds, 86_400_000)
    return at(LocalDate(daysSinceEpoch: Int(days)), TimeSpan(milliseconds: rest), zone)
  }

  /// `YYYY-MM-DD` or `YYYYMMDD`.
  static func date(_ text: String) -> LocalDate? {
    if let date = LocalDate(text: text) { return date }
    guard text.utf8.count == 8, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return LocalDate(text: "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.suffix(2))")
  }

  /// `HH:MM`.
  static func timeOfDay(_ text: String) -> TimeSpan? {
    guard text.utf8.count == 5, let instant = Instant(text: "1970-01-01T\(text):00Z") else { return nil }
    return TimeSpan(milliseconds: instant.milliseconds)
  }

  private static func at(_ date: LocalDate, _ time: TimeSpan, _ zone: CalendarZone) -> Instant {
    guard zone.identifier != "UTC" else {
      return Instant(milliseconds: Int64(date.daysSinceEpoch) * 86_400_000 + time.milliseconds)
    }
    return zone.instant(of: date, at: time)
  }
}
