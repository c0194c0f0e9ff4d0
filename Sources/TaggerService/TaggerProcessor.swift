import EventCodec
import EventModel
import Funnels
import PipelinePorts
import PipelineRuntime
import Playbook
import Tagging

/// The tagger: events and the clock in; tag changes, segment signals and funnel entries out.
///
/// Members are folded from `hearth.events.v1`, communities from `hearth.community-events.v1`, each in lanes of its own.
package struct TaggerProcessor: SubjectProcessor {
  package let group = "tagger"
  package let families = [
    LaneFamily(topics: [Topic.events], clocks: [ClockSource(topic: Topic.events, origin: Topic.events)]),
    LaneFamily(
      topics: [Topic.communityEvents],
      clocks: [ClockSource(topic: Topic.communityEvents, origin: Topic.communityEvents)]),
  ]

  package init() {}

  package struct Memory: Sendable {}

  package func initialMemory() -> Memory { Memory() }
  package func encode(_ memory: Memory) -> [UInt8] { [] }
  package func decodeMemory(_ bytes: [UInt8]) -> Memory { Memory() }

  package struct Program: Sendable { let tagger: TaggerProgram }

  package func compile(_ playbook: StoredPlaybook) throws(AdapterFailure) -> Program {
    Program(tagger: TaggerProgram(playbook: try StoredPlaybookCompiler.compile(playbook)))
  }

  package func isLive(_ program: Program) -> Bool { program.tagger.playbook.clock == .live }

  // MARK: Records

  package func route(_ record: LogRecord) -> Routing<Event> {
    switch ControlMessage.decode(record) {
    case .success(let control)?: return .control(control)
    case .failure(let reason)?: return .poison(reason)
    case nil: break
    }
    do {
      let event = try EventCodec.decode(record.value ?? [])
      let subject = record.partition.topic == Topic.events ? event.subject : event.communitySubject
      guard let subject, record.key == Array(subject.key.utf8) else {
        return .poison(DeadLetterReason(category: "envelope", path: "/subject", message: "expected the record's key"))
      }
      let isFolded = record.partition.topic == Topic.events ? subject.kind == .member : subject.kind == .community
      let source = ClockSource(topic: record.partition.topic, origin: record.partition.topic)
      // Aggregates of channels and campaigns, and communities' own events in the members' topic, feed other readers.
      guard isFolded else { return .skip }
      return .subject(key: record.key, receivedAt: event.receivedAt, source: source, event)
    } catch {
      return .poison(DeadLetterReason(error))
    }
  }

  // MARK: State

  package struct State: Sendable { var tagger: TaggerState }

  package func initialState(of key: [UInt8]) -> State {
    let text = String(decoding: key, as: UTF8.self)
    let subject = Subject(key: text) ?? Subject(tenant: "", kind: .member, id: text)
    return State(tagger: TaggerState(subject: subject))
  }

  package func encode(_ state: State) -> [UInt8] { state.tagger.encoded() }

  package func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State {
    State(tagger: try TaggerState(decoding: bytes))
  }

  package func due(_ state: State, program: Program?) -> Instant? {
    guard let program = program?.tagger else { return nil }
    let tagging = state.tagger.tagging.nextDue(program: program.tagging(of: state.tagger.subject.kind))
    let funnels = state.tagger.subject.kind == .member ? state.tagger.funnels.nextDue(program: program.funnels) : nil
    return [tagging, funnels].compactMap { $0 }.min()
  }

  package func projection(_ state: State, program: Program?) -> [UInt8]? {
    guard let program = program?.tagger else { return nil }
    return TaggerProjection.json(of: state.tagger, program: program)
  }

  // MARK: Deciding

  package func apply(
    _ event: Event, to state: inout State, program: Program?, in lane: inout LaneContext<Memory>
  ) {
    // Without a playbook there is nothing to fold into; the event stays in the log.
    guard let program = program?.tagger else {
      lane.count("hearth_events_without_playbook_total", help: "Events of tenants without a playbook in force.")
      return
    }
    let kind = state.tagger.subject.kind
    let outcome = state.tagger.tagging.apply(event, program: program.tagging(of: kind))
    lane.count("hearth_events_folded_total", help: "Events folded, by outcome.", labels: [outcome.label])
    guard outcome.isAccepted else { return }
    publish(tags: outcome.tags, signals: outcome.signals, of: &state.tagger, program, in: &lane)
    guard kind == .member else { return }
    let tagging = state.tagger.tagging
    let changes = state.tagger.funnels.apply(event, program: program.funnels) { tag, instant in
      tagging.value(ofTag: tag, at: instant, program: program.member)
    }
    publish(changes, cause: .event(id: event.id), of: &state.tagger, program, in: &lane)
  }

  package func advance(
    _ state: inout State, through instant: Instant, program: Program?, in lane: inout LaneContext<Memory>
  ) {
    guard let program = program?.tagger else { return }
    let kind = state.tagger.subject.kind
    for fired in state.tagger.tagging.advance(through: instant, program: program.tagging(of: kind)) {
      publish(tags: fired.tags, signals: fired.signals, of: &state.tagger, program, in: &lane)
    }
    guard kind == .member else { return }
    for fired in state.tagger.funnels.advance(through: instant, program: program.funnels) {
      publish(fired.changes, cause: .clock, of: &state.tagger, program, in: &lane)
    }
  }

  private func publish(
    tags: [TagChange], signals: [SignalChange], of state: inout TaggerState, _ program: TaggerProgram,
    in lane: inout LaneContext<Memory>
  ) {
    for change in tags {
      state.tagSequence += 1
      lane.emit(TaggerMessages.tag(change, of: state, program: program).record(in: lane))
    }
    for change in signals {
      state.signalSequence += 1
      lane.emit(TaggerMessages.signal(change, of: state, program: program).record(in: lane))
    }
  }

  private func publish(
    _ changes: [FunnelChange], cause: ChangeCause, of state: inout TaggerState, _ program: TaggerProgram,
    in lane: inout LaneContext<Memory>
  ) {
    for change in changes {
      state.funnelSequence += 1
      lane.emit(TaggerMessages.funnel(change, cause: cause, of: state, program: program).record(in: lane))
      lane.write(.funnelEntry(TaggerMessages.row(change.entry, of: state.subject, program: program)))
    }
  }

  // MARK: The clock

  package func clockPassed(_ tick: Tick, program: Program?, in lane: inout LaneContext<Memory>) -> Visit { .none }

  package func control(_ record: ControlRecord, program: Program?, in lane: inout LaneContext<Memory>) -> Visit { .none }

  package func visit(_ state: inout State, why: Visit, program: Program?, in lane: inout LaneContext<Memory>) {}

  package func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory>) {
    // Signals and funnels are of members alone: only the members' lane knows their clock.
    let isMembers = lane.position.partition.topic == Topic.events
    let topics = isMembers ? [Topic.tags, Topic.signals, Topic.funnels] : [Topic.tags]
    for topic in topics {
      lane.emit(ControlMessage.record(record, topic: topic, partition: lane.position.partition.partition))
    }
  }
}

extension SubjectOutcome {
  fileprivate var label: MetricsRegistry.Label {
    switch acceptance {
    case .accepted: .init("outcome", "accepted")
    case .duplicate: .init("outcome", "duplicate")
    case .duplicateConflict: .init("outcome", "conflict")
    }
  }

  fileprivate var isAccepted: Bool { acceptance == .accepted }
}
