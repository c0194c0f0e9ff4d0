import KafkaClient
import PipelinePorts
import Testing

@Suite("A record's way through the broker")
struct RoundTripTests {
  @Test("keys, values, tombstones, headers, order and positions come back as written", arguments: TestBroker.available)
  func roundTrip(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 3)
    let sink = try broker.makeSink()
    let written = (0..<300).map { index in
      OutboundRecord(
        topic: topic,
        key: bytes(index == 7 ? "" : "brew/member/\(index % 40)"),
        value: index % 10 == 3 ? nil : index % 10 == 4 ? [] : bytes("value \(index)"),
        headers: index % 2 == 0
          ? [] : [LogHeader(name: "n", value: bytes("\(index)")), LogHeader(name: "空", value: [])]
      )
    }
    let positions = try await sink.write(written)
    #expect(positions.count == written.count)
    for (record, position) in zip(written, positions) {
      #expect(position.partition.partition == murmur2Partition(key: record.key, count: 3))
    }

    let source = try broker.makeSource([topic])
    let assigned = try await source.nextAssignment()
    #expect(assigned == (0..<3).map { PartitionID(topic: topic, partition: $0) })
    try await source.start(at: Dictionary(uniqueKeysWithValues: assigned.map { ($0, 0) }))
    let read = try await source.nextRecords(300, recordsMax: 37)

    #expect(read.count == 300)
    let byPosition = Dictionary(uniqueKeysWithValues: zip(positions, written))
    for record in read {
      let sent = try #require(byPosition[WrittenPosition(partition: record.partition, offset: record.offset)])
      #expect(record.key == sent.key)
      #expect(record.value == sent.value)
      #expect(record.headers == sent.headers)
      #expect(record.timestamp > 0)
    }
    for partition in assigned {
      let offsets = read.filter { $0.partition == partition }.map(\.offset)
      #expect(offsets == offsets.sorted())
      #expect(positions.filter { $0.partition == partition }.map(\.offset) == offsets, "order within the call")
      let marks = try await source.watermarks(of: partition)
      #expect(marks.low == 0 && marks.high == Int64(offsets.count))
    }
    await source.close()
    await sink.close()
  }

  @Test("an explicit partition is kept", arguments: TestBroker.available)
  func explicitPartition(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 4)
    let sink = try broker.makeSink()
    let positions = try await sink.write(
      (0..<8).map { OutboundRecord(topic: topic, partition: $0 % 4, key: bytes("same"), value: nil) }
    )
    #expect(positions.map(\.partition.partition) == [0, 1, 2, 3, 0, 1, 2, 3])
    #expect(positions.map(\.offset) == [0, 0, 0, 0, 1, 1, 1, 1])
    await sink.close()
  }

  @Test("an unknown partition is a permanent failure of the whole call", arguments: TestBroker.available)
  func unknownPartition(_ broker: TestBroker) async throws {
    let topic = try await broker.makeTopic(partitions: 1)
    let sink = try broker.makeSink()
    _ = try await sink.write([OutboundRecord(topic: topic, key: bytes("a"), value: nil)])
    let failure = await #expect(throws: AdapterFailure.self) {
      try await sink.write([OutboundRecord(topic: topic, partition: 9, key: bytes("a"), value: nil)])
    }
    #expect(failure?.code == "_UNKNOWN_PARTITION")
    #expect(failure?.disposition == .permanent)
    await sink.close()
  }

  @Test("after close, writing fails and closing again is harmless")
  func closedSink() async throws {
    let sink = try TestBroker.embedded.makeSink()
    await sink.close()
    await sink.close()
    let failure = await #expect(throws: AdapterFailure.self) {
      try await sink.write([OutboundRecord(topic: "any", key: [], value: nil)])
    }
    #expect(failure?.code == "closed")
  }
}
