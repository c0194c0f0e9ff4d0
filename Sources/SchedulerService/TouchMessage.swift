import EventModel
import Messaging
import PipelinePorts
import PipelineRuntime
import Playbook
import Scheduling

/// A decision on a touch as message and as row.
enum TouchMessage {
  static func make(
    _ decision: TouchDecision,
    of state: SchedulerState,
    program: SchedulerProcessor.Program
  ) -> PublishedMessage {
    let template = program.templates[decision.template]
    var fields: [Value.Member] = [
      .init("by", .string(decision.source)),
      .init("cause", .object([.init("kind", .string("clock"))])),
      .init("channel", .string(decision.channel)),
      .init("dueAt", .time(decision.allowedFrom ?? decision.dueAt)),
      .init("expiresAt", .time(decision.expiresAt)),
      .init("kind", .string(decision.kind)),
      .init("occurrence", .string(decision.occurrence)),
      .init("reason", .string(decision.reason)),
      .init("status", .string(decision.status.rawValue)),
      .init("step", .whole(Int64(decision.step))),
      .init("template", .string(decision.template)),
      .init("touch", .string(decision.id)),
    ]
    if let voice = template?.voice { fields.append(.init("voice", .string(voice))) }
    if decision.status == .decided, let template {
      fields.append(.init("text", .string(text(of: template, decision, state))))
    }
    return PublishedMessage(
      topic: Topic.touches,
      type: "hearth.touch.decided",
      source: "hearth/scheduler",
      idPrefix: "touch",
      subject: decision.subject,
      sequence: state.touchSequence,
      mode: decision.mode,
      fields: fields,
      decidedAt: decision.decidedAt
    )
  }

  private static func text(of template: TemplateDefinition, _ decision: TouchDecision, _ state: SchedulerState)
    -> String
  {
    // A template beyond its bounds is kept out by the playbook's checks; its raw text is the honest fallback.
    guard let text = try? TemplateText(template.text) else { return template.text }
    return text.render { name in
      name == decision.subject.kind.rawValue ? .string(decision.subject.id) : state.texts[name].map(Value.string)
    }.text
  }

  static func row(_ decision: TouchDecision) -> TouchRow {
    TouchRow(
      id: decision.id,
      tenant: decision.subject.tenant,
      source: decision.source,
      step: decision.step,
      subject: decision.subject.path,
      occurrence: decision.occurrence,
      template: decision.template,
      channel: decision.channel,
      status: decision.status.rawValue,
      reason: decision.reason,
      dueAt: decision.dueAt,
      decidedAt: decision.decidedAt
    )
  }
}
