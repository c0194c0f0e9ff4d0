import EventModel

/// A standing slot (SOP) that speaks to communities.
package struct CalendarDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var slot: Slot
  package var audience: Audience
  /// Name of a template.
  package var template: String
  /// Name of a channel; `nil`: the community's own.
  package var channel: String?
  package var misfire: MisfirePolicy

  /// When the calendar speaks, by the wall clock of the tenant's zone.
  package enum Slot: Hashable, Sendable {
    /// Every day at the wall-clock times.
    case daily(at: TimeSpan)
    /// ISO weekdays 1 = Monday.
    case weekly(days: [Int], at: TimeSpan)
    /// Days of the month 1 … 31; a day the month does not have is skipped.
    case monthly(days: [Int], at: TimeSpan)
  }

  /// Which communities are spoken to.
  package enum Audience: Hashable, Sendable {
    case everyCommunity
    /// Communities of a kind (`community.created`'s `kind`).
    case communityKind(String)
    /// Communities whose boolean tag holds.
    case communityTag(String)
  }

  package init(
    name: String,
    label: LocalizedText,
    slot: Slot,
    audience: Audience,
    template: String,
    channel: String?,
    misfire: MisfirePolicy
  ) {
    self.name = name
    self.label = label
    self.slot = slot
    self.audience = audience
    self.template = template
    self.channel = channel
    self.misfire = misfire
  }
}

/// What becomes of slots that were missed while nothing ran.
package enum MisfirePolicy: String, Sendable { case skip, once, all }
