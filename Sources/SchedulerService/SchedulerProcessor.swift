import EventCodec
import EventModel
import Messaging
import PipelinePorts
import PipelineRuntime
import Playbook
import Scheduling

/// The scheduler: segments, tags, events and the clock in; decided touches out.
///
/// Due jobs are carried out by the owner of the subject's partition, under the fence of its flush, when the tenant's
/// clock passes them: the partition is the lease. So two schedulers never fire the same job, and what is decided
/// follows from the log alone.
package struct SchedulerProcessor: SubjectProcessor {
  package let group = "scheduler"
  package let families = [
    LaneFamily(
      topics: [Topic.segments, Topic.events, Topic.communityEvents, Topic.tags],
      clocks: [
        ClockSource(topic: Topic.segments, origin: Topic.events),
        ClockSource(topic: Topic.events, origin: Topic.events),
        ClockSource(topic: Topic.communityEvents, origin: Topic.communityEvents),
        ClockSource(topic: Topic.tags, origin: Topic.events),
        ClockSource(topic: Topic.tags, origin: Topic.communityEvents),
      ]
    )
  ]

  package init() {}

  package struct Memory: Sendable {}

  package func initialMemory() -> Memory { Memory() }
  package func encode(_ memory: Memory) -> [UInt8] { [] }
  package func decodeMemory(_ bytes: [UInt8]) -> Memory { Memory() }

  /// A class, so that passing it on copies one reference.
  package final class Program: Sendable {
    let scheduler: SchedulerProgram
    let templates: [String: TemplateDefinition]
    /// Fields that templates show: member tags of these names are kept as texts.
    let fields: Set<String>
    let playbook: CompiledPlaybook

    init(_ playbook: CompiledPlaybook) {
      self.playbook = playbook
      scheduler = SchedulerProgram(playbook: playbook)
      templates = Dictionary(playbook.templates.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
      fields = Set(playbook.templates.flatMap { (try? TemplateText($0.text))?.fields ?? [] })
    }
  }

  package func compile(_ stored: StoredPlaybook) throws(AdapterFailure) -> Program {
    Program(try StoredPlaybookCompiler.compile(stored))
  }

  package func isLive(_ program: Program) -> Bool { program.playbook.clock == .live }

  // MARK: Records

  package enum Input: Sendable {
    case event(Event)
    case segment(name: String, entered: Bool, since: Instant, mode: ChangeMode, sequence: Int64)
    case tag(name: String, value: Value, since: Instant, sequence: Int64)
  }

  package func route(_ record: LogRecord, programs: [String: Program]) -> Routing<Input> {
    switch ControlMessage.decode(record) {
    case .success(let control)?: return .control(control)
    case .failure(let reason)?: return .poison(reason)
    case nil: break
    }
    do throws(DecodeFailure) {
      switch record.partition.topic {
      case Topic.segments: return try segment(record, programs)
      case Topic.tags: return try tag(record, programs)
      default: return try event(record, programs)
      }
    } catch {
      return .poison(DeadLetterReason(error))
    }
  }

  private func event(_ record: LogRecord, _ programs: [String: Program]) throws(DecodeFailure) -> Routing<Input> {
    let event = try EventCodec.decode(record.value ?? [])
    guard let program = programs[event.tenant]?.scheduler else { return .skip }
    let isMembers = record.partition.topic == Topic.events
    let concerns =
      isMembers
      ? event.subject.kind == .member && program.concernsMember(eventType: event.type)
      : program.concernsCommunity(eventType: event.type)
    guard concerns else { return .skip }
    let source = ClockSource(topic: record.partition.topic, origin: record.partition.topic)
    return .subject(key: record.key, receivedAt: event.receivedAt, source: source, .event(event))
  }

  private func segment(_ record: LogRecord, _ programs: [String: Program]) throws(DecodeFailure) -> Routing<Input> {
    let message = try ReceivedMessage(decoding: record)
    guard let name = message.text("segment"), let since = message.instant("since") else {
      throw DecodeFailure(.envelope, path: "/data/segment", expected: "a segment with since", found: "none")
    }
    guard programs[message.event.tenant]?.scheduler.concerns(segment: name) == true else { return .skip }
    let input = Input.segment(
      name: name,
      entered: message.event.type == "hearth.segment.entered",
      since: since,
      mode: message.mode,
      sequence: message.sequence
    )
    let source = ClockSource(topic: Topic.segments, origin: Topic.events)
    return .subject(key: record.key, receivedAt: message.decidedAt, source: source, input)
  }

  private func tag(_ record: LogRecord, _ programs: [String: Program]) throws(DecodeFailure) -> Routing<Input> {
    let message = try ReceivedMessage(decoding: record)
    let kind = message.event.subject.kind
    guard let name = message.text("tag"), let since = message.instant("since") else {
      throw DecodeFailure(.envelope, path: "/data/tag", expected: "a tag with since", found: "none")
    }
    guard let program = programs[message.event.tenant],
      program.scheduler.concerns(tag: name, of: kind) || (kind == .member && program.fields.contains(name))
    else { return .skip }
    let origin = kind == .community ? Topic.communityEvents : Topic.events
    return .subject(
      key: record.key,
      receivedAt: message.decidedAt,
      source: ClockSource(topic: Topic.tags, origin: origin),
      .tag(name: name, value: message.event.data["value"] ?? .null, since: since, sequence: message.sequence)
    )
  }

  // MARK: State

  package struct State: Sendable { var scheduler: SchedulerState }

  package func initialState(of key: [UInt8]) -> State {
    let text = String(decoding: key, as: UTF8.self)
    return State(scheduler: SchedulerState(subject: Subject(key: text) ?? Subject(tenant: "", kind: .member, id: text)))
  }

  package func encode(_ state: State) -> [UInt8] { state.scheduler.encoded() }

  package func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State {
    State(scheduler: try SchedulerState(decoding: bytes))
  }

  package func due(_ state: State, program: Program?) -> Instant? {
    guard let program else { return nil }
    switch state.scheduler.core {
    case .member(let member): return member.nextDue
    case .community(let community): return community.nextDue(program: program.scheduler)
    }
  }

  package func projection(_ state: State, program: Program?) -> [UInt8]? { nil }

  // MARK: Deciding

  package func apply(
    _ input: Input,
    to state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    guard let fields = program?.fields, let program = program?.scheduler else { return }
    switch input {
    case .segment(let name, let entered, let since, let mode, let sequence):
      guard state.scheduler.take(sequence, of: Topic.segments) else { return }
      guard case .member(var member) = state.scheduler.core else { return }
      member.segmentChanged(name, entered: entered, at: since, mode: mode, program: program)
      state.scheduler.core = .member(member)
    case .tag(let name, let value, let since, let sequence):
      guard state.scheduler.take(sequence, of: Topic.tags) else { return }
      take(tag: name, value, since, of: &state.scheduler, program)
      if fields.contains(name) { state.scheduler.texts[name] = TemplateText.shown(value) }
    case .event(let event):
      switch state.scheduler.core {
      case .member(var member):
        member.eventSeen(event, program: program)
        state.scheduler.core = .member(member)
      case .community(var community):
        community.eventSeen(event, program: program)
        state.scheduler.core = .community(community)
      }
    }
  }

  private func take(
    tag name: String,
    _ value: Value,
    _ since: Instant,
    of state: inout SchedulerState,
    _ program: SchedulerProgram
  ) {
    switch state.core {
    case .member(var member):
      member.tagChanged(name, value: value, program: program)
      state.core = .member(member)
    case .community(var community):
      community.tagChanged(name, value: value, at: since, program: program)
      state.core = .community(community)
    }
  }

  package func advance(
    _ state: inout State,
    through instant: Instant,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    guard let program else { return }
    let decisions: [TouchDecision]
    switch state.scheduler.core {
    case .member(var member):
      decisions = member.advance(through: instant, program: program.scheduler)
      state.scheduler.core = .member(member)
    case .community(var community):
      decisions = community.advance(through: instant, program: program.scheduler)
      state.scheduler.core = .community(community)
    }
    for decision in decisions {
      state.scheduler.touchSequence += 1
      lane.emit(TouchMessage.make(decision, of: state.scheduler, program: program).record(in: lane))
      lane.write(.touch(TouchMessage.row(decision)))
      lane.count(
        "hearth_touches_total",
        help: "Touches by what was decided of them.",
        labels: [.init("status", decision.status.rawValue)]
      )
    }
  }

  // MARK: The clock

  package func clockPassed(
    _ tick: Tick,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) -> Visit { .none }

  package func control(
    _ record: ControlRecord,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) -> Visit { .none }

  package func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory, Never>) {
    // An activation comes by every topic; the one of the segments is passed on. A tick comes once, when all clocks
    // have reached it.
    if case .activate = record, lane.position.partition.topic != Topic.segments { return }
    lane.emit(ControlMessage.record(record, topic: Topic.touches, partition: lane.position.partition.partition))
  }
}
