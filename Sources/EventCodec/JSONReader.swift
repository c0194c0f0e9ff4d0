import EventModel

/// Reads any JSON object or array into a `Value`. Numbers keep their exact decimal value.
package enum JSONReader {
  /// Throws class `json`, `encoding`, `number`, `size` or `depth`. Names of an object must differ.
  package static func parse(_ bytes: [UInt8], limits: DecodeLimits = .message) throws(DecodeFailure) -> Value {
    try bytes.withUnsafeBufferPointer { (buffer) throws(DecodeFailure) in try parse(buffer, limits: limits) }
  }

  /// The same over borrowed bytes; they are not kept.
  package static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>,
    limits: DecodeLimits = .message
  ) throws(DecodeFailure) -> Value {
    try withNodes(bytes, limits: limits) { (nodes) throws(DecodeFailure) in try nodes.value(at: 0) }
  }
}
