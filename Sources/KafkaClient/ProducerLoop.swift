import CRDKafka
import PipelinePorts
import Synchronization

/// A producer, the thread that gathers its delivery reports, and the calls that wait for them.
///
/// `@unchecked Sendable`: everything that changes stands in `state`; the handle is Sendable; `run` and the callbacks
/// that librdkafka makes from inside its polls are on the one thread.
final class ProducerLoop: @unchecked Sendable {
  static let tick = Duration.milliseconds(100)
  /// After a purge the reports come at once; this bounds the wait for them.
  private static let purgeTicksMax = 50

  private struct State {
    var ledger: DeliveryLedger
    var waiting: [UInt32: CheckedContinuation<DeliveryLedger.Outcome, Never>] = [:]
    var topics: [String: TopicHandle] = [:]
    /// Why the producer can write no more.
    var loss: AdapterFailure?
    var isClosing = false
    var isClosed = false
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  private final class Callbacks: KafkaCallbacks, @unchecked Sendable {
    /// Set once before the thread starts, read on the thread alone.
    weak var loop: ProducerLoop?
    override func reported(_ message: UnsafePointer<rd_kafka_message_t>) { loop?.reported(message) }
    override func clientFailed(_ error: rd_kafka_resp_err_t) {
      if error == RD_KAFKA_RESP_ERR__FATAL { loop?.lost() }
    }
  }

  private let handle: KafkaClientHandle
  private let settings: KafkaProducerSettings
  private let state: Mutex<State>

  init(_ connection: KafkaConnection, _ settings: KafkaProducerSettings) throws(KafkaOpeningFailure) {
    let callbacks = Callbacks(log: connection.log)
    handle = try KafkaClientHandle(RD_KAFKA_PRODUCER, connection, role: settings.role, callbacks: callbacks) { conf in
      rd_kafka_conf_set_dr_msg_cb(conf) { _, message, opaque in
        guard let message else { return }
        KafkaCallbacks.of(opaque)?.reported(message)
      }
    }
    self.settings = settings
    state = Mutex(
      State(ledger: DeliveryLedger(recordsMax: settings.recordsQueuedMax, bytesMax: settings.bytesQueuedMax))
    )
    callbacks.loop = self
  }

  var isLost: Bool { loss != nil }
  private var loss: AdapterFailure? { state.withLock { $0.loss } }
  var load: (records: Int, bytes: Int) { state.withLock { ($0.ledger.recordCount, $0.ledger.byteCount) } }

  // MARK: Writing

  func write(_ records: [OutboundRecord]) async -> DeliveryLedger.Outcome {
    await withCheckedContinuation { continuation in
      let opening = state.withLock { state -> DeliveryLedger.Opening in
        if state.isClosing { return .refused(KafkaFailure.closed("Kafka producer")) }
        if let loss = state.loss { return .refused(loss) }
        let opening = state.ledger.open(records)
        if case .opened(let number) = opening { state.waiting[number] = continuation }
        return opening
      }
      switch opening {
      case .refused(let failure): continuation.resume(returning: .failure(failure))
      case .opened(let number): enqueue(records, number)
      }
    }
  }

  /// From the first record that librdkafka refuses on, none is enqueued, so that what is written is a prefix per
  /// partition.
  private func enqueue(_ records: [OutboundRecord], _ number: UInt32) {
    var enqueued = 0
    let refusal: AdapterFailure? =
      handle.gate.within { () -> AdapterFailure? in
        var topic: TopicHandle?
        for (index, record) in records.enumerated() {
          if topic?.name != record.topic { topic = topicHandle(record.topic) }
          guard let topic else { return KafkaFailure.make(rd_kafka_last_error(), "write to \(record.topic)") }
          let opaque = DeliveryMark(number: number, index: index).pointer
          if let failure = RecordWriter.enqueue(record, to: topic, of: handle.pointer, opaque: opaque) {
            return failure
          }
          enqueued += 1
        }
        return nil
      } ?? (enqueued < records.count ? KafkaFailure.closed("Kafka producer") : nil)
    guard let refusal else { return }
    for index in enqueued..<records.count { settle(number, index, .failed(refusal)) }
  }

  private func topicHandle(_ name: String) -> TopicHandle? {
    if let known = state.withLock({ $0.topics[name] }) { return known }
    guard let pointer = rd_kafka_topic_new(handle.pointer, name, nil) else { return nil }
    let fresh = TopicHandle(name: name, pointer: pointer)
    let superfluous = state.withLock { state -> TopicHandle? in
      if state.topics[name] != nil { return fresh }
      state.topics[name] = fresh
      return nil
    }
    // librdkafka counts references to one topic object, so the other caller's is the same.
    if let superfluous { rd_kafka_topic_destroy(superfluous.pointer) }
    return fresh
  }

  private func settle(_ number: UInt32, _ index: Int, _ delivery: Delivery) {
    let finished = state.withLock {
      state -> (CheckedContinuation<DeliveryLedger.Outcome, Never>, DeliveryLedger.Outcome)? in
      guard let outcome = state.ledger.deliver(number, index, delivery),
        let waiting = state.waiting.removeValue(forKey: number)
      else { return nil }
      return (waiting, outcome)
    }
    if let (waiting, outcome) = finished { waiting.resume(returning: outcome) }
  }

  // MARK: The delivery thread

  func run() {
    while !state.withLock({ $0.isClosing }) {
      rd_kafka_poll(handle.pointer, Self.tick.wholeMilliseconds)
      if isLost { purge() }
    }
    if !isLost { rd_kafka_flush(handle.pointer, settings.closeTimeout.wholeMilliseconds) }
    finish()
  }

  /// The thread never came to be.
  func abandon() {
    state.withLock { $0.isClosing = true }
    finish()
  }

  func requestClose(_ closer: CheckedContinuation<Void, Never>?) {
    let isClosed = state.withLock { state in
      state.isClosing = true
      if !state.isClosed, let closer { state.closers.append(closer) }
      return state.isClosed
    }
    if isClosed { closer?.resume() }
  }

  /// No caller is inside any more when the last reports are awaited, so that each call gets an answer.
  private func finish() {
    handle.gate.closeAndWait()
    purge()
    for _ in 0..<Self.purgeTicksMax where rd_kafka_outq_len(handle.pointer) > 0 {
      rd_kafka_poll(handle.pointer, Self.tick.wholeMilliseconds)
    }
    let (topics, waiting, closers) = state.withLock { state in
      defer {
        state.isClosed = true
        state.topics = [:]
        state.waiting = [:]
        state.closers = []
      }
      return (state.topics.values.map(\.pointer), Array(state.waiting.values), state.closers)
    }
    for topic in topics { rd_kafka_topic_destroy(topic) }
    handle.destroy()
    var failure = KafkaFailure.closed("Kafka producer")
    failure.possiblyApplied = true
    for call in waiting { call.resume(returning: .failure(failure)) }
    for closer in closers { closer.resume() }
  }

  /// Fails everything that librdkafka still holds; the reports follow.
  private func purge() {
    rd_kafka_purge(handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
  }

  private func lost() {
    var loss = KafkaFailure.fatal(of: handle.pointer, "the Kafka producer must be made anew")
    // The call itself is sound: a new sink can write it.
    loss.disposition = .retriable
    state.withLock { state in
      if state.loss == nil { state.loss = loss }
    }
  }

  private func reported(_ message: UnsafePointer<rd_kafka_message_t>) {
    guard let mark = DeliveryMark(message.pointee._private) else { return }
    settle(mark.number, mark.index, delivery(of: message))
  }

  /// The status stands behind the public struct, so the message itself is asked, never a copy.
  private func delivery(of message: UnsafePointer<rd_kafka_message_t>) -> Delivery {
    let error = message.pointee.err
    if error == RD_KAFKA_RESP_ERR_NO_ERROR {
      return .written(partition: message.pointee.partition, offset: message.pointee.offset)
    }
    let possiblyApplied = rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED
    if error == RD_KAFKA_RESP_ERR__FATAL { lost() }
    if var loss {
      loss.possiblyApplied = possiblyApplied
      return .failed(loss)
    }
    return .failed(KafkaFailure.make(error, "write", possiblyApplied: possiblyApplied))
  }
}

/// A topic object of librdkafka's: thread-safe by itself, alive while the producer is.
struct TopicHandle: @unchecked Sendable {
  let name: String
  let pointer: OpaquePointer
}

/// A call's number and a record's index in it, as the word that librdkafka carries with each message.
struct DeliveryMark {
  let number: UInt32
  let index: Int

  init(number: UInt32, index: Int) {
    self.number = number
    self.index = index
  }

  init?(_ pointer: UnsafeMutableRawPointer?) {
    guard let pointer else { return nil }
    let bits = UInt(bitPattern: pointer)
    number = UInt32(truncatingIfNeeded: bits >> 24)
    index = Int(bits & 0xff_ffff)
  }

  /// Never dereferenced. A call's number is at least 1 in the first 2^32 calls; nil (number 0, index 0) would lose a
  /// report, so 0 is not given out.
  var pointer: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: UInt(number) << 24 | UInt(index)) }
}
