import EventModel
import Playbook

/// When a member is left in peace: a daily wall-clock window [from, to) in a zone, wrapping over midnight.
///
/// An instant is quiet by what the zone's wall clock reads then; nothing else counts, so on a DST day the window may
/// be shorter, longer or come twice.
package struct QuietHours: Sendable {
  private let from: TimeSpan
  private let to: TimeSpan
  private let zone: CalendarZone

  /// Offset changes stepped over in the search of an allowed instant; real zones have one in a day.
  private static let changesMax = 8
  private static let day = TimeSpan.days(1)

  /// nil for a window that is empty or the whole day, or has an end outside 0 … 24 h.
  package init?(_ definition: Courtesy.QuietHours, zone: CalendarZone) {
    let bounds = TimeSpan.seconds(0)...Self.day
    guard bounds.contains(definition.from), bounds.contains(definition.to) else { return nil }
    // 24:00 is the day's end where it closes a window, and 00:00 where it opens one.
    let from = definition.from == Self.day ? TimeSpan.seconds(0) : definition.from
    let to = definition.to == TimeSpan.seconds(0) ? Self.day : definition.to
    guard from != to, !(from == TimeSpan.seconds(0) && to == Self.day) else { return nil }
    self.from = from
    self.to = to
    self.zone = zone
  }

  /// Whether `instant` lies in the window.
  package func holds(at instant: Instant) -> Bool { holds(reading: zone.timeOfDay(at: instant)) }

  private func holds(reading: TimeSpan) -> Bool {
    let to = mutated(.quietEndIncluded) ? TimeSpan(milliseconds: to.milliseconds + 1) : to
    return from < to ? reading >= from && reading < to : reading >= from || reading < to
  }

  /// The first instant at or after `instant` that is not quiet.
  package func firstAllowed(atOrAfter instant: Instant) -> Instant {
    var candidate = instant
    for _ in 0..<Self.changesMax {
      let reading = zone.timeOfDay(at: candidate)
      guard holds(reading: reading) else { return candidate }
      let left = to > reading ? to.milliseconds : to.milliseconds + Self.day.milliseconds
      let end = candidate + TimeSpan(milliseconds: left - reading.milliseconds)
      // Within one offset the wall clock runs evenly, so `end` is the answer; else look again at the change.
      guard let change = firstOffsetChange(after: candidate, through: end) else { return end }
      candidate = change
    }
    return candidate
  }

  private func firstOffsetChange(after start: Instant, through end: Instant) -> Instant? {
    let offset = zone.offset(at: start)
    var low = start
    while low < end {
      var high = min(low + .hours(1), end)
      guard zone.offset(at: high) != offset else {
        low = high
        continue
      }
      while high.milliseconds - low.milliseconds > 1 {
        let middle = Instant(milliseconds: low.milliseconds + (high.milliseconds - low.milliseconds) / 2)
        if zone.offset(at: middle) == offset { low = middle } else { high = middle }
      }
      return high
    }
    return nil
  }
}
