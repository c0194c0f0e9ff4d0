import CRDKafka
import Dispatch
import PipelinePorts
import Synchronization

/// What an owner asks of the polling thread.
enum ConsumerCommand: Sendable {
  typealias Answer = CheckedContinuation<Result<Void, AdapterFailure>, Never>
  case start([PartitionID: Int64], Answer)
  case pause([PartitionID], Bool, Answer)
  case hint([PartitionID: Int64])

  var answer: Answer? {
    switch self {
    case .start(_, let answer), .pause(_, _, let answer): answer
    case .hint: nil
    }
  }
}

/// The meeting place of a source's owner and its polling thread.
///
/// Everything that changes stands in `state`; continuations are resumed and librdkafka is woken after the lock.
final class ConsumerShared: Sendable {
  /// Commands that may wait for the thread; hints over it are dropped, others refused.
  static let commandsMax = 1_024

  struct Waiter {
    var recordsMax: Int
    var deadline: ContinuousClock.Instant
    var continuation: CheckedContinuation<SourceHappening?, Never>
  }

  struct State {
    var mailbox: SourceMailbox
    var waiter: Waiter?
    var commands: [ConsumerCommand] = []
    var isClosing = false
    var isClosed = false
    var closers: [CheckedContinuation<Void, Never>] = []
    /// The thread waits at `room` for the owner to take something.
    var waitsForRoom = false
    /// The thread looks by itself at this instant.
    var looksAgain: ContinuousClock.Instant

    /// Hands the waiter what there is.
    mutating func matched() -> (Waiter, SourceHappening)? {
      guard let waiter, let happening = mailbox.take(recordsMax: waiter.recordsMax) else { return nil }
      self.waiter = nil
      return (waiter, happening)
    }
  }

  let state: Mutex<State>
  let room = DispatchSemaphore(value: 0)
  private let wakeClient: @Sendable () -> Void

  init(limits: SourceMailbox.Limits, wakeClient: @escaping @Sendable () -> Void) {
    state = Mutex(State(mailbox: SourceMailbox(limits: limits), looksAgain: ContinuousClock.now))
    self.wakeClient = wakeClient
  }

  // MARK: The owner's side

  private enum PollStep {
    case answer(SourceHappening?)
    case wait(wake: Bool)
  }

  func poll(timeout: Duration, recordsMax: Int) async -> SourceHappening? {
    let deadline = ContinuousClock.now + timeout
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waiter = Waiter(recordsMax: recordsMax, deadline: deadline, continuation: continuation)
        let (step, signalsRoom, replaced) = beginPoll(waiter, waits: timeout > .zero && !Task.isCancelled)
        if signalsRoom { room.signal() }
        replaced?.continuation.resume(returning: nil)
        switch step {
        case .answer(let happening): continuation.resume(returning: happening)
        case .wait(let wake):
          if wake { wakeClient() }
          // A cancellation that came before the waiter stood found nobody to end.
          if Task.isCancelled { expire(at: nil) }
        }
      }
    } onCancel: {
      expire(at: nil)
    }
  }

  private func beginPoll(_ waiter: Waiter, waits: Bool) -> (step: PollStep, signalsRoom: Bool, replaced: Waiter?) {
    state.withLock { state in
      let held = !state.mailbox.mayRelease
      state.mailbox.ownerCameBack()
      let released = held && state.mailbox.mayRelease
      let replaced = state.waiter
      state.waiter = nil
      let happening = state.mailbox.take(recordsMax: waiter.recordsMax)
      let signalsRoom = state.waitsForRoom && (happening != nil || released)
      if signalsRoom { state.waitsForRoom = false }
      if happening != nil || !waits || state.isClosed {
        return (.answer(happening), signalsRoom, replaced)
      }
      state.waiter = waiter
      return (.wait(wake: released || waiter.deadline < state.looksAgain), signalsRoom, replaced)
    }
  }

  /// Ends the waiter's wait with nil when its deadline has come (`nil`: at any rate).
  func expire(at now: ContinuousClock.Instant?) {
    let waiter = state.withLock { state -> Waiter? in
      guard let waiter = state.waiter, now.map({ $0 >= waiter.deadline }) ?? true else { return nil }
      state.waiter = nil
      return waiter
    }
    waiter?.continuation.resume(returning: nil)
  }

  /// Runs a command on the polling thread and waits for its result.
  func perform(_ make: (ConsumerCommand.Answer) -> ConsumerCommand) async throws(AdapterFailure) {
    let result = await withCheckedContinuation { answer in submit(make(answer)) }
    try result.get()
  }

  func submit(_ command: ConsumerCommand) {
    enum Step {
      case queued(signalsRoom: Bool)
      case refused(AdapterFailure)
    }
    let step = state.withLock { state -> Step in
      if state.isClosing { return .refused(KafkaFailure.closed("Kafka consumer")) }
      guard state.commands.count < Self.commandsMax else {
        return .refused(
          AdapterFailure(code: "_QUEUE_FULL", reason: "command of a Kafka consumer", disposition: .retriable)
        )
      }
      state.commands.append(command)
      defer { state.waitsForRoom = false }
      return .queued(signalsRoom: state.waitsForRoom)
    }
    switch step {
    case .queued(let signalsRoom):
      if signalsRoom { room.signal() } else { wakeClient() }
    case .refused(let failure):
      command.answer?.resume(returning: .failure(failure))
    }
  }

  func close() async {
    await withCheckedContinuation { continuation in requestClose(continuation) }
  }

  func requestClose(_ closer: CheckedContinuation<Void, Never>?) {
    let (isClosed, signalsRoom) = state.withLock { state in
      state.isClosing = true
      if !state.isClosed, let closer { state.closers.append(closer) }
      defer { state.waitsForRoom = false }
      return (state.isClosed, state.waitsForRoom)
    }
    if isClosed { closer?.resume() }
    if signalsRoom { room.signal() }
    wakeClient()
  }

  // MARK: The thread's side

  /// Changes the mailbox and hands a waiting owner what there is.
  func deliver(_ change: (inout SourceMailbox) -> Void) {
    let matched = state.withLock { state in
      change(&state.mailbox)
      return state.matched()
    }
    if let (waiter, happening) = matched { waiter.continuation.resume(returning: happening) }
  }

  /// The thread is gone: nobody is left waiting.
  func finish() {
    let (waiter, commands, closers) = state.withLock { state in
      state.isClosing = true
      state.isClosed = true
      defer {
        state.waiter = nil
        state.commands = []
        state.closers = []
      }
      return (state.waiter, state.commands, state.closers)
    }
    waiter?.continuation.resume(returning: nil)
    for command in commands {
      command.answer?.resume(returning: .failure(KafkaFailure.closed("Kafka consumer")))
    }
    for closer in closers { closer.resume() }
  }
}
