import CRDKafka
import PipelinePorts

/// The partitions of the current assignment and where reading stands; used by the polling thread alone.
struct PartitionSlots {
  private struct Slot {
    let id: PartitionID
    /// Offset of the next record to be taken.
    var next: Int64 = 0
    var isStarted = false
    var isPaused = false
  }

  private var slots: [Slot] = []
  private var indexes: [PartitionID: Int] = [:]
  /// Raised by every assignment and revocation.
  private(set) var generation = 0
  // Records come in runs of a partition: the last one's slot is found without a look-up by name.
  private var lastTopic: OpaquePointer?
  private var lastPartition: Int32 = -1
  private var lastIndex = -1

  var all: [PartitionID] { slots.map(\.id) }
  var running: [PartitionID] { slots.filter(\.isStarted).map(\.id) }
  var positions: [(id: PartitionID, next: Int64)] { slots.filter(\.isStarted).map { ($0.id, $0.next) } }

  func contains(_ id: PartitionID) -> Bool { indexes[id] != nil }
  func isPaused(_ id: PartitionID) -> Bool { indexes[id].map { slots[$0].isPaused } ?? false }

  mutating func replace(with ids: [PartitionID]) {
    slots = ids.map { Slot(id: $0) }
    indexes = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    generation += 1
    lastTopic = nil
  }

  /// Sets positions; false when none of the partitions is of this assignment.
  mutating func start(_ offsets: [PartitionID: Int64]) -> Bool {
    var any = false
    for (id, offset) in offsets {
      guard let index = indexes[id] else { continue }
      slots[index].next = offset
      slots[index].isStarted = true
      any = true
    }
    return any
  }

  /// Returns those of the partitions that are being read.
  mutating func setPaused(_ ids: [PartitionID], _ isPaused: Bool) -> [PartitionID] {
    ids.filter { id in
      guard let index = indexes[id] else { return false }
      slots[index].isPaused = isPaused
      return slots[index].isStarted
    }
  }

  /// Moves the position past the record; nil when the record is not the next of a partition being read.
  mutating func accept(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> PartitionID? {
    guard let index = index(of: message), slots[index].isStarted else { return nil }
    let offset = message.pointee.offset
    guard offset >= slots[index].next else { return nil }
    slots[index].next = offset + 1
    return slots[index].id
  }

  /// Stops reading the partition of an error message.
  mutating func stop(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> PartitionID? {
    guard let index = index(of: message), slots[index].isStarted else { return nil }
    slots[index].isStarted = false
    return slots[index].id
  }

  private mutating func index(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> Int? {
    let (topic, partition) = (message.pointee.rkt, message.pointee.partition)
    guard let topic else { return nil }
    if topic == lastTopic && partition == lastPartition { return lastIndex }
    guard let name = rd_kafka_topic_name(topic),
      let index = indexes[PartitionID(topic: String(cString: name), partition: partition)]
    else { return nil }
    (lastTopic, lastPartition, lastIndex) = (topic, partition, index)
    return index
  }
}
