import CRDKafka
import PipelinePorts

/// Copies records out of librdkafka's memory.
enum RecordReader {
  /// Headers past this number are not taken; Hearth writes fewer than ten.
  static let headersMax = 64

  static func copy(_ message: UnsafeMutablePointer<rd_kafka_message_t>, partition: PartitionID) -> LogRecord {
    var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let timestamp = rd_kafka_message_timestamp(message, &kind)
    let value = message.pointee.payload.map { bytes($0, message.pointee.len) }
    return LogRecord(
      partition: partition,
      offset: message.pointee.offset,
      timestamp: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp,
      key: message.pointee.key.map { bytes($0, message.pointee.key_len) } ?? [],
      value: value,
      headers: headers(of: message)
    )
  }

  private static func headers(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> [LogHeader] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    let count = min(rd_kafka_header_cnt(list), headersMax)
    return (0..<count).compactMap { index in
      var name: UnsafePointer<CChar>?
      var value: UnsafeRawPointer?
      var size = 0
      guard rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name
      else { return nil }
      return LogHeader(name: String(cString: name), value: value.map { bytes($0, size) } ?? [])
    }
  }

  private static func bytes(_ start: UnsafeRawPointer, _ count: Int) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }
}
