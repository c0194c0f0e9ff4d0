import EventModel
import Funnels
import PipelinePorts
import PipelineRuntime
import Playbook
import Tagging

/// The tagger's messages, as `schemas/messages/` describes them.
enum TaggerMessages {
  static let source = "hearth/tagger"

  static func tag(_ change: TagChange, of state: TaggerState, program: TaggerProgram) -> PublishedMessage {
    let kind = state.subject.kind
    let definition = program.definitions(of: kind).tags[change.tag]
    return PublishedMessage(
      topic: Topic.tags, type: "hearth.tag.changed", source: source, idPrefix: "tag", subject: state.subject,
      sequence: state.tagSequence, mode: mode(program),
      fields: [
        .init("cause", cause(change.cause)),
        .init("deciding", deciding(change.deciding)),
        .init("rule", .string(rule(of: definition, kind: kind))),
        .init("since", .time(change.since)),
        .init("tag", .string(definition.name)),
        .init("value", change.value),
        .init("was", change.was),
      ])
  }

  static func signal(_ change: SignalChange, of state: TaggerState, program: TaggerProgram) -> PublishedMessage {
    let name = program.definitions(of: state.subject.kind).signals[change.signal].name
    return PublishedMessage(
      topic: Topic.signals, type: "hearth.signal.changed", source: source, idPrefix: "signal", subject: state.subject,
      sequence: state.signalSequence, mode: mode(program),
      fields: [
        .init("cause", cause(change.cause)),
        .init("deciding", deciding(change.deciding)),
        .init("rule", .string("segments.\(name)")),
        .init("signal", .string(name)),
        .init("since", .time(change.since)),
        .init("value", change.value),
        .init("was", change.was),
      ])
  }

  static func funnel(
    _ change: FunnelChange, cause: ChangeCause, of state: TaggerState, program: TaggerProgram
  ) -> PublishedMessage {
    let entry = change.entry
    let name = program.playbook.funnels[entry.funnel].name
    return PublishedMessage(
      topic: Topic.funnels, type: "hearth.funnel.entry", source: source, idPrefix: "funnel", subject: state.subject,
      sequence: state.funnelSequence, mode: mode(program),
      fields: [
        .init("approximate", .bool(entry.approximate)),
        .init("breakdown", breakdown(entry)),
        .init("cause", self.cause(cause)),
        .init("day", .string(entry.day.text)),
        .init("funnel", .string(name)),
        .init("level", .whole(Int64(entry.level))),
        .init("revision", .whole(entry.revision)),
        .init("rule", .string("funnels.\(name)")),
        .init("status", .string(entry.status.rawValue)),
        .init("times", .list(entry.times.map { $0.map(Value.time) ?? .null })),
        .init("unconverted", .bool(change.was?.status == .converted && entry.status != .converted)),
      ])
  }

  static func row(_ entry: FunnelEntry, of subject: Subject, program: TaggerProgram) -> FunnelEntryRow {
    FunnelEntryRow(
      tenant: subject.tenant, funnel: program.playbook.funnels[entry.funnel].name, member: subject.id, day: entry.day,
      level: entry.level, status: entry.status.rawValue, times: entry.times, breakdown: text(breakdown(entry)),
      revision: entry.revision)
  }

  private static func mode(_ program: TaggerProgram) -> ChangeMode {
    program.playbook.clock == .log ? .replay : .live
  }

  /// Breakdown values are texts to readers, whatever the field's kind.
  private static func breakdown(_ entry: FunnelEntry) -> Value {
    switch entry.breakdown {
    case .null, .string: entry.breakdown
    default: .string(String(decoding: entry.breakdown.canonicalJSON, as: UTF8.self))
    }
  }

  private static func text(_ value: Value) -> String? {
    if case .string(let text) = value { text } else { nil }
  }

  /// The definition in the playbook, as its author finds it.
  private static func rule(of definition: TagDefinition, kind: SubjectKind) -> String {
    switch definition.rule {
    case .score: "scores.\(definition.name)"
    case .quadrant: "quadrants"
    default: "tags.\(kind.rawValue).\(definition.name)"
    }
  }

  private static func cause(_ cause: ChangeCause) -> Value {
    switch cause {
    case .event(let id): .object([.init("id", .string(id)), .init("kind", .string("event"))])
    case .correction(let id): .object([.init("id", .string(id)), .init("kind", .string("correction"))])
    case .clock: .object([.init("kind", .string("clock"))])
    case .backfill: .object([.init("kind", .string("backfill"))])
    case .merge: .object([.init("kind", .string("merge"))])
    }
  }

  private static func deciding(_ values: [DecidingValue]) -> Value {
    .object(values.map { .init($0.name, $0.value) })
  }
}
