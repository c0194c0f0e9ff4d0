import EventModel
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport

/// A processor small enough to be checked by eye: it counts a subject's records, says each count, and says once when
/// the clock passes a second after the last record.
struct CountingProcessor: SubjectProcessor {
  static let input = "in"
  static let output = "out"

  let group = "counter"
  let families = [LaneFamily(topics: [input], clocks: [ClockSource(topic: input, origin: input)])]

  struct Program: Sendable {}
  struct Memory: Sendable { var ticks: Int64 = 0 }

  struct State: Hashable, Sendable {
    var key: [UInt8]
    var count: Int64 = 0
    var sequence: Int64 = 0
    var due: Instant?
  }

  func compile(_ playbook: StoredPlaybook) throws(AdapterFailure) -> Program { Program() }
  func isLive(_ program: Program) -> Bool { true }

  func route(_ record: LogRecord, programs: [String: Program]) -> Routing<Instant> {
    if case .success(let control)? = ControlMessage.decode(record) { return .control(control) }
    let text = String(decoding: record.value ?? [], as: UTF8.self)
    guard let milliseconds = Int64(text) else {
      return .poison(DeadLetterReason(category: "json", path: "", message: "expected a number"))
    }
    let source = ClockSource(topic: Self.input, origin: Self.input)
    let instant = Instant(milliseconds: milliseconds)
    return .subject(key: record.key, receivedAt: instant, source: source, instant)
  }

  func initialMemory() -> Memory { Memory() }

  func encode(_ memory: Memory) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(memory.ticks)
    return writer.output
  }

  func decodeMemory(_ bytes: [UInt8]) throws(AdapterFailure) -> Memory {
    var reader = ByteReader(bytes)
    guard let ticks = try? reader.integer() else {
      throw AdapterFailure(code: "TEST", reason: "memory", disposition: .fatal)
    }
    return Memory(ticks: ticks)
  }

  func initialState(of key: [UInt8]) -> State { State(key: key) }

  func encode(_ state: State) -> [UInt8] {
    var writer = ByteWriter()
    writer.bytes(state.key)
    writer.integer(state.count)
    writer.integer(state.sequence)
    writer.optional(state.due) { $0.integer($1.milliseconds) }
    return writer.output
  }

  func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State {
    var reader = ByteReader(bytes)
    do {
      var state = State(key: try reader.bytes())
      state.count = try reader.integer()
      state.sequence = try reader.integer()
      state.due = try reader.flag() ? Instant(milliseconds: try reader.integer()) : nil
      return state
    } catch {
      throw AdapterFailure(code: "TEST", reason: "state", disposition: .fatal)
    }
  }

  func due(_ state: State, program: Program?) -> Instant? { state.due }

  func projection(_ state: State, program: Program?) -> [UInt8]? { nil }

  func apply(
    _ input: Instant,
    to state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    state.count += 1
    state.due = input + .seconds(1)
    say("count \(state.count)", state: &state, in: &lane)
  }

  func advance(
    _ state: inout State,
    through instant: Instant,
    program: Program?,
    in lane: inout LaneContext<Memory, Never>
  ) {
    guard let due = state.due, due <= instant else { return }
    state.due = nil
    say("silent since \(due.milliseconds)", state: &state, in: &lane)
  }

  private func say(_ text: String, state: inout State, in lane: inout LaneContext<Memory, Never>) {
    state.sequence += 1
    let value = "\(state.sequence) \(text) at \(lane.clock.milliseconds) by \(lane.position.offset)"
    lane.emit(OutboundRecord(topic: Self.output, key: state.key, value: Array(value.utf8)))
  }

  func clockPassed(_ tick: Tick, program: Program?, in lane: inout LaneContext<Memory, Never>) -> Visit {
    lane.memory.ticks += 1
    return .none
  }

  func control(_ record: ControlRecord, program: Program?, in lane: inout LaneContext<Memory, Never>) -> Visit {
    .none
  }

  func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory, Never>) {
    lane.emit(
      ControlMessage.record(record, topic: Self.output, partition: lane.position.partition.partition)
    )
  }
}

/// The loop of a counting processor over a memory log and store, turned by hand.
struct CountingRun {
  static let partitions: Int32 = 4

  let log: MemoryLog
  let store: MemoryStore
  let metrics = MetricsRegistry()

  static var allPartitions: [PartitionID] {
    (0..<partitions).map { PartitionID(topic: CountingProcessor.input, partition: $0) }
  }

  /// A new process: nothing but log and store is shared with the ones before.
  func loop(
    source: MemorySource,
    plan: @escaping @Sendable (Int) -> MemorySink.Fate = { _ in .written },
    limits: LoopLimits
  ) -> PipelineLoop<CountingProcessor> {
    let log = log
    return PipelineLoop(
      processor: CountingProcessor(),
      source: source,
      store: store,
      playbooks: store,
      makeSink: { () throws(AdapterFailure) in MemorySink(log, plan: plan) },
      limits: limits,
      health: Health(needs: []),
      metrics: metrics,
      logger: .silent
    )
  }

  /// Messages as a subscriber counts them: in partition order, repeats dropped by their sequence; nil when one is
  /// missing.
  func messages() -> [[UInt8]: [String]]? {
    var heard: [[UInt8]: [String]] = [:]
    for record in log.records(ofTopic: CountingProcessor.output) where record.header(Topic.controlHeader) == nil {
      let text = String(decoding: record.value ?? [], as: UTF8.self)
      guard let sequence = text.split(separator: " ").first.flatMap({ Int($0) }) else { return nil }
      let count = heard[record.key]?.count ?? 0
      if sequence <= count { continue }
      guard sequence == count + 1 else { return nil }
      heard[record.key, default: []].append(text)
    }
    return heard
  }
}
