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

  @Test("a renewing sink goes on writing, and closes")
  func renewing() async throws {
    let servers = broker.bootstrapServers
    let sink = try RenewingEventSink { () throws(KafkaOpeningFailure) in
      try KafkaEventSink(KafkaConnection(bootstrapServers: servers, clientID: "renewing"))
    }
    #expect(try await sink.write(records(2)).map(\.offset) == [0, 1])
    #expect(await sink.renewals == 0)
    await sink.close()
    broker.stop()
  }
}
