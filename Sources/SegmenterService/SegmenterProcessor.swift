import EventCodec
import EventModel
import PipelinePorts
import PipelineRuntime
import Playbook
import Segmentation

/// The segmenter: signals and the clock in; memberships out.
///
/// Rule segments follow their boolean signal. Population segments go round by the log: when a lane's clock passes a
/// multiple of `refresh`, it stores a snapshot of its members' values; the leader ranks the snapshots of all lanes and
/// writes the cut into every partition; each lane on reading it publishes the differences of its own members.
package struct SegmenterProcessor: SubjectProcessor {
  package let group = "segmenter"
  package let families = [
    LaneFamily(topics: [Topic.signals], clocks: [ClockSource(topic: Topic.signals, origin: Topic.events)])
  ]

  package init() {}

  package struct Program: Sendable {
    let segments: SegmentProgram
    let clock: TenantClock
  }

  package func compile(_ stored: StoredPlaybook) throws(AdapterFailure) -> Program {
    let playbook = try StoredPlaybookCompiler.compile(stored)
    return Program(segments: SegmentProgram(segments: playbook.segments), clock: playbook.clock)
  }

  package func isLive(_ program: Program) -> Bool { program.clock == .live }

  // MARK: Records

  package struct Input: Sendable {
    let signal: SignalChange
    let mode: ChangeMode
  }

  package func route(_ record: LogRecord, programs: [String: Program]) -> Routing<Input> {
    switch ControlMessage.decode(record) {
    case .success(let control)?: return .control(control)
    case .failure(let reason)?: return .poison(reason)
    case nil: break
    }
    do throws(DecodeFailure) {
      let message = try ReceivedMessage(decoding: record)
      guard let name = message.text("signal"), let since = message.instant("since"), let decided = message.decidedAt
      else {
        throw DecodeFailure(.envelope, path: "/data/signal", expected: "a signal with since", found: "none")
      }
      let reason = Value.object([
        .init("cause", message.event.data["cause"] ?? .null),
        .init("deciding", message.event.data["deciding"] ?? .null),
      ])
      // A ranking value stands from its `since`, whenever it was decided: so a snapshot at T has what held at T.
      let signal = SignalChange(
        signal: name,
        value: message.event.data["value"] ?? .null,
        since: since,
        decidedAt: since,
        sequence: message.sequence,
        reason: reason
      )
      let source = ClockSource(topic: Topic.signals, origin: Topic.events)
      return .subject(
        key: record.key,
        receivedAt: decided,
        source: source,
        Input(signal: signal, mode: message.mode)
      )
    } catch {
      return .poison(DeadLetterReason(error))
    }
  }

  // MARK: State

  package struct State: Sendable {
    let subject: Subject
    var segments = SegmentState()
    var sequence: Int64 = 0
  }

  private static let stateVersion: UInt8 = 1

  package func initialState(of key: [UInt8]) -> State {
    let text = String(decoding: key, as: UTF8.self)
    return State(subject: Subject(key: text) ?? Subject(tenant: "", kind: .member, id: text))
  }

  package func encode(_ state: State) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.stateVersion)
    writer.text(state.subject.key)
    writer.integer(state.sequence)
    writer.bytes(state.segments.encoded())
    return writer.output
  }

  package func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State {
    do {
      var reader = ByteReader(bytes)
      guard try reader.byte() == Self.stateVersion, let subject = Subject(key: try reader.text()) else {
        throw ByteReader.Failure()
      }
      var state = State(subject: subject)
      state.sequence = try reader.integer()
      state.segments = try SegmentState(decoding: try reader.bytes())
      return state
    } catch {
      throw AdapterFailure(
        code: "SUBJECT_STATE",
        reason: "stored state of a subject cannot be read",
        disposition: .fatal
      )
    }
  }

  package func due(_ state: State, program: Program?) -> Instant? { nil }

  package func projection(_ state: State, program: Program?) -> [UInt8]? {
    let segments = state.segments.memberships.map { membership in
      Value.Member(membership.segment, .object([.init("since", .time(membership.since))]))
    }
    return Value.object([.init("segments", .object(segments)), .init("sequence", .whole(state.sequence))]).canonicalJSON
  }

  // MARK: Memory

  package struct Memory: Sendable {
    var ledgers: [String: PopulationLedger] = [:]
    /// While a visit goes on: what it gathers, or the cut it applies.
    var gathering: [(segment: String, asOf: Instant, values: [(member: String, value: FixedDecimal?)])] = []
    var cut: PopulationCut?
  }

  package func initialMemory() -> Memory { Memory() }

  package func encode(_ memory: Memory) -> [UInt8] {
    var writer = ByteWriter()
    writer.count(memory.ledgers.count)
    for (tenant, ledger) in memory.ledgers.sorted(by: { $0.key < $1.key }) {
      writer.text(tenant)
      writer.bytes(ledger.encoded())
    }
    return writer.output
  }

  package func decodeMemory(_ bytes: [UInt8]) throws(AdapterFailure) -> Memory {
    do {
      var reader = ByteReader(bytes)
      var memory = Memory()
      for _ in 0..<(try reader.count()) {
        let tenant = try reader.text()
        memory.ledgers[tenant] = try PopulationLedger(decoding: try reader.bytes())
      }
      return memory
    } catch {
      throw AdapterFailure(code: "LANE_STATE", reason: "stored ledgers cannot be read", disposition: .fatal)
    }
  }

  // MARK: Deciding

  package func apply(
    _ input: Input,
    to state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    guard let program else { return }
    guard case .applied(let changes, let missing) = state.segments.apply(input.signal, program: program.segments) else {
      return lane.count("hearth_repeats_dropped_total", help: "Messages seen before, by their sequence.")
    }
    if missing > 0 {
      lane.count("hearth_sequence_jumps_total", help: "Messages missing before one that came.", by: Int(missing))
    }
    for change in changes { publish(change, of: &state, mode: input.mode, in: &lane) }
  }

  package func advance(
    _ state: inout State,
    through instant: Instant,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {}

  private func publish(
    _ change: SegmentChange,
    of state: inout State,
    mode: ChangeMode,
    in lane: inout LaneContext<Memory, Never>
  ) {
    state.sequence += 1
    var fields: [Value.Member] = [
      .init("rule", .string("segments.\(change.segment)")),
      .init("segment", .string(change.segment)),
      .init("since", .time(change.since)),
    ]
    if let asOf = change.asOf {
      fields.append(.init("asOf", .time(asOf)))
      fields.append(.init("cause", .object([.init("kind", .string("population"))])))
      fields.append(.init("deciding", .object([.init("value", change.reason)])))
    } else {
      fields.append(.init("cause", change.reason["cause"] ?? .object([.init("kind", .string("clock"))])))
      fields.append(.init("deciding", change.reason["deciding"] ?? .object([])))
    }
    let message = PublishedMessage(
      topic: Topic.segments,
      type: "hearth.segment.\(change.kind.rawValue)",
      source: "hearth/segmenter",
      idPrefix: "segment",
      subject: state.subject,
      sequence: state.sequence,
      mode: mode,
      fields: fields
    )
    lane.emit(message.record(in: lane))
  }

  // MARK: Populations

  package func clockPassed(
    _ tick: Tick,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) -> Visit {
    // History is ranked once, where its import ends: nobody acts on the rankings in between.
    guard let program, program.clock == .live || tick.ends else { return .none }
    var due = lane.memory.ledgers[tick.tenant, default: PopulationLedger()]
      .dueSnapshots(clock: tick.through, program: program.segments)
    guard !due.isEmpty else { return .none }
    // After a jump of the clock only the newest instant of each segment is worth a ranking.
    let newest = Dictionary(due.map { ($0.segment, $0.asOf) }, uniquingKeysWith: max)
    due = due.filter { newest[$0.segment] == $0.asOf }
    lane.memory.gathering = due.map { ($0.segment, $0.asOf, []) }
    return .everySubject(tenant: tick.tenant, why: "snapshot", asOf: tick.through)
  }

  package func control(
    _ record: ControlRecord,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) -> Visit {
    guard let cut = PopulationCut(record) else { return .none }
    guard lane.memory.ledgers[record.tenant, default: PopulationLedger()].accept(cut) else { return .none }
    lane.memory.cut = cut
    return .everySubject(tenant: record.tenant, why: "cut", asOf: cut.asOf)
  }

  package func visit(
    _ state: inout State,
    why: Visit,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) -> Bool {
    if let cut = lane.memory.cut {
      guard let change = state.segments.apply(cut, member: state.subject.id, decidedAt: lane.clock) else {
        // The cut is noted in the state all the same, but that alone is not worth a write.
        return false
      }
      publish(change, of: &state, mode: program?.clock == .log ? .replay : .live, in: &lane)
      return true
    }
    for index in lane.memory.gathering.indices {
      let value = state.segments.rankingValue(
        segment: lane.memory.gathering[index].segment,
        asOf: lane.memory.gathering[index].asOf
      )
      lane.memory.gathering[index].values.append((state.subject.id, value))
    }
    return false
  }

  package func visited(_ why: Visit, program: Program?, in lane: inout LaneContext<Memory, Never>) {
    lane.memory.cut = nil
    guard case .everySubject(let tenant, _, _) = why else { return }
    let partition = PartitionID(topic: Topic.signals, partition: lane.position.partition.partition)
    for item in lane.memory.gathering {
      let snapshot = PartitionSnapshot(
        segment: item.segment,
        partition: partition.partition,
        asOf: item.asOf,
        values: item.values
      )
      let instant = PopulationInstant(tenant: tenant, segment: item.segment, asOf: item.asOf)
      lane.write(.snapshot(SnapshotRow(instant: instant, partition: partition, snapshot: snapshot.encoded())))
    }
    lane.memory.gathering = []
  }

  package func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory, Never>) {
    lane.emit(ControlMessage.record(record, topic: Topic.segments, partition: lane.position.partition.partition))
  }
}
