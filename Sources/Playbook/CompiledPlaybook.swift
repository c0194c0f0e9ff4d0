import EventModel

/// A checked playbook: every name resolved, every kind known, tags in an order in which each stands after what it
/// reads. The only form the core computes with.
package struct CompiledPlaybook: Sendable {
  package var id: String
  package var label: LocalizedText
  package var zone: CalendarZone
  package var clock: TenantClock
  package var member: SubjectProgram
  package var community: SubjectProgram
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

  package func program(of kind: SubjectKind) -> SubjectProgram? {
    switch kind {
    case .member: member
    case .community: community
    default: nil
    }
  }
}

/// A text in several languages; `text(in:)` falls back to the first one given.
package struct LocalizedText: Hashable, Sendable {
  /// Language code to text, in the order written; a text without language has the code `""`.
  package var texts: [Text]

  package struct Text: Hashable, Sendable {
    package var language: String
    package var text: String
    package init(language: String, text: String) {
      self.language = language
      self.text = text
    }
  }

  package init(texts: [Text]) { self.texts = texts }

  package func text(in language: String) -> String {
    (texts.first { $0.language == language } ?? texts.first)?.text ?? ""
  }
}

package enum TenantClock: String, Sendable { case live, log }

/// Everything folded for one kind of subject.
package struct SubjectProgram: Sendable {
  package var metrics: [MetricDefinition]
  /// Tags, scores and the quadrant, in evaluation order (dependency, then name): a tag reads only earlier ones.
  package var tags: [TagDefinition]
  /// Expressions that segments rest on, decided with the tags but published to the segmenter alone; they may read
  /// every tag and metric. In order of name.
  package var signals: [SignalDefinition]

  package init(metrics: [MetricDefinition] = [], tags: [TagDefinition] = [], signals: [SignalDefinition] = []) {
    self.metrics = metrics
    self.tags = tags
    self.signals = signals
  }
}

/// `silent_vip`'s rule or `super`'s ranking value.
package struct SignalDefinition: Sendable {
  /// The segment's name.
  package var name: String
  package var expression: Formula
  package init(name: String, expression: Formula) {
    self.name = name
    self.expression = expression
  }
}

package enum Fold: String, Sendable, CaseIterable {
  case count, sum, min, max, mean, first, last, distinct, streak
}

package enum Window: Hashable, Sendable {
  case lifetime
  /// T − w < time ≤ T.
  case sliding(TimeSpan)
  /// `{between: [60d, 30d]}`: T − from < time ≤ T − to, from > to.
  case between(from: TimeSpan, to: TimeSpan)
  /// Half-open.
  case absolute(from: Instant, to: Instant)
  case today
  case thisWeek
  case thisMonth
}

package enum ActorFilter: Hashable, Sendable {
  case any
  case only(Set<Actor>)

  package func admits(_ actor: Actor) -> Bool {
    switch self {
    case .any: true
    case .only(let actors): actors.contains(actor)
    }
  }
}

/// An event type, with the field that is folded where the fold takes one (`order.paid.amount`).
package struct EventSelector: Hashable, Sendable {
  package var type: String
  package var field: String?
  package init(type: String, field: String? = nil) {
    self.type = type
    self.field = field
  }
}

package struct MetricDefinition: Sendable {
  package var name: String
  package var fold: Fold
  package var sources: [EventSelector]
  /// Reads only event fields.
  package var filter: Formula?
  package var window: Window
  package var actors: ActorFilter
  /// Kind of the result.
  package var kind: ValueKind

  package init(
    name: String,
    fold: Fold,
    sources: [EventSelector],
    filter: Formula? = nil,
    window: Window = .lifetime,
    actors: ActorFilter = .only([.member]),
    kind: ValueKind = .decimal
  ) {
    self.name = name
    self.fold = fold
    self.sources = sources
    self.filter = filter
    self.window = window
    self.actors = actors
    self.kind = kind
  }
}

package enum ValueKind: String, Sendable {
  case boolean, decimal, string, time, duration, list
  /// Not known before run time (a custom event's field).
  case unknown
}

package struct TagDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var category: String?
  package var owner: String?
  package var description: LocalizedText?
  package var rule: TagRule
  /// Kind of the value: boolean, decimal, string (also enum), list.
  package var kind: TagKind
  /// The model of a predictive tag; its `rule` is the value null until the model is computed.
  package var model: PredictiveModel?

  package init(
    name: String,
    label: LocalizedText,
    category: String? = nil,
    owner: String? = nil,
    description: LocalizedText? = nil,
    rule: TagRule,
    kind: TagKind
  ) {
    self.name = name
    self.label = label
    self.category = category
    self.owner = owner
    self.description = description
    self.rule = rule
    self.kind = kind
  }
}

package enum TagKind: String, Sendable { case boolean, decimal, string, `enum`, list }

package enum TagRule: Sendable {
  /// Newest non-null value of a field by (time, id), from any actor.
  case fact([EventSelector])
  /// A boolean; null is false.
  case rule(Formula)
  /// The first case that holds; the last may be an `else` (condition `true`).
  case cases([Case])
  case value(Formula)
  /// A decimal 0–100, clamped; `cut` is a literal wherever `name.cut` stands.
  case score(Formula, cut: FixedDecimal)
  /// The quadrant: the first label that holds, else 未分类.
  case quadrant(Quadrant)

  package struct Case: Sendable {
    package var condition: Formula
    package var value: Value
    package init(condition: Formula, value: Value) {
      self.condition = condition
      self.value = value
    }
  }
}

package struct Quadrant: Sendable {
  /// Names of the scores on the axes.
  package var x: String
  package var y: String
  package var labels: [Label]

  package struct Label: Sendable {
    /// The tag's value: the label's `id` where it has one, else its text.
    package var value: String
    package var label: LocalizedText
    package var condition: Formula
    package var strategy: String?
    package init(value: String, label: LocalizedText, condition: Formula, strategy: String?) {
      self.value = value
      self.label = label
      self.condition = condition
      self.strategy = strategy
    }
  }

  package init(x: String, y: String, labels: [Label]) {
    self.x = x
    self.y = y
    self.labels = labels
  }

  /// The value when no label holds.
  package static let unclassified = "未分类"
}

package enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

package enum ArithmeticOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
}

/// A checked expression (PLAYBOOK "Expressions"). Elapsed time stands only in the two forms whose next instant of
/// change is computable.
package indirect enum Formula: Hashable, Sendable {
  case literal(Value)
  /// Index into the program's `metrics`.
  case metric(Int)
  /// Index into the program's `tags`.
  case tag(Int)
  /// A field of the event at hand; only in `where`.
  case field(String)
  case negate(Formula)
  case arithmetic(ArithmeticOperator, Formula, Formula)
  case compare(ComparisonOperator, Formula, Formula)
  /// `elapsed(time) op span`; `span` is clock-free.
  case elapsed(ComparisonOperator, time: Formula, span: Formula)
  /// `floor(elapsed(time) / unit)`: whole units, as a decimal.
  case elapsedUnits(time: Formula, unit: TimeSpan)
  case not(Formula)
  case and(Formula, Formula)
  case or(Formula, Formula)
  case isIn(Formula, [Value])
  case between(Formula, Formula, Formula)
  case exists(Formula)
  case coalesce([Formula])
  case least([Formula])
  case greatest([Formula])
  case absolute(Formula)
  case round(Formula, places: Int)
  case lower(Formula)
  case contains(Formula, Formula)
  case startsWith(Formula, Formula)
  case length(Formula)
}

package struct SegmentDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var rule: Rule

  package enum Rule: Sendable {
    /// Membership follows the boolean signal of the segment's name.
    case rule
    /// The top share (0–1, exact decimal) by the decimal signal of the segment's name, recomputed every `refresh`.
    case top(share: FixedDecimal, refresh: TimeSpan)
  }

  package init(name: String, label: LocalizedText, rule: Rule) {
    self.name = name
    self.label = label
    self.rule = rule
  }
}

package struct FunnelDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var window: TimeSpan
  package var order: Order
  /// Member-less first node: aggregate event types; `nil` without one.
  package var total: Total?
  /// Steps 1 … N.
  package var steps: [Step]
  package var exclusions: [Exclusion]
  package var breakdown: Breakdown?

  package enum Order: String, Sendable { case ordered, strict, any }

  package struct Total: Sendable {
    package var name: String
    package var label: LocalizedText
    package var types: [String]
    package init(name: String, label: LocalizedText, types: [String]) {
      self.name = name
      self.label = label
      self.types = types
    }
  }

  package struct Step: Sendable {
    package var name: String
    package var label: LocalizedText
    package var types: [String]
    package var filter: Formula?
    package init(name: String, label: LocalizedText, types: [String], filter: Formula? = nil) {
      self.name = name
      self.label = label
      self.types = types
      self.filter = filter
    }
  }

  /// A chain with such an event strictly between steps `from` and `to` is cut to its first `to` − 1 events.
  package struct Exclusion: Sendable {
    package var types: [String]
    package var filter: Formula?
    /// 1-based step numbers, from < to.
    package var from: Int
    package var to: Int
    package init(types: [String], filter: Formula? = nil, from: Int, to: Int) {
      self.types = types
      self.filter = filter
      self.from = from
      self.to = to
    }
  }

  package struct Breakdown: Sendable {
    package var by: By
    package var attribution: Attribution
    package enum By: Sendable {
      /// Index into the member program's `tags`.
      case tag(Int)
      case field(String)
    }
    package enum Attribution: Hashable, Sendable {
      /// 1-based.
      case step(Int)
      case first
      case last
    }
    package init(by: By, attribution: Attribution) {
      self.by = by
      self.attribution = attribution
    }
  }

  package init(
    name: String,
    label: LocalizedText,
    window: TimeSpan,
    order: Order = .ordered,
    total: Total? = nil,
    steps: [Step],
    exclusions: [Exclusion] = [],
    breakdown: Breakdown? = nil
  ) {
    self.name = name
    self.label = label
    self.window = window
    self.order = order
    self.total = total
    self.steps = steps
    self.exclusions = exclusions
    self.breakdown = breakdown
  }
}

/// When members may be spoken to, and how often.
package struct Courtesy: Sendable {
  package var quietHours: QuietHours?
  package var caps: [Cap]

  /// Wall-clock times since local midnight; overnight windows wrap.
  package struct QuietHours: Hashable, Sendable {
    package var from: TimeSpan
    package var to: TimeSpan
    package init(from: TimeSpan, to: TimeSpan) {
      self.from = from
      self.to = to
    }
  }

  /// At most `touches` per `per`, for one kind of template or, without kind, over everything.
  package struct Cap: Hashable, Sendable {
    package var kind: String?
    package var touches: Int
    package var per: TimeSpan
    package init(kind: String?, touches: Int, per: TimeSpan) {
      self.kind = kind
      self.touches = touches
      self.per = per
    }
  }

  package init(quietHours: QuietHours? = nil, caps: [Cap] = []) {
    self.quietHours = quietHours
    self.caps = caps
  }
}

package struct TemplateDefinition: Sendable {
  package var name: String
  /// `promotion` and the like; caps name it.
  package var kind: String
  package var voice: String?
  /// With `{{field}}` places.
  package var text: String
  package init(name: String, kind: String, voice: String?, text: String) {
    self.name = name
    self.kind = kind
    self.voice = voice
    self.text = text
  }
}

package enum MisfirePolicy: String, Sendable { case skip, once, all }

/// A standing slot (SOP) that speaks to communities.
package struct CalendarDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var slot: Slot
  package var audience: Audience
  package var template: String
  package var channel: String?
  package var misfire: MisfirePolicy

  package enum Slot: Hashable, Sendable {
    /// Every day at the wall-clock times.
    case daily(at: TimeSpan)
    /// ISO weekdays 1 = Monday.
    case weekly(days: [Int], at: TimeSpan)
    /// Days of the month 1 … 31; a day the month does not have is skipped.
    case monthly(days: [Int], at: TimeSpan)
  }

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

package struct JourneyDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  /// Starts when a member enters this segment.
  package var startSegment: String
  /// A member may start again this long after the last start; `nil`: never.
  package var againAfter: TimeSpan?
  package var steps: [Step]
  /// Under caps the larger number goes first.
  package var priority = 0

  package enum Step: Hashable, Sendable {
    case send(template: String, channel: String, expires: TimeSpan)
    /// Ends the journey when such an event comes within the time, else goes on.
    case wait(types: [String], atMost: TimeSpan)
    case delay(TimeSpan)
    case end
  }

  package init(name: String, label: LocalizedText, startSegment: String, againAfter: TimeSpan?, steps: [Step]) {
    self.name = name
    self.label = label
    self.startSegment = startSegment
    self.againAfter = againAfter
    self.steps = steps
  }
}

package struct ChannelDefinition: Sendable {
  package var name: String
  package var kind: Kind
  package enum Kind: Hashable, Sendable {
    /// `secret` is the name of a secret, never the secret.
    case webhook(url: String, secret: String?)
    case file(name: String)
  }
  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }
}
