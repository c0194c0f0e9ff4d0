import PipelinePorts

/// The stored form of an outbox frame's records.
///
/// A version byte (1), the number of records, then for each: topic, partition (0 = none, else 1 + partition), key,
/// value (0 = tombstone, else 1 + length), number of headers, and for each its name and value. Numbers are unsigned
/// LEB128 in their shortest form of at most 5 bytes (32 bits); texts and bytes have their length before them.
package enum FrameCodec {
  /// What one field of PostgreSQL can hold, with room to spare.
  package static let frameBytesMax = 512 << 20
  package static let headersMax = 256

  /// Why bytes are not a frame, or records not to be stored as one.
  package enum Failure: Error, Hashable {
    case unknownVersion
    case endsEarly
    case invalidNumber
    case invalidText
    case tooLarge
    case trailingBytes
  }

  private static let version: UInt8 = 1

  /// Throws `.tooLarge` past `frameBytesMax` or `headersMax`.
  package static func encode(_ records: [OutboundRecord]) throws(Failure) -> [UInt8] {
    var writer = Writer(bytes: [version])
    writer.number(records.count)
    for record in records {
      writer.field(record.topic.utf8)
      writer.number(record.partition.map { Int($0) + 1 } ?? 0)
      writer.field(record.key)
      if let value = record.value {
        writer.number(value.count + 1)
        writer.bytes += value
      } else {
        writer.number(0)
      }
      guard record.headers.count <= headersMax else { throw .tooLarge }
      writer.number(record.headers.count)
      for header in record.headers {
        writer.field(header.name.utf8)
        writer.field(header.value)
      }
      guard writer.bytes.count <= frameBytesMax else { throw .tooLarge }
    }
    return writer.bytes
  }

  /// Reads what `encode` wrote; never takes more memory than a small multiple of `bytes`, whatever they are.
  package static func decode(_ bytes: [UInt8]) throws(Failure) -> [OutboundRecord] {
    var reader = Reader(bytes: bytes[...])
    guard bytes.first == version else { throw bytes.isEmpty ? .endsEarly : .unknownVersion }
    reader.bytes.removeFirst()
    let count = try reader.count(bytesEachMin: 5)
    var records: [OutboundRecord] = []
    records.reserveCapacity(count)
    for _ in 0..<count { records.append(try record(&reader)) }
    guard reader.bytes.isEmpty else { throw .trailingBytes }
    return records
  }

  private static func record(_ reader: inout Reader) throws(Failure) -> OutboundRecord {
    let topic = try reader.text()
    let partition = try reader.number()
    guard partition <= Int(Int32.max) + 1 else { throw .invalidNumber }
    let key = try reader.field()
    let valueLength = try reader.number()
    let value = valueLength == 0 ? nil : try reader.take(valueLength - 1)
    let headerCount = try reader.count(bytesEachMin: 2)
    guard headerCount <= headersMax else { throw .tooLarge }
    var headers: [LogHeader] = []
    for _ in 0..<headerCount { headers.append(LogHeader(name: try reader.text(), value: try reader.field())) }
    return OutboundRecord(
      topic: topic,
      partition: partition == 0 ? nil : Int32(partition - 1),
      key: key,
      value: value,
      headers: headers
    )
  }

  private struct Writer {
    var bytes: [UInt8]

    mutating func number(_ value: Int) {
      var rest = UInt32(clamping: value)
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    mutating func field(_ value: some Collection<UInt8>) {
      number(value.count)
      bytes.append(contentsOf: value)
    }
  }

  private struct Reader {
    var bytes: ArraySlice<UInt8>

    mutating func number() throws(Failure) -> Int {
      var value = 0
      for position in 0..<5 {
        guard let byte = bytes.popFirst() else { throw .endsEarly }
        value |= Int(byte & 0x7F) << (7 * position)
        guard byte < 0x80 else { continue }
        // One form for each number: no trailing zero group, nothing past 32 bits.
        guard value <= Int(UInt32.max), byte > 0 || position == 0 else { throw .invalidNumber }
        return value
      }
      throw .invalidNumber
    }

    /// A number of things that take at least so many bytes each: more than are left is not believed.
    mutating func count(bytesEachMin: Int) throws(Failure) -> Int {
      let count = try number()
      guard count <= bytes.count / bytesEachMin else { throw .endsEarly }
      return count
    }

    mutating func take(_ count: Int) throws(Failure) -> [UInt8] {
      guard count <= bytes.count else { throw .endsEarly }
      defer { bytes.removeFirst(count) }
      return Array(bytes.prefix(count))
    }

    mutating func field() throws(Failure) -> [UInt8] { try take(number()) }

    mutating func text() throws(Failure) -> String {
      let units = try field()
      guard let text = String(validating: units, as: UTF8.self) else { throw .invalidText }
      return text
    }
  }
}
