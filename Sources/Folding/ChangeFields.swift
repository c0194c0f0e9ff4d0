import EventModel
import Funnels
import Playbook
import Tagging

/// The fields of a published change, as `schemas/messages/` describes them; the fold of a file writes the same.
package struct ChangeFields: Sendable {
  private let program: FoldProgram
  private let kind: SubjectKind

  package init(program: FoldProgram, kind: SubjectKind) {
    self.program = program
    self.kind = kind
  }

  package func tag(_ change: TagChange) -> [Value.Member] {
    let definition = program.definitions(of: kind).tags[change.tag]
    return [
      .init("cause", Self.cause(change.cause)),
      .init("deciding", Self.deciding(change.deciding)),
      .init("rule", .string(rule(of: definition))),
      .init("since", .time(change.since)),
      .init("tag", .string(definition.name)),
      .init("value", change.value),
      .init("was", change.was),
    ]
  }

  package func signal(_ change: SignalChange) -> [Value.Member] {
    let name = program.definitions(of: kind).signals[change.signal].name
    return [
      .init("cause", Self.cause(change.cause)),
      .init("deciding", Self.deciding(change.deciding)),
      .init("rule", .string("segments.\(name)")),
      .init("signal", .string(name)),
      .init("since", .time(change.since)),
      .init("value", change.value),
      .init("was", change.was),
    ]
  }

  package func funnel(_ change: FunnelChange, cause: ChangeCause) -> [Value.Member] {
    let entry = change.entry
    let name = program.playbook.funnels[entry.funnel].name
    return [
      .init("approximate", .bool(entry.approximate)),
      .init("breakdown", entry.breakdown.map(Value.string) ?? .null),
      .init("cause", Self.cause(cause)),
      .init("day", .string(entry.day.text)),
      .init("funnel", .string(name)),
      .init("level", .whole(Int64(entry.level))),
      .init("revision", .whole(entry.revision)),
      .init("rule", .string("funnels.\(name)")),
      .init("status", .string(entry.status.rawValue)),
      .init("times", .list(entry.times.map { $0.map(Value.time) ?? .null })),
      .init("unconverted", .bool(change.was?.status == .converted && entry.status != .converted)),
    ]
  }

  package static func cause(_ cause: ChangeCause) -> Value {
    switch cause {
    case .event(let id): .object([.init("id", .string(id)), .init("kind", .string("event"))])
    case .correction(let id): .object([.init("id", .string(id)), .init("kind", .string("correction"))])
    case .clock: .object([.init("kind", .string("clock"))])
    case .backfill: .object([.init("kind", .string("backfill"))])
    case .merge: .object([.init("kind", .string("merge"))])
    }
  }

  /// The definition in the playbook, as its author finds it.
  private func rule(of definition: TagDefinition) -> String {
    switch definition.rule {
    case .score: "scores.\(definition.name)"
    case .quadrant: "quadrants"
    default: "tags.\(kind.rawValue).\(definition.name)"
    }
  }

  private static func deciding(_ values: [DecidingValue]) -> Value {
    .object(values.map { .init($0.name, $0.value) })
  }
}
