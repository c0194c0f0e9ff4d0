import EventModel
import Playbook
import Tagging

func instant(_ text: String) -> Instant { Instant(text: text) ?? .distantPast }
func decimal(_ whole: Int) -> Value { FixedDecimal(whole).map(Value.number) ?? .null }
func shanghai() -> CalendarZone { zone("Asia/Shanghai") }

/// A zone that the database has; tests name only such.
func zone(_ identifier: String) -> CalendarZone {
  guard let zone = CalendarZone(identifier: identifier) else { preconditionFailure("no zone \(identifier)") }
  return zone
}

/// An event of member 1, received when it happened unless told otherwise.
func event(
  _ id: String,
  _ type: String,
  _ time: Instant,
  received: Instant? = nil,
  actor: Actor = .member,
  _ data: [(String, Value)] = []
) -> Event {
  Event(
    id: id,
    source: "test",
    tenant: "t",
    type: type,
    time: time,
    receivedAt: received ?? time,
    actor: actor,
    subject: Subject(tenant: "t", kind: .member, id: "1"),
    data: .object(data.map { Value.Member(name: $0.0, value: $0.1) })
  )
}

func metric(
  _ name: String,
  _ fold: Fold,
  _ type: String = "a",
  field: String? = nil,
  _ window: Window = .lifetime
) -> MetricDefinition {
  MetricDefinition(name: name, fold: fold, sources: [EventSelector(type: type, field: field)], window: window)
}

func tag(_ name: String, _ rule: TagRule, _ kind: TagKind = .boolean) -> TagDefinition {
  TagDefinition(name: name, label: LocalizedText(texts: []), rule: rule, kind: kind)
}

func program(
  _ metrics: [MetricDefinition],
  _ tags: [TagDefinition] = [],
  signals: [SignalDefinition] = [],
  zone: CalendarZone = shanghai()
) -> TaggingProgram {
  TaggingProgram(program: SubjectProgram(metrics: metrics, tags: tags, signals: signals), zone: zone)
}

/// A subject under a program, fed as the tagger feeds it.
struct Subject1 {
  var state = TaggingState()
  let program: TaggingProgram

  init(_ program: TaggingProgram) { self.program = program }

  @discardableResult
  mutating func fold(_ event: Event) -> SubjectOutcome {
    _ = state.advance(through: event.receivedAt, program: program)
    return state.apply(event, program: program)
  }

  @discardableResult
  mutating func tick(_ instant: Instant) -> [Firing] { state.advance(through: instant, program: program) }

  /// Metrics as canonical texts.
  var metrics: [String] { state.metricValues(program: program).map { text($0.value) } }
  var tags: [String] { state.tagValues(program: program).map { text($0.value) } }
}
