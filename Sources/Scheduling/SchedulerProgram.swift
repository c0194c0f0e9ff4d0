import EventModel
import Playbook

/// What the scheduler needs of a playbook, with its look-ups. A class, so that passing it on copies one reference.
package final class SchedulerProgram: Sendable {
  package let zone: CalendarZone
  package let clock: TenantClock
  package let courtesy: Courtesy
  package let calendars: [CalendarDefinition]
  package let journeys: [JourneyDefinition]
  let caps: TouchCaps
  private let templateKinds: [String: String]
  private let journeyIndex: [String: Int]
  private let journeysBySegment: [String: [Int]]
  private let waitedTypes: Set<String>
  private let audienceTags: Set<String>
  private let defaultChannel: String?
  private let speaksToAll: Bool
  /// A mark of each calendar's name and slot, in the calendars' order.
  let calendarMarks: [UInt64]

  /// The member tag that names a member's own IANA zone.
  package static let zoneTag = "zone"
  /// A touch judged within this of its due instant counts as on time; a live clock passes in steps of at most 5 s.
  package static let onTime = TimeSpan.minutes(1)
  /// A calendar's touch is not delivered later than this, nor at or after the slot's next fall.
  package static let calendarExpiry = TimeSpan.hours(24)

  /// The program of a checked playbook.
  package convenience init(playbook: CompiledPlaybook) {
    self.init(
      zone: playbook.zone,
      clock: playbook.clock,
      courtesy: playbook.courtesy,
      templates: playbook.templates,
      calendars: playbook.calendars,
      journeys: playbook.journeys,
      channels: playbook.channels
    )
  }

  /// The program of a playbook's parts. Calendars without a channel take the first of `channels`.
  package init(
    zone: CalendarZone,
    clock: TenantClock = .live,
    courtesy: Courtesy = Courtesy(),
    templates: [TemplateDefinition] = [],
    calendars: [CalendarDefinition] = [],
    journeys: [JourneyDefinition] = [],
    channels: [ChannelDefinition] = []
  ) {
    self.zone = zone
    self.clock = clock
    self.courtesy = courtesy
    self.calendars = calendars
    self.journeys = journeys
    caps = TouchCaps(courtesy.caps)
    templateKinds = Dictionary(templates.map { ($0.name, $0.kind) }) { first, _ in first }
    journeyIndex = Dictionary(journeys.enumerated().map { ($1.name, $0) }) { first, _ in first }
    journeysBySegment = Dictionary(grouping: journeys.indices) { journeys[$0].startSegment }
    var waited: Set<String> = []
    for journey in journeys {
      for case .wait(let types, _) in journey.steps { waited.formUnion(types) }
    }
    waitedTypes = waited
    audienceTags = Set(
      calendars.compactMap { if case .communityTag(let tag) = $0.audience { tag } else { nil } }
    )
    defaultChannel = channels.first?.name
    speaksToAll = calendars.contains { $0.audience == .everyCommunity }
    calendarMarks = calendars.map(Self.mark(of:))
  }

  /// Whether a member's state must see events of this type.
  package func concernsMember(eventType: String) -> Bool {
    waits(for: eventType) || ConsentChange.types.contains(eventType)
  }

  /// Whether a community's state must see events of this type: all where a calendar speaks to every community, since
  /// any event makes one known, else those that say something of the community itself.
  package func concernsCommunity(eventType: String) -> Bool {
    speaksToAll || (!calendars.isEmpty && SchedulerCommunityState.eventTypes.contains(eventType))
  }

  /// Whether a state of this kind must see changes of this tag.
  package func concerns(tag: String, of kind: SubjectKind) -> Bool {
    switch kind {
    case .member: tag == Self.zoneTag
    case .community: audienceTags.contains(tag)
    default: false
    }
  }

  /// Whether some journey starts with this segment.
  package func concerns(segment: String) -> Bool { journeysBySegment[segment] != nil }

  /// Live changes are acted on, replayed ones only under a log clock, backfilled ones never.
  package func acts(on mode: ChangeMode) -> Bool {
    switch mode {
    case .live: true
    case .replay: clock == .log
    case .backfill: false
    }
  }

  /// The mode of this tenant's touches.
  var touchMode: ChangeMode { clock == .log ? .replay : .live }

  func waits(for eventType: String) -> Bool { waitedTypes.contains(eventType) }
  func kind(ofTemplate name: String) -> String? { templateKinds[name] }
  func journey(named name: String) -> JourneyDefinition? { journeyIndex[name].map { journeys[$0] } }
  func order(ofJourney name: String) -> Int { journeyIndex[name] ?? Int.max }
  func journeys(startedBy segment: String) -> [JourneyDefinition] {
    (journeysBySegment[segment] ?? []).map { journeys[$0] }
  }
  func channel(of calendar: CalendarDefinition) -> String? { calendar.channel ?? defaultChannel }

  /// Courtesy as it holds for a member whose own zone is `zoneName`; the tenant's zone where that is nil or unknown.
  func courtesyRules(zoneName: String?) -> CourtesyRules {
    let own = zoneName.flatMap { CalendarZone(identifier: $0) }
    return CourtesyRules(
      quietHours: courtesy.quietHours.flatMap { QuietHours($0, zone: own ?? zone) },
      caps: caps
    )
  }

  /// FNV-1a of the name and the slot: another slot under the same name is another calendar.
  private static func mark(of calendar: CalendarDefinition) -> UInt64 {
    let slot =
      switch calendar.slot {
      case .daily(let at): "daily \(at.milliseconds)"
      case .weekly(let days, let at): "weekly \(days) \(at.milliseconds)"
      case .monthly(let days, let at): "monthly \(days) \(at.milliseconds)"
      }
    return "\(calendar.name) \(slot)".utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
