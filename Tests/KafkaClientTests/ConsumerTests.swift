import KafkaClient
import PipelinePorts
import Testing

@Suite("A member of a group")
struct ConsumerTests {
  @Test(
    "a paused partition gives nothing, the others go on, and resuming loses nothing",
    arguments: TestBroker.available
  )
  func pauseAndResume(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 2)
    let (first, second) = (PartitionID(topic: topic, partition: 0), PartitionID(topic: topic, partition: 1))
    let sink = try broker.makeSink()
    let source = try broker.makeSource([topic])
    _ = try await source.nextAssignment()
    try await sink.write(50.records(of: first))
    try await source.start(at: [first: 0, second: 0])
    // One record is taken; others of the partition are fetched already when it is paused.
    var seen = try await source.nextRecords(1, recordsMax: 1)
    try await source.pause([first])
    try await sink.write(50.records(of: first))
    try await sink.write(50.records(of: second))
    let others = try await source.nextRecords(50)
    #expect(others.allSatisfy { $0.partition == second })
    #expect(others.map(\.offset) == Array(0..<50))
    try await source.resume([first])
    seen += try await source.nextRecords(99)
    #expect(seen.map(\.offset) == Array(0..<100))
    #expect(seen.allSatisfy { $0.partition == first })
    await source.close()
    await sink.close()
  }

  @Test("an offset out of range stops that partition alone, and a new start mends it", arguments: TestBroker.available)
  func outOfRange(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 2)
    let (first, second) = (PartitionID(topic: topic, partition: 0), PartitionID(topic: topic, partition: 1))
    let sink = try broker.makeSink()
    try await sink.write(5.records(of: first) + 5.records(of: second))
    let source = try broker.makeSource([topic])
    _ = try await source.nextAssignment()
    try await source.start(at: [first: 100, second: 0])
    var others: [LogRecord] = []
    var alarm: (PartitionID, Int64, Int64)?
    while others.count < 5 || alarm == nil {
      switch try await source.next("an alarm and five records") {
      case .records(let records): others += records
      case .outOfRange(let partition, let position, let low): alarm = (partition, position, low)
      default: Issue.record("unexpected happening")
      }
    }
    #expect(others.allSatisfy { $0.partition == second })
    #expect(alarm?.0 == first && alarm?.1 == 100 && alarm?.2 == 0)

    try await source.start(at: [first: 2])
    let mended = try await source.nextRecords(3)
    #expect(mended.map(\.offset) == [2, 3, 4])
    #expect(mended.allSatisfy { $0.partition == first }, "the other partition is not read again")
    await source.close()
    await sink.close()
  }

  @Test("a position that the log has dropped is an alarm with the low watermark")
  func belowLowWatermark() async throws {
    let broker = TestBroker.embedded
    let topic = try await broker.makeTopic(partitions: 1)
    let only = PartitionID(topic: topic, partition: 0)
    let sink = try broker.makeSink()
    let kilobytes = 64
    // Two calls, so that what the broker drops is a batch of its own.
    for _ in 0..<4 { try await sink.write(32.records(of: only, bytes: kilobytes << 10)) }
    let source = try broker.makeSource([topic])
    _ = try await source.nextAssignment()
    try await source.start(at: [only: 0])
    guard case .outOfRange(let partition, let position, let low) = try await source.next("an alarm") else {
      Issue.record("expected an alarm")
      return
    }
    #expect(partition == only && position == 0 && low > 0)
    let marks = try await source.watermarks(of: only)
    #expect(marks.low == low && marks.high == 128)
    await source.close()
    await sink.close()
  }

  @Test(
    "an owner that takes nothing stalls the fetch, not the membership, and then misses nothing",
    arguments: TestBroker.available
  )
  func backpressure(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 2)
    let sink = try broker.makeSink()
    let ids = (0..<2).map { PartitionID(topic: topic, partition: Int32($0)) }
    for id in ids { try await sink.write(3_000.records(of: id)) }
    var settings = KafkaConsumerSettings.embedded(group: topic, topics: [topic])
    settings.recordsQueuedMax = 100
    let source = try KafkaEventSource(broker.connection("source"), settings)
    _ = try await source.nextAssignment()
    try await source.start(at: [ids[0]: 0, ids[1]: 10])
    var read: [LogRecord] = []
    var stalls = 0
    while read.count < 5_990 {
      if stalls < 2 {
        // Each question goes to the broker, so this waits without spinning.
        while !source.isStalled && read.count < 4_000 { _ = try await source.watermarks(of: ids[0]) }
        stalls += 1
      }
      read += try await source.nextRecords(1, recordsMax: 60)
    }
    #expect(stalls == 2)
    #expect(read.filter { $0.partition == ids[0] }.map(\.offset) == Array(0..<3_000))
    #expect(read.filter { $0.partition == ids[1] }.map(\.offset) == Array(10..<3_000))
    await source.close()
    await sink.close()
  }

  @Test("hints are seen by lag tools and never move the position", arguments: TestBroker.available)
  func hints(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 1)
    let only = PartitionID(topic: topic, partition: 0)
    let sink = try broker.makeSink()
    try await sink.write(10.records(of: only))
    let source = try broker.makeSource([topic], group: "hinted-\(topic)")
    _ = try await source.nextAssignment()
    try await source.start(at: [only: 4])
    _ = try await source.nextRecords(1, recordsMax: 1)
    await source.hint([only: 9])
    // Closing waits for the commit.
    await source.close()
    let admin = try KafkaAdmin(broker.connection("admin"))
    #expect(try await admin.hints(of: "hinted-\(topic)", [only]) == [only: 9])
    #expect(try await admin.hints(of: "nobody-\(topic)", [only]) == [:])
    await admin.close()
    await sink.close()
  }

  @Test("polling gives nil at its timeout and at once when closed; a negative start is refused")
  func edges() async throws {
    let broker = TestBroker.embedded
    let topic = try await broker.makeTopic(partitions: 1)
    let source = try broker.makeSource([topic])
    #expect(await source.poll(timeout: .zero, recordsMax: 1) == nil)
    let before = ContinuousClock.now
    #expect(await source.poll(timeout: .milliseconds(20), recordsMax: 1) == nil)
    #expect(ContinuousClock.now - before >= .milliseconds(20))
    let failure = await #expect(throws: AdapterFailure.self) {
      try await source.start(at: [PartitionID(topic: topic, partition: 0): -1])
    }
    #expect(failure?.disposition == .permanent)
    let waiting = Task { await source.poll(timeout: .seconds(600), recordsMax: 1) }
    await source.close()
    #expect(await waiting.value == nil)
    await source.close()
    let closed = await #expect(throws: AdapterFailure.self) { try await source.pause([]) }
    #expect(closed?.code == "closed")
  }
}

extension Int {
  /// This many records for a partition, numbered in their values.
  func records(of partition: PartitionID, bytes size: Int = 0) -> [OutboundRecord] {
    (0..<self).map { index in
      OutboundRecord(
        topic: partition.topic,
        partition: partition.partition,
        key: bytes("key \(index)"),
        value: size == 0 ? bytes("\(index)") : [UInt8](repeating: UInt8(ascii: "x"), count: size)
      )
    }
  }
}
