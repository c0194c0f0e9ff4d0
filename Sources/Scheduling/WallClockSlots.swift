import EventModel
import Playbook

/// The instants at which a calendar's slot falls in a zone (SEMANTICS "Touches").
///
/// One occurrence per local date. A wall-clock time that the date does not have falls at the next existing instant,
/// one that it has twice at the first; a day of the month that a month lacks, and a date that the zone skipped as a
/// whole, have no occurrence. Instants rise strictly with the dates.
package struct WallClockSlots: Sendable {
  package let slot: CalendarDefinition.Slot
  package let zone: CalendarZone

  /// Dates looked at for the next occurrence: the longest gap of a valid slot is 29 February's, 8 years and a day.
  package static let searchDaysMax = 366 * 9
  /// Most occurrences returned at once; of more the newest.
  package static let occurrencesMax = 400
  /// An occurrence decided later than this after its instant counts as missed.
  package static let missedAfter = TimeSpan.minutes(5)

  /// One fall of the slot.
  package struct Occurrence: Hashable, Sendable {
    /// The local date that names it.
    package let date: LocalDate
    package let instant: Instant
  }

  package init(slot: CalendarDefinition.Slot, zone: CalendarZone) {
    self.slot = slot
    self.zone = zone
  }

  /// The first occurrence later than `instant`; nil when none lies within `searchDaysMax` (an impossible slot).
  package func next(after instant: Instant) -> Occurrence? {
    // A late time of day can push yesterday's occurrence over midnight, so begin a day early.
    var date = zone.date(at: instant).adding(days: -1)
    for _ in 0..<Self.searchDaysMax {
      if let found = occurrence(on: date), found.instant > instant { return found }
      date = date.adding(days: 1)
    }
    return nil
  }

  /// The last occurrence at or before `instant`; nil when none lies within `searchDaysMax`.
  package func previous(atOrBefore instant: Instant) -> Occurrence? {
    var date = zone.date(at: instant).adding(days: 1)
    for _ in 0..<Self.searchDaysMax {
      if let found = occurrence(on: date), found.instant <= instant { return found }
      date = date.adding(days: -1)
    }
    return nil
  }

  /// Occurrences in (start, end], oldest first; of more than `limit` the newest.
  package func occurrences(
    after start: Instant,
    through end: Instant,
    limit: Int = WallClockSlots.occurrencesMax
  ) -> [Occurrence] {
    var found: [Occurrence] = []
    var cursor = end
    while found.count < limit, let one = previous(atOrBefore: cursor),
      one.instant > start - TimeSpan(milliseconds: mutated(.slotTwice) ? 1 : 0)
    {
      found.append(one)
      cursor = one.instant - TimeSpan(milliseconds: 1)
    }
    return found.reversed()
  }

  /// What to fire at `clock` of the occurrences in (start, clock], oldest first.
  ///
  /// `skip`: only those not missed. `once`: the newest stands for all. `all`: each, up to `occurrencesMax`.
  package func due(after start: Instant, clock: Instant, misfire: MisfirePolicy) -> [Occurrence] {
    switch misfire {
    case .skip:
      let punctual = max(start, clock - Self.missedAfter - TimeSpan(milliseconds: 1))
      return occurrences(after: punctual, through: clock)
    case .once: return occurrences(after: start, through: clock, limit: 1)
    case .all: return occurrences(after: start, through: clock)
    }
  }

  private func occurrence(on date: LocalDate) -> Occurrence? {
    guard let time = time(on: date), zone.exists(date) else { return nil }
    return Occurrence(date: date, instant: zone.instant(of: date, at: time))
  }

  private func time(on date: LocalDate) -> TimeSpan? {
    switch slot {
    case .daily(let time): time
    case .weekly(let days, let time): days.contains(date.isoWeekday) ? time : nil
    case .monthly(let days, let time): days.contains(date.components.day) ? time : nil
    }
  }
}
