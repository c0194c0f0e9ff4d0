import CRDKafka

/// Kafka's Java partitioner: murmur2 (seed 0x9747b28c) of the key, its sign bit cleared, modulo the count.
///
/// Source: org.apache.kafka.common.utils.Utils.murmur2 and `toPositive`; librdkafka's `murmur2` agrees.
/// - Parameter count: partitions of the topic, at least 1.
package func murmur2Partition(key: [UInt8], count: Int32) -> Int32 {
  Int32(truncatingIfNeeded: (murmur2(key) & 0x7fff_ffff) % UInt32(bitPattern: max(1, count)))
}

private func murmur2(_ key: [UInt8]) -> UInt32 {
  let multiplier: UInt32 = 0x5bd1_e995
  let rotation: UInt32 = 24
  var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: key.count)
  var index = 0
  while index + 4 <= key.count {
    var word =
      UInt32(key[index]) | UInt32(key[index + 1]) << 8 | UInt32(key[index + 2]) << 16 | UInt32(key[index + 3]) << 24
    word = word &* multiplier
    word ^= word >> rotation
    word = word &* multiplier
    hash = hash &* multiplier ^ word
    index += 4
  }
  let rest = key.count - index
  if rest == 3 { hash ^= UInt32(key[index + 2]) << 16 }
  if rest >= 2 { hash ^= UInt32(key[index + 1]) << 8 }
  if rest >= 1 {
    hash ^= UInt32(key[index])
    hash = hash &* multiplier
  }
  hash ^= hash >> 13
  hash = hash &* multiplier
  hash ^= hash >> 15
  return hash
}

/// The same by librdkafka's own function, for tests and for telling a changed library.
package func librdkafkaMurmur2Partition(key: [UInt8], count: Int32) -> Int32 {
  key.withUnsafeBytes { rd_kafka_msg_partitioner_murmur2(nil, $0.baseAddress, $0.count, count, nil, nil) }
}
