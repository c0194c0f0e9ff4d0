import EventModel
import Playbook

/// A touch that was decided, as delivery needs it.
package struct PlannedTouch: Hashable, Sendable {
  package var id: String
  package var subject: Subject
  /// `journey/NAME` or `calendar/NAME`.
  package var source: String
  package var step: Int
  package var channel: String
  package var decidedAt: Instant
  package var expiresAt: Instant
  /// Of a tenant whose clock is its log: only the replay sink may take it.
  package var isReplay: Bool

  package init(
    id: String,
    subject: Subject,
    source: String,
    step: Int,
    channel: String,
    decidedAt: Instant,
    expiresAt: Instant,
    isReplay: Bool
  ) {
    self.id = id
    self.subject = subject
    self.source = source
    self.step = step
    self.channel = channel
    self.decidedAt = decidedAt
    self.expiresAt = expiresAt
    self.isReplay = isReplay
  }
}

/// What is delivered for a touch: its message as a JSON body, made once so that every attempt sends the same bytes.
package struct DeliveryPlan: Hashable, Sendable {
  package let touch: PlannedTouch
  /// Canonical JSON in the form of Standard Webhooks: `{"data":{…},"timestamp":…,"type":"touch.decided"}`; `data` has
  /// `channel`, `kind`, `replay`, `source`, `step`, `subject`, `template`, `tenant`, `text`, `touch` and `voice` (null
  /// without one).
  package let body: [UInt8]
  /// Fields of the template that had no value.
  package let missing: [String]

  /// Renders `template` with the subject's fields.
  /// - Throws: when the template is over its bounds.
  package init(
    touch: PlannedTouch,
    template: TemplateDefinition,
    field: (String) -> Value?
  ) throws(TemplateText.Failure) {
    let rendering = try TemplateText(template.text).render(field)
    self.touch = touch
    missing = rendering.missing
    body = Self.body(touch, template, text: rendering.text).canonicalJSON
  }

  private static func body(_ touch: PlannedTouch, _ template: TemplateDefinition, text: String) -> Value {
    let data: [(String, Value)] = [
      ("touch", .string(touch.id)), ("tenant", .string(touch.subject.tenant)),
      ("subject", .string(touch.subject.path)), ("source", .string(touch.source)),
      ("step", FixedDecimal(touch.step).map(Value.number) ?? .null), ("channel", .string(touch.channel)),
      ("template", .string(template.name)), ("kind", .string(template.kind)),
      ("voice", template.voice.map(Value.string) ?? .null), ("text", .string(text)), ("replay", .bool(touch.isReplay)),
    ]
    return object([
      ("type", .string("touch.decided")), ("timestamp", .time(touch.decidedAt)), ("data", object(data)),
    ])
  }

  private static func object(_ members: [(String, Value)]) -> Value {
    .object(members.map { Value.Member(name: $0.0, value: $0.1) })
  }
}
