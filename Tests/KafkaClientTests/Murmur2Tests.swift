import KafkaClient
import Testing

@Suite("murmur2")
struct Murmur2Tests {
  @Test("equals librdkafka's for keys of every length and content")
  func equalsReference() {
    let seed: UInt64 = 20_26
    var generator = SplitMix(state: seed)
    for length in 0..<200 {
      for count: Int32 in [1, 3, 24, 1_000] {
        let key = (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(
          murmur2Partition(key: key, count: count) == librdkafkaMurmur2Partition(key: key, count: count),
          "seed \(seed), length \(length), count \(count)"
        )
      }
    }
  }

  @Test("equals Kafka's own published values")
  func equalsPublished() {
    // org.apache.kafka.common.utils.UtilsTest.testMurmur2, made positive, modulo 2^31 − 1 partitions.
    let published: [(String, Int32)] = [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
    ]
    for (key, hash) in published {
      let positive = Int32(truncatingIfNeeded: UInt32(bitPattern: hash) & 0x7fff_ffff)
      #expect(murmur2Partition(key: Array(key.utf8), count: .max) == positive % .max)
    }
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
