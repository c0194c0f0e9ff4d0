import KafkaClient
import PipelinePorts
import Testing

@Suite("When the broker is away")
struct BrokerFaultTests {
  private let topic = "test.faults"
  private let broker: EmbeddedBroker

  init() throws {
    broker = try EmbeddedBroker(catalogue: TopicCatalogue(topics: [.testing("test.faults", partitions: 2)]))
  }

  private func sink(_ change: (inout KafkaProducerSettings) -> Void) throws -> KafkaEventSink {
    var settings = KafkaProducerSettings()
    change(&settings)
    return try KafkaEventSink(
      KafkaConnection(bootstrapServers: broker.bootstrapServers, clientID: "faults"),
      settings
    )
  }

  private func records(_ count: Int) -> [OutboundRecord] { count.records(of: PartitionID(topic: topic, partition: 0)) }

  /// Waits for the write that another task has begun.
  private func underWay(_ sink: KafkaEventSink, _ count: Int) async {
    while sink.load.records < count { await Task.yield() }
  }

  @Test("a write waits for the broker and is answered once it is back, in order")
  func waitsAndSucceeds() async throws {
    let sink = try sink { _ in }
    _ = try await sink.write(records(1))
    try broker.setDown(true)
    async let pending = sink.write(records(20))
    await underWay(sink, 20)
    try broker.setDown(false)
    let positions = try await pending
    #expect(positions.map(\.offset) == (1...20).map(Int64.init))
    await sink.close()
    broker.stop()
  }

  @Test("past the message timeout a write fails as retriable, and a later one succeeds")
  func timesOut() async throws {
    let sink = try sink { $0.messageTimeout = .milliseconds(300) }
    try broker.setDown(true)
    let failure = await #expect(throws: AdapterFailure.self) { try await sink.write(records(3)) }
    #expect(failure?.code == "_MSG_TIMED_OUT")
    #expect(failure?.disposition == .retriable)
    #expect(failure?.possiblyApplied == false, "nothing was sent")
    #expect(sink.load == (0, 0))
    try broker.setDown(false)
    var positions: [WrittenPosition] = []
    while positions.isEmpty { positions = (try? await sink.write(records(3))) ?? [] }
    #expect(positions.map(\.offset) == [0, 1, 2])
    #expect(!sink.isLost)
    await sink.close()
    broker.stop()
  }

  @Test("a call that finds no room is refused whole, one that never could is the caller's fault")
  func queueFull() async throws {
    let sink = try sink { $0.recordsQueuedMax = 10 }
    try broker.setDown(true)
    async let pending = sink.write(records(8))
    await underWay(sink, 8)
    let full = await #expect(throws: AdapterFailure.self) { try await sink.write(records(3)) }
    #expect(full?.code == "_QUEUE_FULL")
    #expect(full?.disposition == .retriable)
    #expect(full?.possiblyApplied == false)
    #expect(sink.load.records == 8)
    let tooMany = await #expect(throws: AdapterFailure.self) { try await sink.write(records(11)) }
    #expect(tooMany?.disposition == .permanent)
    try broker.setDown(false)
    #expect(try await pending.count == 8)
    #expect(try await sink.write(records(10)).map(\.offset) == (8..<18).map(Int64.init))
    await sink.close()
    broker.stop()
  }

  @Test("closing drops what cannot be written and answers each call")
  func closePurges() async throws {
    let sink = try sink { $0.closeTimeout = .milliseconds(50) }
    try broker.setDown(true)
    let pending = Task { try await sink.write(records(5)) }
    await underWay(sink, 5)
    await sink.close()
    await #expect(throws: AdapterFailure.self) { try await pending.value }
    broker.stop()
  }

  @Test("a member survives the broker's absence and reads on")
  func consumerSurvives() async throws {
    let sink = try sink { _ in }
    let source = try KafkaEventSource(
      KafkaConnection(bootstrapServers: broker.bootstrapServers, clientID: "survivor"),
      .embedded(group: "survivors", topics: [topic])
    )
    let assigned = try await source.nextAssignment()
    try await source.start(at: Dictionary(uniqueKeysWithValues: assigned.map { ($0, 0) }))
    _ = try await sink.write(records(3))
    #expect(try await source.nextRecords(3).count == 3)
    try broker.setDown(true)
    var failure: AdapterFailure?
    while failure == nil {
      if case .failure(let seen)? = await source.poll(timeout: .seconds(30), recordsMax: 1) { failure = seen }
    }
    #expect(failure?.disposition == .retriable)
    try broker.setDown(false)
    _ = try await sink.write(records(4))
    #expect(try await source.nextRecords(4).map(\.offset) == [3, 4, 5, 6])
    await source.close()
    await sink.close()
    broker.stop()
  }

  @Test("a member whose session ends is told so, gets its partitions again, and starts where the store says")
  func sessionEnds() async throws {
    let sink = try sink { _ in }
    _ = try await sink.write(records(5))
    let source = try KafkaEventSource(
      KafkaConnection(bootstrapServers: broker.bootstrapServers, clientID: "lapsed"),
      .embedded(group: "lapsed", topics: [topic])
    )
    let assigned = try await source.nextAssignment()
    try await source.start(at: Dictionary(uniqueKeysWithValues: assigned.map { ($0, 0) }))
    #expect(try await source.nextRecords(5).count == 5)
    try broker.setDown(true)
    guard case .revoked(let lost) = try await source.next("the end of the session") else {
      Issue.record("expected a revocation")
      return
    }
    #expect(lost == assigned)
    try broker.setDown(false)
    #expect(try await source.nextAssignment() == assigned)
    try await source.start(at: [assigned[0]: 3])
    #expect(try await source.nextRecords(2).map(\.offset) == [3, 4])
    await source.close()
    await sink.close()
    broker.stop()
  }

  @Test("closing a member does not wait long for an absent broker")
  func closesWithoutBroker() async throws {
    var settings = KafkaConsumerSettings.embedded(group: "leavers", topics: [topic])
    settings.closeTimeout = .milliseconds(200)
    let source = try KafkaEventSource(
      KafkaConnection(bootstrapServers: broker.bootstrapServers, clientID: "leaver"),
      settings
    )
    let assigned = try await source.nextAssignment()
    try await source.start(at: Dictionary(uniqueKeysWithValues: assigned.map { ($0, 0) }))
    try broker.setDown(true)
    await source.hint([assigned[0]: 0])
    let before = ContinuousClock.now
    await source.close()
    // librdkafka itself gives its last requests up to 6 s.
    #expect(ContinuousClock.now - before < .seconds(15))
    broker.stop()
  }

  /// Kafka's OUT_OF_ORDER_SEQUENCE_NUMBER.
  private static let sequence: Int32 = 45

  @Test("a producer that lost its sequence says so, and a renewing sink writes on with a new one")
  func renewing() async throws {
    let connection = KafkaConnection(bootstrapServers: broker.bootstrapServers, clientID: "renewing")
    let sink = try RenewingEventSink { () throws(KafkaOpeningFailure) in try KafkaEventSink(connection) }
    #expect(try await sink.write(records(2)).map(\.offset) == [0, 1])
    broker.failProduces(with: [Self.sequence])
    let failure = await #expect(throws: AdapterFailure.self) { try await sink.write(records(3)) }
    #expect(failure?.code == KafkaEventSink.lostCode)
    #expect(failure?.disposition == .retriable)
    #expect(failure?.reason.contains("OUT_OF_ORDER_SEQUENCE_NUMBER") == true)
    #expect(try await sink.write(records(3)).map(\.offset) == [2, 3, 4])
    #expect(await sink.renewals == 1)
    await sink.close()
    let closed = await #expect(throws: AdapterFailure.self) { try await sink.write(records(1)) }
    #expect(closed?.code == "closed")
    broker.stop()
  }

  @Test("a lost producer refuses every further call")
  func lost() async throws {
    let sink = try sink { _ in }
    broker.failProduces(with: [Self.sequence])
    await #expect(throws: AdapterFailure.self) { try await sink.write(records(3)) }
    #expect(sink.isLost)
    let failure = await #expect(throws: AdapterFailure.self) { try await sink.write(records(1)) }
    #expect(failure?.code == KafkaEventSink.lostCode && failure?.possiblyApplied == false)
    await sink.close()
    broker.stop()
  }

  @Test("an error that passes is repaired below, without loss or repetition")
  func passingErrors() async throws {
    let sink = try sink { _ in }
    // NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS.
    broker.failProduces(with: [6, 7, 19])
    #expect(try await sink.write(records(30)).map(\.offset) == (0..<30).map(Int64.init))
    #expect(try await sink.write(records(1)).map(\.offset) == [30])
    await sink.close()
    broker.stop()
  }
}
