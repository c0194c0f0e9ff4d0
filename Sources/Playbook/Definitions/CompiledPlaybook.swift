import EventModel

/// A checked playbook: every name resolved, every kind known, tags in an order in which each stands after what it
/// reads. The only form the core computes with.
package struct CompiledPlaybook: Sendable {
  package var id: String
  package var label: LocalizedText
  /// Of days, dates and quiet hours.
  package var zone: CalendarZone
  package var clock: TenantClock
  package var member: SubjectProgram
  package var community: SubjectProgram
  /// In order of name, like every list below.
  package var segments: [SegmentDefinition]
  package var funnels: [FunnelDefinition]
  package var courtesy: Courtesy
  package var templates: [TemplateDefinition]
  package var calendars: [CalendarDefinition]
  package var journeys: [JourneyDefinition]
  package var channels: [ChannelDefinition]

  package init(
    id: String,
    label: LocalizedText,
    zone: CalendarZone,
    clock: TenantClock = .live,
    member: SubjectProgram = SubjectProgram(),
    community: SubjectProgram = SubjectProgram(),
    segments: [SegmentDefinition] = [],
    funnels: [FunnelDefinition] = [],
    courtesy: Courtesy = Courtesy(),
    templates: [TemplateDefinition] = [],
    calendars: [CalendarDefinition] = [],
    journeys: [JourneyDefinition] = [],
    channels: [ChannelDefinition] = []
  ) {
    self.id = id
    self.label = label
    self.zone = zone
    self.clock = clock
    self.member = member
    self.community = community
    self.segments = segments
    self.funnels = funnels
    self.courtesy = courtesy
    self.templates = templates
    self.calendars = calendars
    self.journeys = journeys
    self.channels = channels
  }

  /// The program of members or communities; `nil` for other kinds, which are not folded.
  package func program(of kind: SubjectKind) -> SubjectProgram? {
    switch kind {
    case .member: member
    case .community: community
    default: nil
    }
  }
}

/// Whether ticks carry the store's time or come from an import alone.
package enum TenantClock: String, Sendable { case live, log }
