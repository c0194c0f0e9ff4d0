import EventCodec
import EventModel
import Folding
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
      clocks: [ClockSource(topic: Topic.communityEvents, origin: Topic.communityEvents)]
    ),
  ]

  package init() {}

  package struct Memory: Sendable {}

  package func initialMemory() -> Memory { Memory() }
  package func encode(_ memory: Memory) -> [UInt8] { [] }
  package func decodeMemory(_ bytes: [UInt8]) -> Memory { Memory() }

  package struct Program: Sendable { let fold: FoldProgram }

  package func compile(_ playbook: StoredPlaybook) throws(AdapterFailure) -> Program {
    let compiled = try StoredPlaybookCompiler.compile(playbook)
    do {
      return Program(fold: try FoldProgram(playbook: compiled))
    } catch {
      throw AdapterFailure(code: "PLAYBOOK", reason: "a funnel is beyond the fold's bounds", disposition: .fatal)
    }
  }

  package func isLive(_ program: Program) -> Bool { program.fold.playbook.clock == .live }

  // MARK: Records

  package func route(_ record: LogRecord, programs: [String: Program]) -> Routing<Event> {
    switch ControlMessage.decode(record) {
    case .success(let control)?: return .control(control)
    case .failure(let reason)?: return .poison(reason)
    case nil: break
    }
    do throws(DecodeFailure) {
      let event = try EventCodec.decode(record.value ?? [])
      let subject = record.partition.topic == Topic.events ? event.subject : event.communitySubject
      guard let subject, record.key == subject.keyBytes else {
        return .poison(DeadLetterReason(category: "envelope", path: "/subject", message: "expected the record's key"))
      }
      let isFolded = record.partition.topic == Topic.events ? Self.isOwn(subject.kind) : subject.kind == .community
      let source = ClockSource(topic: record.partition.topic, origin: record.partition.topic)
      // Operators' events, and communities' own in the members' topic, feed other readers.
      guard isFolded else { return .skip }
      return .subject(key: record.key, receivedAt: event.receivedAt, source: source, event)
    } catch {
      return .poison(DeadLetterReason(error))
    }
  }

  // MARK: State

  package struct State: Sendable {
    var fold: SubjectFold
    /// Of a channel or campaign, in place of the fold.
    var aggregate: AggregateFold?
  }

  private static func isOwn(_ kind: SubjectKind) -> Bool { kind == .member || isAggregate(kind) }
  private static func isAggregate(_ kind: SubjectKind) -> Bool { kind == .channel || kind == .campaign }

  package func initialState(of key: [UInt8]) -> State {
    let text = String(decoding: key, as: UTF8.self)
    let subject = Subject(key: text) ?? Subject(tenant: "", kind: .member, id: text)
    return State(
      fold: SubjectFold(subject: subject),
      aggregate: Self.isAggregate(subject.kind) ? AggregateFold(subject: subject) : nil
    )
  }

  package func encode(_ state: State) -> [UInt8] {
    state.aggregate?.encoded() ?? state.fold.encoded()
  }

  package func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State {
    do throws(ByteReader.Failure) {
      guard bytes.first == AggregateFold.version else { return State(fold: try SubjectFold(decoding: bytes)) }
      let aggregate = try AggregateFold(decoding: bytes)
      return State(fold: SubjectFold(subject: aggregate.subject), aggregate: aggregate)
    } catch {
      throw AdapterFailure(
        code: "SUBJECT_STATE",
        reason: "stored state of a subject cannot be read",
        disposition: .fatal
      )
    }
  }

  package func due(_ state: State, program: Program?) -> Instant? {
    guard let program = program?.fold, state.aggregate == nil else { return nil }
    let kind = state.fold.subject.kind
    let tagging = state.fold.tagging.nextDue(program: program.tagging(of: kind))
    let funnels = kind == .member ? state.fold.funnels.nextDue(program: program.funnels) : nil
    guard let tagging, let funnels else { return tagging ?? funnels }
    return min(tagging, funnels)
  }

  package func projection(_ state: State, program: Program?) -> [UInt8]? {
    guard let program = program?.fold, state.aggregate == nil else { return nil }
    return SubjectProjection.json(of: state.fold, program: program)
  }

  // MARK: Deciding

  package func apply(
    _ event: Event,
    to state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    // Without a playbook there is nothing to fold into; the event stays in the log.
    guard let program = program?.fold else {
      lane.count("hearth_events_without_playbook_total", help: "Events of tenants without a playbook in force.")
      return
    }
    if state.aggregate != nil { return total(event, of: &state, program, in: &lane) }
    let kind = state.fold.subject.kind
    let outcome = state.fold.tagging.apply(event, program: program.tagging(of: kind))
    if state.fold.tagging.wasUnsound { lane.count(FoldedEvents.intoUnsound) }
    lane.count(outcome.tally)
    guard outcome.isAccepted else { return }
    publish(tags: outcome.tags, signals: outcome.signals, of: &state.fold, program, in: &lane)
    guard kind == .member else { return }
    let changes = state.fold.applyToFunnels(event, program: program)
    publish(changes, cause: .event(id: event.id), of: &state.fold, program, in: &lane)
  }

  /// A total without a member: the table holds the newest.
  private func total(
    _ event: Event,
    of state: inout State,
    _ program: FoldProgram,
    in lane: inout LaneContext<Memory, Never>
  ) {
    guard let total = state.aggregate?.apply(event, zone: program.playbook.zone) else {
      return lane.count(FoldedEvents.superseded)
    }
    let row = AggregateRow(subject: total.subject, type: total.type, day: total.day, value: total.value)
    lane.write(.aggregate(row))
    lane.count(FoldedEvents.accepted)
  }

  package func advance(
    _ state: inout State,
    through instant: Instant,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    guard let program = program?.fold, state.aggregate == nil else { return }
    while let due = state.fold.funnelDue(before: instant, program: program) {
      step(&state, through: due, program, in: &lane)
    }
    step(&state, through: instant, program, in: &lane)
  }

  private func step(
    _ state: inout State,
    through instant: Instant,
    _ program: FoldProgram,
    in lane: inout LaneContext<Memory, Never>
  ) {
    let kind = state.fold.subject.kind
    for fired in state.fold.tagging.advance(through: instant, program: program.tagging(of: kind)) {
      publish(tags: fired.tags, signals: fired.signals, of: &state.fold, program, in: &lane)
    }
    guard kind == .member else { return }
    for fired in state.fold.advanceFunnels(through: instant, program: program) {
      publish(fired.changes, cause: .clock, of: &state.fold, program, in: &lane)
    }
  }

  private func publish(
    tags: [TagChange],
    signals: [SignalChange],
    of fold: inout SubjectFold,
    _ program: FoldProgram,
    in lane: inout LaneContext<Memory, Never>
  ) {
    let fields = ChangeFields(program: program, kind: fold.subject.kind)
    for change in tags {
      fold.tagSequence += 1
      emit(.tag, fields.tag(change), of: fold.subject, fold.tagSequence, program, in: &lane)
    }
    for change in signals {
      fold.signalSequence += 1
      emit(.signal, fields.signal(change), of: fold.subject, fold.signalSequence, program, in: &lane)
    }
  }

  private func publish(
    _ changes: [FunnelChange],
    cause: ChangeCause,
    of fold: inout SubjectFold,
    _ program: FoldProgram,
    in lane: inout LaneContext<Memory, Never>
  ) {
    let fields = ChangeFields(program: program, kind: fold.subject.kind)
    for change in changes {
      fold.funnelSequence += 1
      emit(.funnel, fields.funnel(change, cause: cause), of: fold.subject, fold.funnelSequence, program, in: &lane)
      lane.write(.funnelEntry(row(of: change.entry, subject: fold.subject, program)))
    }
  }

  /// The three streams of the tagger.
  private enum Stream: String {
    case tag, signal, funnel

    var topic: String {
      switch self {
      case .tag: Topic.tags
      case .signal: Topic.signals
      case .funnel: Topic.funnels
      }
    }

    var type: String {
      switch self {
      case .tag: "hearth.tag.changed"
      case .signal: "hearth.signal.changed"
      case .funnel: "hearth.funnel.entry"
      }
    }
  }

  private func emit(
    _ stream: Stream,
    _ fields: [Value.Member],
    of subject: Subject,
    _ sequence: Int64,
    _ program: FoldProgram,
    in lane: inout LaneContext<Memory, Never>
  ) {
    let message = PublishedMessage(
      topic: stream.topic,
      type: stream.type,
      source: "hearth/tagger",
      idPrefix: stream.rawValue,
      subject: subject,
      sequence: sequence,
      mode: program.playbook.clock == .log ? .replay : .live,
      fields: fields
    )
    lane.emit(message.record(in: lane))
  }

  private func row(of entry: FunnelEntry, subject: Subject, _ program: FoldProgram) -> FunnelEntryRow {
    FunnelEntryRow(
      tenant: subject.tenant,
      funnel: program.playbook.funnels[entry.funnel].name,
      member: subject.id,
      day: entry.day,
      level: entry.level,
      status: entry.status.rawValue,
      times: entry.times,
      breakdown: entry.breakdown,
      revision: entry.revision
    )
  }

  // MARK: The clock

  package func clockPassed(_ tick: Tick, program: Program?, in lane: inout LaneContext<Memory, Never>) -> Visit {
    .none
  }

  package func control(_ record: ControlRecord, program: Program?, in lane: inout LaneContext<Memory, Never>) -> Visit {
    .none
  }

  package func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory, Never>) {
    // Signals and funnels are of members alone: only the members' lane knows their clock.
    let isMembers = lane.position.partition.topic == Topic.events
    let topics = isMembers ? [Topic.tags, Topic.signals, Topic.funnels] : [Topic.tags]
    for topic in topics {
      lane.emit(ControlMessage.record(record, topic: topic, partition: lane.position.partition.partition))
    }
  }
}

/// Made once: one of them is counted with every event.
private enum FoldedEvents {
  static let accepted = tally("accepted")
  static let duplicate = tally("duplicate")
  static let conflict = tally("conflict")
  /// Into a state that was begun anew, since what was stored is not one of its playbook: the store was damaged.
  static let intoUnsound = Tally(
    "hearth_events_into_unsound_states_total",
    help: "Events folded into states begun anew, since what was stored could not be of their playbook."
  )
  /// A total that a newer one stands before.
  static let superseded = tally("superseded")

  private static func tally(_ outcome: String) -> Tally {
    Tally("hearth_events_folded_total", help: "Events folded, by outcome.", labels: [.init("outcome", outcome)])
  }
}

extension SubjectOutcome {
  fileprivate var tally: Tally {
    switch acceptance {
    case .accepted: FoldedEvents.accepted
    case .duplicate: FoldedEvents.duplicate
    case .duplicateConflict: FoldedEvents.conflict
    }
  }

  fileprivate var isAccepted: Bool { acceptance == .accepted }
}
