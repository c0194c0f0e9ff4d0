import CRDKafka
import PipelinePorts

/// librdkafka's list of partitions with offsets; owned.
struct TopicPartitionList: ~Copyable {
  private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  init(_ partitions: some Sequence<(partition: PartitionID, offset: Int64)>, count: Int) {
    pointer = rd_kafka_topic_partition_list_new(Int32(clamping: count))
    for (partition, offset) in partitions {
      let element = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
      element?.pointee.offset = offset
    }
  }

  init(_ partitions: [PartitionID]) {
    self.init(partitions.map { ($0, Int64(RD_KAFKA_OFFSET_INVALID)) }, count: partitions.count)
  }

  init(topics: [String]) {
    self.init(topics.map { PartitionID(topic: $0, partition: RD_KAFKA_PARTITION_UA) })
  }

  deinit { rd_kafka_topic_partition_list_destroy(pointer) }

  borrowing func withPointer<R>(_ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> R) -> R {
    body(pointer)
  }

  /// The first element's own error after a call that reports per partition.
  borrowing func firstError() -> rd_kafka_resp_err_t {
    for index in 0..<Int(pointer.pointee.cnt) where pointer.pointee.elems[index].err != RD_KAFKA_RESP_ERR_NO_ERROR {
      return pointer.pointee.elems[index].err
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR
  }

  borrowing func offsets() -> [PartitionID: Int64] {
    var offsets: [PartitionID: Int64] = [:]
    for index in 0..<Int(pointer.pointee.cnt) {
      let element = pointer.pointee.elems[index]
      offsets[PartitionID(topic: String(cString: element.topic), partition: element.partition)] = element.offset
    }
    return offsets
  }

  /// Copies a borrowed list of librdkafka's.
  static func partitions(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> [PartitionID] {
    guard let list else { return [] }
    return (0..<Int(list.pointee.cnt)).map { index in
      let element = list.pointee.elems[index]
      return PartitionID(topic: String(cString: element.topic), partition: element.partition)
    }
  }
}
