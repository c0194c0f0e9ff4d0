import CRDKafka
import Dispatch
import PipelinePorts
import Synchronization

/// The polling thread of a consumer.
///
/// `@unchecked Sendable`: `run` and the callbacks that librdkafka makes from inside its polls use the private state,
/// all on the one thread; other threads reach only `shared`, `handle` and `lane`, which are Sendable themselves.
final class ConsumerLoop: @unchecked Sendable {
  /// How often the thread looks around when nothing wakes it.
  static let tick = Duration.milliseconds(100)
  /// How long a full mailbox is waited for before the partitions are paused at the broker's side. Pausing throws away
  /// what librdkafka has fetched ahead, so a short hiccup must not.
  static let stallPatience = Duration.milliseconds(200)
  /// Records handed over at once, so that the first of a big fetch do not wait for the last.
  static let batchMax = 2_000

  let handle: KafkaClientHandle
  let shared: ConsumerShared
  let lane = BlockingLane("kafka-watermarks")

  private let settings: KafkaConsumerSettings
  private let wakeQueue: OpaquePointer
  private var slots = PartitionSlots()
  private var batch: [LogRecord] = []
  private var isStalled = false {
    didSet { stalled.store(isStalled, ordering: .relaxed) }
  }
  /// For those who ask from elsewhere.
  private let stalled = Atomic<Bool>(false)
  private var isLeaving = false
  /// A revocation that waits for the owner, and for how long.
  private var releaseBy: ContinuousClock.Instant?
  /// Its partitions: the owner may still hint what it finishes.
  private var releasing: Set<PartitionID> = []

  private final class Callbacks: KafkaCallbacks, @unchecked Sendable {
    /// Set once before the thread starts, read on the thread alone.
    weak var loop: ConsumerLoop?
    override func clientFailed(_ error: rd_kafka_resp_err_t) { loop?.clientFailed(error) }
    override func rebalanced(
      _ error: rd_kafka_resp_err_t,
      _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) { loop?.rebalanced(error, partitions) }
  }

  init(_ connection: KafkaConnection, _ settings: KafkaConsumerSettings) throws(KafkaOpeningFailure) {
    let callbacks = Callbacks(log: connection.log)
    let handle = try KafkaClientHandle(
      RD_KAFKA_CONSUMER,
      connection,
      role: settings.role,
      callbacks: callbacks
    ) { conf in
      rd_kafka_conf_set_rebalance_cb(conf) { _, error, partitions, opaque in
        KafkaCallbacks.of(opaque)?.rebalanced(error, partitions)
      }
      if settings.syncsLastAsLeader { LeaderPause.install(on: conf) }
    }
    rd_kafka_poll_set_consumer(handle.pointer)
    let queue = KafkaQueue(rd_kafka_queue_get_consumer(handle.pointer))
    self.handle = handle
    self.settings = settings
    wakeQueue = queue.pointer
    shared = ConsumerShared(
      limits: SourceMailbox.Limits(recordsMax: settings.recordsQueuedMax, bytesMax: settings.bytesQueuedMax),
      wakeClient: { _ = handle.gate.within { rd_kafka_queue_yield(queue.pointer) } }
    )
    callbacks.loop = self
  }

  /// Fetching stands still because the owner takes nothing.
  var isFetchStalled: Bool { stalled.load(ordering: .relaxed) }

  func subscribe(_ topics: [String]) throws(AdapterFailure) {
    let list = TopicPartitionList(topics: topics)
    let error = list.withPointer { rd_kafka_subscribe(handle.pointer, $0) }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaFailure.make(error, "subscribe to \(topics.joined(separator: ", "))")
    }
  }

  /// The thread never came to be.
  func abandon() {
    shared.finish()
    destroy(leavingGroup: false)
  }

  func run() {
    while true {
      let (commands, isClosing, isFull) = shared.state.withLock { state in
        defer { state.commands.removeAll(keepingCapacity: true) }
        return (state.commands, state.isClosing, state.mailbox.isFull)
      }
      for command in commands { execute(command) }
      if isClosing { break }
      releaseIfDue()
      let now = ContinuousClock.now
      shared.expire(at: now)
      if isFull && !isStalled && releaseBy == nil {
        waitForRoom()
      } else {
        takeUpIfRoom()
        fetch(waiting: nextWait(from: now))
      }
    }
    leave()
  }

  // MARK: Fetching

  /// Until the next thing that must happen without a call; the owner's `poll` compares its deadline with this.
  private func nextWait(from now: ContinuousClock.Instant) -> Duration {
    let releaseBy = releaseBy
    return shared.state.withLock { state in
      var until = now + Self.tick
      if let waiter = state.waiter { until = min(until, waiter.deadline) }
      if let releaseBy { until = min(until, releaseBy) }
      if !state.commands.isEmpty || state.isClosing { until = now }
      state.looksAgain = until
      return max(.zero, until - now)
    }
  }

  private func fetch(waiting: Duration) {
    var message = rd_kafka_consumer_poll(handle.pointer, waiting.wholeMilliseconds)
    while let current = message {
      take(current)
      rd_kafka_message_destroy(current)
      guard batch.count < Self.batchMax else { break }
      message = rd_kafka_consumer_poll(handle.pointer, 0)
    }
    flushBatch()
  }

  private func flushBatch() {
    guard !batch.isEmpty else { return }
    let records = batch
    batch = []
    shared.deliver { $0.append(records) }
  }

  private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
    let error = message.pointee.err
    if error != RD_KAFKA_RESP_ERR_NO_ERROR {
      failed(message, error)
      return
    }
    // A record of a partition that is not being read, or one that was seen before a pause made librdkafka fetch
    // again, is none of ours.
    guard let id = slots.accept(message) else { return }
    batch.append(RecordReader.copy(message, partition: id))
  }

  private func failed(_ message: UnsafeMutablePointer<rd_kafka_message_t>, _ error: rd_kafka_resp_err_t) {
    flushBatch()
    if error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE {
      if let id = slots.stop(message) { reportOutOfRange(id, position: message.pointee.offset) }
      return
    }
    let failure = KafkaFailure.make(error, "consume as a member of \(settings.group)")
    shared.deliver { $0.failed(failure) }
  }

  /// The low watermark is asked for elsewhere, because asking blocks.
  private func reportOutOfRange(_ id: PartitionID, position: Int64) {
    let generation = slots.generation
    let (handle, shared) = (handle, shared)
    lane.submit { [weak self] in
      let marks = Watermarks.query(handle, id, timeout: KafkaEventSource.watermarkTimeout)
      let low = (try? marks.get())?.low ?? -1
      guard let self, self.currentGeneration.load(ordering: .acquiring) == generation else { return }
      shared.deliver { $0.outOfRange(id, position: position, low: low) }
    }
  }

  /// The generation of the assignment, for the lane.
  private let currentGeneration = Atomic<Int>(0)

  // MARK: Backpressure

  /// Waits for the owner to take something; past the patience the partitions are paused, so that the poll that serves
  /// rebalances brings no more records.
  private func waitForRoom() {
    let waits = shared.state.withLock { state in
      state.waitsForRoom = state.mailbox.isFull && state.commands.isEmpty && !state.isClosing
      return state.waitsForRoom
    }
    guard waits else { return }
    let patience = DispatchTime.now() + .milliseconds(Int(Self.stallPatience.wholeMilliseconds))
    if shared.room.wait(timeout: patience) == .success { return }
    let stillFull = shared.state.withLock { state in
      defer { state.waitsForRoom = false }
      return state.waitsForRoom
    }
    guard stillFull else {
      // The signal is on its way; take it, or the next wait would end at once.
      shared.room.wait()
      return
    }
    isStalled = true
    applyPause(slots.running)
  }

  private func takeUpIfRoom() {
    guard isStalled, shared.state.withLock({ $0.mailbox.isHalfEmpty }) else { return }
    isStalled = false
    applyPause(slots.running)
  }

  /// Sets librdkafka's pause of these to what owner and backpressure want together.
  @discardableResult
  private func applyPause(_ ids: [PartitionID]) -> rd_kafka_resp_err_t {
    let paused = ids.filter { isStalled || slots.isPaused($0) }
    let running = ids.filter { !isStalled && !slots.isPaused($0) }
    var error = RD_KAFKA_RESP_ERR_NO_ERROR
    if !paused.isEmpty {
      let list = TopicPartitionList(paused)
      error = list.withPointer { rd_kafka_pause_partitions(handle.pointer, $0) }
      if error == RD_KAFKA_RESP_ERR_NO_ERROR { error = list.firstError() }
    }
    if !running.isEmpty {
      let list = TopicPartitionList(running)
      let second = list.withPointer { rd_kafka_resume_partitions(handle.pointer, $0) }
      if error == RD_KAFKA_RESP_ERR_NO_ERROR { error = second }
      if error == RD_KAFKA_RESP_ERR_NO_ERROR { error = list.firstError() }
    }
    return error
  }

  // MARK: Commands

  private func execute(_ command: ConsumerCommand) {
    switch command {
    case .start(let offsets, let answer): answer.resume(returning: start(offsets))
    case .pause(let ids, let isPaused, let answer):
      let error = pause(ids, isPaused)
      answer.resume(
        returning: error == RD_KAFKA_RESP_ERR_NO_ERROR
          ? .success(()) : .failure(KafkaFailure.make(error, isPaused ? "pause partitions" : "resume partitions"))
      )
    case .hint(let offsets): hint(offsets)
    }
  }

  private func pause(_ ids: [PartitionID], _ isPaused: Bool) -> rd_kafka_resp_err_t {
    let running = slots.setPaused(ids, isPaused)
    // Pausing: first librdkafka, then what it had already handed over. Resuming: the older records first.
    if !isPaused { shared.deliver { $0.resume(ids) } }
    let error = applyPause(running)
    if isPaused { shared.deliver { mailbox in mailbox.pause(ids.filter { slots.contains($0) }) } }
    return error
  }

  private func start(_ offsets: [PartitionID: Int64]) -> Result<Void, AdapterFailure> {
    guard !isLeaving else { return .failure(KafkaFailure.closed("Kafka consumer")) }
    let startable = shared.state.withLock { state in
      let startable = offsets.filter { state.mailbox.mayStart($0.key) }
      state.mailbox.restart(Array(startable.keys))
      return startable
    }
    guard slots.start(startable) else { return .success(()) }
    let running = slots.positions
    let list = TopicPartitionList(running.map { ($0.id, $0.next) }, count: running.count)
    let error = list.withPointer { rd_kafka_assign(handle.pointer, $0) }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
      return .failure(KafkaFailure.make(error, "start partitions"))
    }
    // An assignment may have dropped the pauses; those that should run do already.
    let held = slots.running.filter { isStalled || slots.isPaused($0) }
    let pauseError = applyPause(held)
    return pauseError == RD_KAFKA_RESP_ERR_NO_ERROR
      ? .success(()) : .failure(KafkaFailure.make(pauseError, "pause started partitions"))
  }

  private func hint(_ offsets: [PartitionID: Int64]) {
    let owned = offsets.filter { id, offset in
      offset >= 0 && (slots.contains(id) || releasing.contains(id))
    }
    guard !owned.isEmpty else { return }
    let list = TopicPartitionList(owned.map { ($0.key, $0.value) }, count: owned.count)
    // Nothing is done about an error: a hint is never read back, and the next one replaces it.
    _ = list.withPointer { rd_kafka_commit(handle.pointer, $0, 1) }
  }

  // MARK: Rebalances

  private func rebalanced(
    _ error: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    flushBatch()
    if error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !isLeaving {
      assigned(TopicPartitionList.partitions(of: list))
    } else {
      revoked()
    }
  }

  /// Answers the group at once with an empty assignment, so that a slow claim at the store never holds up the next
  /// rebalance; `start` assigns with offsets.
  private func assigned(_ ids: [PartitionID]) {
    // The group cannot assign before the release; were it otherwise, a late one would drop this assignment.
    releaseBy = nil
    releasing = []
    slots.replace(with: ids)
    currentGeneration.store(slots.generation, ordering: .releasing)
    isStalled = false
    let nothingYet = TopicPartitionList([])
    let error = nothingYet.withPointer { rd_kafka_assign(handle.pointer, $0) }
    shared.deliver { mailbox in
      mailbox.assigned(ids)
      if error != RD_KAFKA_RESP_ERR_NO_ERROR { mailbox.failed(KafkaFailure.make(error, "accept an assignment")) }
    }
  }

  private func revoked() {
    let ids = slots.all
    slots.replace(with: [])
    currentGeneration.store(slots.generation, ordering: .releasing)
    isStalled = false
    shared.deliver { $0.revoked(ids) }
    // A lost assignment is another's already: waiting would only prolong the rejoin.
    let waits = !isLeaving && settings.releaseGrace > .zero && rd_kafka_assignment_lost(handle.pointer) == 0
    if waits {
      releaseBy = ContinuousClock.now + settings.releaseGrace
      releasing = Set(ids)
    } else {
      release()
    }
  }

  private func releaseIfDue() {
    guard let releaseBy else { return }
    let mayRelease = shared.state.withLock { $0.mailbox.mayRelease }
    if mayRelease || ContinuousClock.now >= releaseBy { release() }
  }

  private func release() {
    releaseBy = nil
    releasing = []
    shared.state.withLock { $0.mailbox.releaseAnyway() }
    let error = rd_kafka_assign(handle.pointer, nil)
    guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    shared.deliver { $0.failed(KafkaFailure.make(error, "release partitions")) }
  }

  private func clientFailed(_ error: rd_kafka_resp_err_t) {
    // A single broker's connection comes and goes by itself; all of them down concerns readiness.
    guard error != RD_KAFKA_RESP_ERR__TRANSPORT, error != RD_KAFKA_RESP_ERR__RESOLVE else { return }
    let action = "consume as a member of \(settings.group)"
    let failure =
      error == RD_KAFKA_RESP_ERR__FATAL
      ? KafkaFailure.fatal(of: handle.pointer, action) : KafkaFailure.make(error, action)
    shared.deliver { $0.failed(failure) }
  }

  // MARK: Leaving

  private func leave() {
    isLeaving = true
    if releaseBy != nil { release() }
    let left = leaveGroup()
    shared.deliver { $0.revoked(slots.all) }
    destroy(leavingGroup: left)
    shared.finish()
  }

  /// False when the time was over before the group had answered.
  private func leaveGroup() -> Bool {
    let deadline = ContinuousClock.now + settings.closeTimeout
    let queue = rd_kafka_queue_new(handle.pointer)
    defer { rd_kafka_queue_destroy(queue) }
    if KafkaFailure.take(rd_kafka_consumer_close_queue(handle.pointer, queue), "leave the group") != nil {
      return false
    }
    while rd_kafka_consumer_closed(handle.pointer) == 0 {
      guard ContinuousClock.now < deadline else { return false }
      guard let event = rd_kafka_queue_poll(queue, Self.tick.wholeMilliseconds) else { continue }
      if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE { rd_kafka_assign(handle.pointer, nil) }
      rd_kafka_event_destroy(event)
    }
    return true
  }

  private func destroy(leavingGroup: Bool) {
    handle.gate.closeAndWait()
    rd_kafka_queue_destroy(wakeQueue)
    handle.destroy(leavingGroup: leavingGroup)
  }
}

/// A queue of librdkafka's; thread-safe by itself, and only used inside the client's gate.
private struct KafkaQueue: @unchecked Sendable {
  let pointer: OpaquePointer
  init(_ pointer: OpaquePointer) { self.pointer = pointer }
}
