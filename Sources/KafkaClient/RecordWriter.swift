import CRDKafka
import PipelinePorts

/// Hands records to librdkafka, which copies them.
enum RecordWriter {
  private static let argumentsMax = 7

  /// Never blocks; the failure of a record that was not taken.
  static func enqueue(
    _ record: OutboundRecord,
    to topic: TopicHandle,
    of client: OpaquePointer,
    opaque: UnsafeMutableRawPointer?
  ) -> AdapterFailure? {
    let headers = record.headers.isEmpty ? nil : list(of: record.headers)
    let error = withBytes(record.key) { key in
      withBytes(record.value ?? []) { value in
        withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: argumentsMax) { arguments in
          var writer = ArgumentWriter(arguments)
          writer.add(RD_KAFKA_VTYPE_RKT) { $0.rkt = topic.pointer }
          if let partition = record.partition { writer.add(RD_KAFKA_VTYPE_PARTITION) { $0.i32 = partition } }
          writer.add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.i = RD_KAFKA_MSG_F_COPY }
          writer.add(RD_KAFKA_VTYPE_KEY) { $0.mem = .init(ptr: .init(mutating: key.baseAddress), size: key.count) }
          if record.value != nil {
            writer.add(RD_KAFKA_VTYPE_VALUE) {
              $0.mem = .init(ptr: .init(mutating: value.baseAddress), size: value.count)
            }
          }
          writer.add(RD_KAFKA_VTYPE_OPAQUE) { $0.ptr = opaque }
          if let headers { writer.add(RD_KAFKA_VTYPE_HEADERS) { $0.headers = headers } }
          return rd_kafka_produceva(client, arguments.baseAddress, writer.count)
        }
      }
    }
    let failure = KafkaFailure.take(error, "write to \(record.topic)")
    // A message that was taken owns its headers.
    if failure != nil, let headers { rd_kafka_headers_destroy(headers) }
    return failure
  }

  private static func list(of headers: [LogHeader]) -> OpaquePointer? {
    let list = rd_kafka_headers_new(headers.count)
    for header in headers {
      withBytes(header.value) { value in
        // Fails only for a list that is read-only.
        _ = rd_kafka_header_add(list, header.name, -1, value.baseAddress, value.count)
      }
    }
    return list
  }

  /// An empty array's own address may be nil, which to Kafka is no key or a tombstone: an empty one has an address.
  private static func withBytes<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> R) -> R {
    if bytes.isEmpty {
      return withUnsafeBytes(of: UInt8(0)) { body(UnsafeRawBufferPointer(rebasing: $0[0..<0])) }
    }
    return bytes.withUnsafeBytes(body)
  }
}

/// Fills the argument array of `rd_kafka_produceva` (the variadic call does not import).
private struct ArgumentWriter {
  typealias Value = rd_kafka_vu_t.__Unnamed_union_u
  private let arguments: UnsafeMutableBufferPointer<rd_kafka_vu_t>
  private(set) var count = 0

  init(_ arguments: UnsafeMutableBufferPointer<rd_kafka_vu_t>) { self.arguments = arguments }

  mutating func add(_ kind: rd_kafka_vtype_t, _ set: (inout Value) -> Void) {
    var argument = rd_kafka_vu_t()
    argument.vtype = kind
    set(&argument.u)
    arguments.initializeElement(at: count, to: argument)
    count += 1
  }
}
