import EventModel

/// One member's passage through a funnel, begun on one local day.
package struct FunnelEntry: Hashable, Sendable {
  /// Index into the program's funnels.
  package var funnel: Int
  /// Local day of the chain's first event.
  package var day: LocalDate
  /// Events in the canonical chain, 1 … N; 0 when withdrawn.
  package var level: Int
  package var status: FunnelStatus
  /// N places, by step: the time of the event that serves it, nil where not reached.
  package var times: [Instant?]
  /// The breakdown value as a text: a text as it is, anything else in canonical JSON; nil without one.
  package var breakdown: String?
  /// Raised by one with every published difference; the first is 1.
  package var revision: Int64
  /// Events that this entry could have needed were dropped at the bound.
  package var approximate: Bool

  package init(
    funnel: Int,
    day: LocalDate,
    level: Int,
    status: FunnelStatus,
    times: [Instant?],
    breakdown: String?,
    revision: Int64,
    approximate: Bool
  ) {
    self.funnel = funnel
    self.day = day
    self.level = level
    self.status = status
    self.times = times
    self.breakdown = breakdown
    self.revision = revision
    self.approximate = approximate
  }
}

package enum FunnelStatus: String, Hashable, Sendable, CaseIterable {
  case open, converted, dropped
  /// Not counted any more: level 0, no times, no breakdown value.
  case withdrawn
}

/// A published difference; `entry` replaces what readers hold under (subject, funnel, day).
package struct FunnelChange: Hashable, Sendable {
  /// What a reader may call the difference; the first that fits, in the order of the cases.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case withdrawn
    /// Reached its last step.
    case converted
    /// Was converted and is no longer, through a late event.
    case unconverted
    /// Was not there, or withdrawn.
    case entered
    case dropped
    case reopened
    /// Reached a higher level.
    case advanced
    /// Other times, a lower level, another breakdown value.
    case corrected
  }

  package var entry: FunnelEntry
  package var was: FunnelEntry?
  package var kind: Kind
  /// The entry's first `converted` ever: the one that automations act on.
  package var isFirstConversion: Bool

  package init(entry: FunnelEntry, was: FunnelEntry?, kind: Kind, isFirstConversion: Bool) {
    self.entry = entry
    self.was = was
    self.kind = kind
    self.isFirstConversion = isFirstConversion
  }
}

extension FunnelChange.Kind {
  init(from was: FunnelEntry?, to entry: FunnelEntry) {
    self =
      switch (was?.status, entry.status) {
      case (_, .withdrawn): .withdrawn
      case (.converted, .converted): .corrected
      case (_, .converted): .converted
      case (.converted, _): .unconverted
      case (nil, _), (.withdrawn, _): .entered
      case (.open, .dropped): .dropped
      case (.dropped, .open): .reopened
      case (_, _): entry.level > (was?.level ?? 0) ? .advanced : .corrected
      }
  }
}
