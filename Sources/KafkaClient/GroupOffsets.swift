import CRDKafka
import PipelinePorts

/// Offsets that a consumer group has committed.
enum GroupOffsets {
  /// Asks with a client that bears the group's name but never joins it; blocks.
  static func query(
    _ connection: KafkaConnection,
    _ group: String,
    _ partitions: [PartitionID],
    _ timeout: Duration
  ) -> Result<[PartitionID: Int64], AdapterFailure> {
    let handle: KafkaClientHandle
    do throws(KafkaOpeningFailure) {
      let callbacks = KafkaCallbacks(log: connection.log)
      handle = try KafkaClientHandle(
        RD_KAFKA_CONSUMER,
        connection,
        role: [("group.id", group), ("enable.auto.commit", "false")],
        callbacks: callbacks
      )
    } catch {
      return .failure(AdapterFailure(code: "_INVALID_ARG", reason: error.description, disposition: .permanent))
    }
    defer { handle.destroy(leavingGroup: false) }
    let list = TopicPartitionList(partitions)
    let error = list.withPointer { rd_kafka_committed(handle.pointer, $0, timeout.wholeMilliseconds) }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
      return .failure(KafkaFailure.make(error, "ask for the offsets of group \(group)"))
    }
    return .success(list.offsets().filter { $0.value >= 0 })
  }
}
