import PipelinePorts
import PostgresStores
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite("Outbox frames as bytes")
struct FrameCodecTests {
  @Test("any records come back as they went", arguments: 1...40 as ClosedRange<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = Seeded(state: seed)
    let records = (0..<Int.random(in: 0...20, using: &random)).map { _ in Self.record(&random) }
    #expect(try FrameCodec.decode(FrameCodec.encode(records)) == records, "seed \(seed)")
  }

  @Test("every byte string is read or refused, and what is read is the one form of its records")
  func hostile() throws {
    for seed in 1...400 as ClosedRange<UInt64> {
      var random = Seeded(state: seed)
      var bytes = try FrameCodec.encode((0..<3).map { _ in Self.record(&random) })
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        default: bytes.append(UInt8.random(in: 0...255, using: &random))
        }
      }
      guard let records = try? FrameCodec.decode(bytes) else { continue }
      #expect(try FrameCodec.encode(records) == bytes, "seed \(seed)")
    }
  }

  @Test("every prefix of a frame is refused")
  func prefixes() throws {
    var random = Seeded(state: 9)
    let bytes = try FrameCodec.encode((0..<4).map { _ in Self.record(&random) })
    for count in 0..<bytes.count {
      #expect(throws: FrameCodec.Failure.self) { try FrameCodec.decode(Array(bytes[..<count])) }
    }
  }

  @Test("false counts, long numbers, other versions and too many headers are refused")
  func refusals() throws {
    #expect(throws: FrameCodec.Failure.endsEarly) { try FrameCodec.decode([]) }
    #expect(throws: FrameCodec.Failure.unknownVersion) { try FrameCodec.decode([2, 0]) }
    #expect(throws: FrameCodec.Failure.trailingBytes) { try FrameCodec.decode([1, 0, 0]) }
    #expect(throws: FrameCodec.Failure.endsEarly) { try FrameCodec.decode([1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
    #expect(throws: FrameCodec.Failure.invalidNumber) { try FrameCodec.decode([1, 0x80, 0x00]) }
    #expect(throws: FrameCodec.Failure.invalidNumber) { try FrameCodec.decode([1, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F]) }
    #expect(throws: FrameCodec.Failure.invalidText) { try FrameCodec.decode([1, 1, 1, 0xFF, 0, 0, 0, 0]) }
    let headers = [LogHeader](repeating: LogHeader(name: "a", value: []), count: FrameCodec.headersMax + 1)
    #expect(throws: FrameCodec.Failure.tooLarge) {
      try FrameCodec.encode([OutboundRecord(topic: "t", key: [], value: nil, headers: headers)])
    }
  }

  private static func record(_ random: inout Seeded) -> OutboundRecord {
    func bytes(_ most: Int) -> [UInt8] {
      (0..<Int.random(in: 0...most, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    let topics = ["hearth.tags.v1", "", "社群"]
    let partitions = [nil, 0, 7, Int32.max]
    return OutboundRecord(
      topic: topics[Int.random(in: 0..<3, using: &random)],
      partition: partitions[Int.random(in: 0..<4, using: &random)],
      key: bytes(20),
      value: Bool.random(using: &random) ? bytes(300) : nil,
      headers: (0..<Int.random(in: 0...3, using: &random)).map { LogHeader(name: "h\($0)", value: bytes(5)) }
    )
  }
}
