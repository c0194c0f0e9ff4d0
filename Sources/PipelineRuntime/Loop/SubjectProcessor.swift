import EventModel
import PipelinePorts

/// A service's own logic: a pure state machine per subject that the loop feeds with records and the clock.
///
/// Everything a processor computes is a function of the log (control records included) and the state it is given, so
/// that a re-read after a crash repeats it byte for byte (SEMANTICS, law 2). It never waits, reads a clock or calls
/// out; what it wants written goes into the `LaneContext`.
package protocol SubjectProcessor: Sendable {
  /// A decoded record.
  associatedtype Input: Sendable
  associatedtype State: Sendable
  /// A tenant's playbook in the form this service computes with.
  associatedtype Program: Sendable
  /// What a lane remembers beside its subjects; stored with the lane's offsets.
  associatedtype Memory: Sendable
  /// Something to be done in the world once the decision to do it is committed; `Never` for most services.
  associatedtype Effect: Sendable = Never
  associatedtype EffectResult: Sendable = Never

  /// The consumer group, also the owner's name of its rows in the store.
  var group: String { get }
  /// Co-partitioned topics that one lane reads together; the first is the lane's home.
  var families: [LaneFamily] { get }
  /// Whether subjects with a timer are visited when a lane is taken over, to find what a predecessor left half done.
  var visitsTimersOnClaim: Bool { get }

  func compile(_ playbook: StoredPlaybook) throws(AdapterFailure) -> Program
  /// Whether `*` ticks move the clock of a tenant with this playbook.
  func isLive(_ program: Program) -> Bool

  /// Decodes a record; `programs` are the playbooks in force in the record's lane, by tenant.
  func route(_ record: LogRecord, programs: [String: Program]) -> Routing<Input>

  func initialMemory() -> Memory
  func encode(_ memory: Memory) -> [UInt8]
  func decodeMemory(_ bytes: [UInt8]) throws(AdapterFailure) -> Memory

  func initialState(of key: [UInt8]) -> State
  func encode(_ state: State) -> [UInt8]
  func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State
  /// The next instant at which the clock alone changes something.
  func due(_ state: State, program: Program?) -> Instant?
  /// What queries read of the subject: a JSON object; nil leaves the stored one.
  func projection(_ state: State, program: Program?) -> [UInt8]?

  func apply(_ input: Input, to state: inout State, program: Program?, in lane: inout LaneContext<Memory, Effect>)
  func advance(
    _ state: inout State,
    through instant: Instant,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  )

  /// The tenant's clock in this lane passed to `instant`, after due subjects advanced. Answers whether each subject of
  /// the tenant must be visited now.
  func clockPassed(
    _ tick: Tick,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  ) -> Visit
  /// A control record other than a tick or an activation.
  func control(_ record: ControlRecord, program: Program?, in lane: inout LaneContext<Memory, Effect>) -> Visit
  /// One subject of a visit; false when its state did not change.
  func visit(
    _ state: inout State,
    why: Visit,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  ) -> Bool
  /// After the last subject of a visit.
  func visited(_ why: Visit, program: Program?, in lane: inout LaneContext<Memory, Effect>)
  /// What became of an effect that this subject asked for.
  func completed(
    _ result: EffectResult,
    of state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  )
  /// After a tick or activation and all it caused: pass it on to the topics this service writes.
  func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory, Effect>)
}

// Each asks for a subject's state once: it is large, and is copied where it is read out of a lane's memory.
extension SubjectProcessor {
  /// What is stored of a subject.
  func write(of state: State, key: [UInt8], program: Program?) -> SubjectWrite {
    SubjectWrite(
      key: key,
      state: encode(state),
      due: due(state, program: program),
      projection: projection(state, program: program)
    )
  }

  /// Fires what is due, where `instant` says through when, takes the record in, and finds what is due next.
  func decide(
    _ input: Input,
    of state: inout State,
    firingThrough instant: Instant?,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  ) -> Instant? {
    if let instant { advance(&state, through: instant, program: program, in: &lane) }
    apply(input, to: &state, program: program, in: &lane)
    return due(state, program: program)
  }
}

/// Topics with equal partition counts whose partition p is read by one lane.
package struct LaneFamily: Hashable, Sendable {
  /// The first is the home: its row holds the lane's memory and outbox.
  package var topics: [String]
  /// The clocks the lane's time is the minimum of.
  package var clocks: [ClockSource]

  package init(topics: [String], clocks: [ClockSource]) {
    self.topics = topics
    self.clocks = clocks
  }
}

/// A clock is known by the topic it is read from and the topic whose partition it was first the clock of.
package struct ClockSource: Hashable, Comparable, Sendable {
  package var topic: String
  package var origin: String

  package init(topic: String, origin: String) {
    self.topic = topic
    self.origin = origin
  }

  package static func < (left: ClockSource, right: ClockSource) -> Bool {
    (left.topic, left.origin) < (right.topic, right.origin)
  }
}

/// What a record is for the loop.
package enum Routing<Input: Sendable>: Sendable {
  /// A record of the subject `key`; `receivedAt` moves the clock `source` of the subject's tenant.
  case subject(key: [UInt8], receivedAt: Instant?, source: ClockSource, Input)
  case control(ControlRecord)
  /// Not for this service.
  case skip
  case poison(DeadLetterReason)
}

/// Why a record cannot be used; no payload, no personal data.
package struct DeadLetterReason: Hashable, Sendable {
  package var category: String
  package var path: String
  package var message: String

  package init(category: String, path: String, message: String) {
    self.category = category
    self.path = path
    self.message = message
  }
}

/// The clock of a tenant in a lane moved.
package struct Tick: Hashable, Sendable {
  package var tenant: String
  /// Timers due at or before this instant have fired.
  package var through: Instant
  package var previous: Instant?
  /// The last tick of an import.
  package var ends: Bool
}

package enum Visit: Hashable, Sendable {
  case none
  /// Visit every subject of the tenant; `why` is the processor's own.
  case everySubject(tenant: String, why: String, asOf: Instant)
}

extension SubjectProcessor {
  package var visitsTimersOnClaim: Bool { false }

  // Most services ask for no visits.
  package func visit(
    _ state: inout State,
    why: Visit,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  ) -> Bool { false }

  package func visited(_ why: Visit, program: Program?, in lane: inout LaneContext<Memory, Effect>) {}
}

extension SubjectProcessor where EffectResult == Never {
  package func completed(
    _ result: Never,
    of state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, Effect>
  ) {}
}

/// An effect with the subject that asked for it.
package struct RequestedEffect<Effect: Sendable>: Sendable {
  package var subject: [UInt8]
  /// Unique within the lane: the touch's id.
  package var id: String
  package var effect: Effect
}
