import EventCodec
import EventModel
import Messaging
import PipelinePorts
import PipelineRuntime
import Playbook

/// One attempt at one channel, as the loop carries it out after its commit.
package struct DeliveryEffect: Sendable {
  package let channel: ChannelDefinition
  package let message: OutgoingMessage
}

/// What came of an attempt.
package struct DeliveryEffectResult: Sendable {
  package let touch: String
  package let result: DeliveryResult

  package init(touch: String, result: DeliveryResult) {
    self.touch = touch
    self.result = result
  }
}

/// The notifier: decided touches in; deliveries and their receipts out.
///
/// "Attempting" is committed before the channel is called and the outcome after, so that a crash in between leaves an
/// attempt whose outcome is not known: an idempotent receiver gets the same message id again, any other never.
package struct NotifierProcessor: SubjectProcessor {
  package let group = "notifier"
  package let families = [
    LaneFamily(topics: [Topic.touches], clocks: [ClockSource(topic: Topic.touches, origin: Topic.events)])
  ]
  package let visitsTimersOnClaim = true

  package init() {}

  package struct Memory: Sendable {}

  package func initialMemory() -> Memory { Memory() }
  package func encode(_ memory: Memory) -> [UInt8] { [] }
  package func decodeMemory(_ bytes: [UInt8]) -> Memory { Memory() }

  package struct Program: Sendable {
    let channels: [String: ChannelDefinition]
    let clock: TenantClock
  }

  package func compile(_ stored: StoredPlaybook) throws(AdapterFailure) -> Program {
    let playbook = try StoredPlaybookCompiler.compile(stored)
    return Program(
      channels: Dictionary(playbook.channels.map { ($0.name, $0) }, uniquingKeysWith: { $1 }),
      clock: playbook.clock
    )
  }

  package func isLive(_ program: Program) -> Bool { program.clock == .live }

  // MARK: Records

  /// A touch that was decided.
  package struct Input: Sendable {
    let touch: PlannedTouch
    let template: TemplateDefinition
    let sequence: Int64
  }

  package func route(_ record: LogRecord, programs: [String: Program]) -> Routing<Input> {
    switch ControlMessage.decode(record) {
    case .success(let control)?: return .control(control)
    case .failure(let reason)?: return .poison(reason)
    case nil: break
    }
    do throws(DecodeFailure) {
      let message = try ReceivedMessage(decoding: record)
      guard message.text("status") == "decided" else { return .skip }
      let source = ClockSource(topic: Topic.touches, origin: Topic.events)
      return .subject(
        key: record.key,
        receivedAt: message.decidedAt,
        source: source,
        try Self.input(of: message)
      )
    } catch {
      return .poison(DeadLetterReason(error))
    }
  }

  private static func input(of message: ReceivedMessage) throws(DecodeFailure) -> Input {
    func text(_ name: String) throws(DecodeFailure) -> String {
      guard let text = message.text(name) else {
        throw DecodeFailure(.envelope, path: "/data/\(name)", expected: "a string", found: "none")
      }
      return text
    }
    guard let decidedAt = message.decidedAt, let expiresAt = message.instant("expiresAt") else {
      throw DecodeFailure(.envelope, path: "/data/expiresAt", expected: "a time", found: "none")
    }
    let touch = PlannedTouch(
      id: try text("touch"),
      subject: message.event.subject,
      source: try text("by"),
      step: Int(message.number("step") ?? 0),
      channel: try text("channel"),
      decidedAt: decidedAt,
      expiresAt: expiresAt,
      isReplay: message.mode == .replay
    )
    // The text was filled in by the scheduler; here it has no places left.
    let template = TemplateDefinition(
      name: try text("template"),
      kind: try text("kind"),
      voice: message.text("voice"),
      text: message.text("text") ?? ""
    )
    return Input(touch: touch, template: template, sequence: message.sequence)
  }

  // MARK: State

  package struct State: Sendable { var notifier: NotifierState }

  package func initialState(of key: [UInt8]) -> State {
    let text = String(decoding: key, as: UTF8.self)
    return State(notifier: NotifierState(subject: Subject(key: text) ?? Subject(tenant: "", kind: .member, id: text)))
  }

  package func encode(_ state: State) -> [UInt8] { state.notifier.encoded() }

  package func decodeState(_ bytes: [UInt8]) throws(AdapterFailure) -> State {
    State(notifier: try NotifierState(decoding: bytes))
  }

  /// An attempt under way is due at once: whoever finds it without having begun it recovers it.
  package func due(_ state: State, program: Program?) -> Instant? {
    state.notifier.deliveries.map { $0.state.nextAttemptAt ?? $0.state.updatedAt }.min()
  }

  package func projection(_ state: State, program: Program?) -> [UInt8]? { nil }

  // MARK: Deciding

  package func apply(
    _ input: Input,
    to state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) {
    guard input.sequence > state.notifier.taken else {
      return lane.count("hearth_repeats_dropped_total", help: "Messages seen before, by their sequence.")
    }
    state.notifier.taken = input.sequence
    guard let delivery = Self.delivery(of: input, room: state.notifier.deliveries.count, program: program) else {
      return refuse(input, of: &state, in: &lane)
    }
    state.notifier.deliveries.append(delivery)
    attempt(state.notifier.deliveries.count - 1, of: &state, at: input.touch.decidedAt, program, in: &lane)
    settle(&state, in: &lane)
  }

  private static func delivery(of input: Input, room: Int, program: Program?) -> NotifierState.Delivery? {
    guard room < NotifierState.deliveriesMax, let channel = program?.channels[input.touch.channel],
      let plan = try? DeliveryPlan(touch: input.touch, template: input.template, field: { _ in nil }),
      let state = DeliveryState(
        touch: input.touch.id,
        channel: channel.name,
        isIdempotent: true,
        body: plan.body,
        expiresAt: input.touch.expiresAt,
        at: input.touch.decidedAt
      )
    else { return nil }
    return NotifierState.Delivery(
      state: state,
      source: input.touch.source,
      kind: input.template.kind,
      template: input.template.name,
      isReplay: input.touch.isReplay
    )
  }

  /// A touch that cannot be delivered at all: one receipt says so.
  private func refuse(
    _ input: Input,
    of state: inout State,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) {
    let receipt = DeliveryReceipt(
      touch: input.touch.id,
      channel: input.touch.channel,
      status: .failed,
      attempts: 0,
      reason: "no channel or no room for it",
      at: lane.clock
    )
    publish(
      receipt,
      source: input.touch.source,
      kind: input.template.kind,
      template: input.template.name,
      isReplay: input.touch.isReplay,
      of: &state,
      in: &lane
    )
  }

  package func advance(
    _ state: inout State,
    through instant: Instant,
    program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) {
    for index in state.notifier.deliveries.indices {
      attempt(index, of: &state, at: instant, program, in: &lane)
    }
    settle(&state, in: &lane)
  }

  package func visit(
    _ state: inout State,
    why: Visit,
    program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) -> Bool {
    guard state.notifier.deliveries.contains(where: { $0.state.status == .attempting }) else { return false }
    for index in state.notifier.deliveries.indices where state.notifier.deliveries[index].state.status == .attempting {
      attempt(index, of: &state, at: state.notifier.deliveries[index].state.updatedAt, program, in: &lane)
    }
    settle(&state, in: &lane)
    return true
  }

  private func attempt(
    _ index: Int,
    of state: inout State,
    at instant: Instant,
    _ program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) {
    var delivery = state.notifier.deliveries[index]
    let touch = delivery.state.touch
    if delivery.state.status == .attempting {
      guard !lane.inFlight.contains(touch) else { return }
      delivery.state.recover(at: instant, jitter: 0)
      lane.count("hearth_deliveries_recovered_total", help: "Attempts found begun by a process that is gone.")
    }
    if let next = delivery.state.nextAttemptAt {
      // A retry after a recovery goes at once: its wait has passed with the process that began it.
      let when = max(instant, lane.inFlight.isEmpty && delivery.state.attempts > 0 ? instant : next)
      if case .attempt = delivery.state.begin(at: max(when, delivery.isReplay ? next : when)),
        let channel = program?.channels[delivery.state.channel]
      {
        let message = OutgoingMessage(
          tenant: state.notifier.subject.tenant,
          touch: touch,
          body: delivery.state.body,
          attemptedAt: delivery.state.updatedAt,
          isReplay: delivery.isReplay
        )
        lane.request(
          DeliveryEffect(channel: channel, message: message),
          id: touch,
          of: state.notifier.subject.keyBytes
        )
      }
    }
    state.notifier.deliveries[index] = delivery
  }

  package func completed(
    _ result: DeliveryEffectResult,
    of state: inout State,
    program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) {
    guard let index = state.notifier.deliveries.firstIndex(where: { $0.state.touch == result.touch }) else { return }
    let instant = max(lane.clock, state.notifier.deliveries[index].state.updatedAt)
    state.notifier.deliveries[index].state.finish(
      AttemptOutcome(result.result),
      at: instant,
      jitter: Self.jitter(of: result.touch)
    )
    settle(&state, in: &lane)
  }

  /// Publishes the receipts of settled deliveries and forgets them.
  private func settle(_ state: inout State, in lane: inout LaneContext<Memory, DeliveryEffect>) {
    for delivery in state.notifier.deliveries where delivery.state.isSettled {
      publish(
        delivery.state.receipt,
        source: delivery.source,
        kind: delivery.kind,
        template: delivery.template,
        isReplay: delivery.isReplay,
        of: &state,
        in: &lane
      )
    }
    state.notifier.deliveries.removeAll { $0.state.isSettled }
  }

  private func publish(
    _ receipt: DeliveryReceipt,
    source: String,
    kind: String,
    template: String,
    isReplay: Bool,
    of state: inout State,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) {
    state.notifier.sequence += 1
    let message = ReceiptMessage(receipt: receipt, source: source, kind: kind, template: template, isReplay: isReplay)
    lane.emit(
      message.published(of: state.notifier.subject, sequence: state.notifier.sequence).record(in: lane)
    )
    lane.write(message.row(tenant: state.notifier.subject.tenant))
    lane.count(
      "hearth_deliveries_total",
      help: "Deliveries by outcome.",
      labels: [.init("status", receipt.status.rawValue)]
    )
    // A delivery is an event of the member too; history that is replayed already has its own.
    if receipt.status == .sent, !isReplay, let event = message.event(of: state.notifier.subject, in: lane) {
      lane.emit(event)
    }
  }

  /// 0 … 1000, spread by the touch's id: nothing random, so that a re-read decides alike.
  private static func jitter(of touch: String) -> Int {
    Int(touch.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % 1001)
  }

  // MARK: The clock

  package func clockPassed(
    _ tick: Tick,
    program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) -> Visit { .none }

  package func control(
    _ record: ControlRecord,
    program: Program?,
    in lane: inout LaneContext<Memory, DeliveryEffect>
  ) -> Visit { .none }

  package func passOn(_ record: ControlRecord, in lane: inout LaneContext<Memory, DeliveryEffect>) {}
}

extension AttemptOutcome {
  fileprivate init(_ result: DeliveryResult) {
    self =
      switch result {
      case .sent: .sent
      case .retriable(let reason, let retryAfter): .retriable(reason: reason, retryAfter: retryAfter)
      case .permanent(let reason): .permanent(reason: reason)
      case .disabled(let reason): .disabled(reason: reason)
      case .unknown(let reason): .unknown(reason: reason)
      }
  }
}
