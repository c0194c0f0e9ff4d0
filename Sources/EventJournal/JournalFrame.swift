import EventModel
import PipelinePorts

/// The bytes of a journal.
///
/// A segment is a header (`HEARTHJ1`, then its first position, i64) and frames. A frame is one write and fsync: magic
/// u32, payload length u32, CRC-32C u32 of the payload, payload. A payload is entries: kind u8 (1 batch, 2
/// acknowledgement), then the entry's fields. All numbers little-endian. One checksum covers all that was written at
/// once, so a whole frame behind a broken one proves damage, not an unfinished write.
enum JournalFrame {
  static let segmentMagic = Array("HEARTHJ1".utf8)
  static let segmentHeaderBytes = 16
  static let magic: UInt32 = 0x464A_4548
  static let headerBytes = 12
  static let crc = CRC32C()

  static func batch(position: Int64, records: [OutboundRecord]) -> [UInt8] {
    var bytes: [UInt8] = [1]
    bytes.reserveCapacity(32 + records.reduce(0) { $0 + $1.key.count + ($1.value?.count ?? 0) + 64 })
    append(position, to: &bytes)
    append(UInt32(records.count), to: &bytes)
    for record in records {
      append(block: Array(record.topic.utf8), to: &bytes)
      append(record.partition ?? -1, to: &bytes)
      append(block: record.key, to: &bytes)
      bytes.append(record.value == nil ? 0 : 1)
      append(block: record.value ?? [], to: &bytes)
      append(UInt32(record.headers.count), to: &bytes)
      for header in record.headers {
        append(block: Array(header.name.utf8), to: &bytes)
        append(block: header.value, to: &bytes)
      }
    }
    return bytes
  }

  static func acknowledgement(position: Int64, _ note: JournalAcknowledgement) -> [UInt8] {
    var bytes: [UInt8] = [2]
    append(position, to: &bytes)
    append(note.logEpoch, to: &bytes)
    append(UInt32(note.written.count), to: &bytes)
    for place in note.written {
      append(block: Array(place.partition.topic.utf8), to: &bytes)
      append(place.partition.partition, to: &bytes)
      append(place.offset, to: &bytes)
    }
    return bytes
  }

  static func frame(_ entries: [[UInt8]]) -> [UInt8] {
    var payload: [UInt8] = []
    payload.reserveCapacity(entries.reduce(0) { $0 + $1.count })
    for entry in entries { payload.append(contentsOf: entry) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headerBytes + payload.count)
    append(magic, to: &bytes)
    append(UInt32(payload.count), to: &bytes)
    append(payload.withUnsafeBytes { crc.checksum($0) }, to: &bytes)
    bytes.append(contentsOf: payload)
    return bytes
  }

  static func segmentHeader(firstPosition: Int64) -> [UInt8] {
    var bytes = segmentMagic
    append(firstPosition, to: &bytes)
    return bytes
  }

  private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func append(block: [UInt8], to bytes: inout [UInt8]) {
    append(UInt32(block.count), to: &bytes)
    bytes.append(contentsOf: block)
  }
}

/// An entry as read.
enum JournalEntry {
  case batch(position: Int64, records: [OutboundRecord])
  case acknowledgement(position: Int64, JournalAcknowledgement)
}

/// Reads entries out of bytes whose checksum holds; `nil` where they are not of the form all the same.
struct JournalEntryReader {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0
  private var broken = false

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func entries() -> [JournalEntry]? {
    var entries: [JournalEntry] = []
    while index < bytes.count, !broken {
      switch number(UInt8.self) {
      case 1: entries.append(batch())
      case 2: entries.append(acknowledgement())
      default: return nil
      }
    }
    return broken ? nil : entries
  }

  private mutating func batch() -> JournalEntry {
    let position = number(Int64.self)
    var records: [OutboundRecord] = []
    for _ in 0..<number(UInt32.self) where !broken {
      let topic = String(decoding: block(), as: UTF8.self)
      let partition = number(Int32.self)
      let key = block()
      let hasValue = number(UInt8.self) == 1
      let value = block()
      var headers: [LogHeader] = []
      for _ in 0..<number(UInt32.self) where !broken {
        headers.append(LogHeader(name: String(decoding: block(), as: UTF8.self), value: block()))
      }
      records.append(
        OutboundRecord(
          topic: topic,
          partition: partition < 0 ? nil : partition,
          key: key,
          value: hasValue ? value : nil,
          headers: headers
        )
      )
    }
    return .batch(position: position, records: records)
  }

  private mutating func acknowledgement() -> JournalEntry {
    let position = number(Int64.self)
    let epoch = number(Int64.self)
    var written: [WrittenPosition] = []
    for _ in 0..<number(UInt32.self) where !broken {
      let topic = String(decoding: block(), as: UTF8.self)
      let partition = PartitionID(topic: topic, partition: number(Int32.self))
      written.append(WrittenPosition(partition: partition, offset: number(Int64.self)))
    }
    return .acknowledgement(position: position, JournalAcknowledgement(logEpoch: epoch, written: written))
  }

  private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
    let size = MemoryLayout<Number>.size
    guard index + size <= bytes.count else {
      broken = true
      return 0
    }
    defer { index += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: type))
  }

  private mutating func block() -> [UInt8] {
    let count = Int(number(UInt32.self))
    guard index + count <= bytes.count else {
      broken = true
      return []
    }
    defer { index += count }
    return Array(bytes[index..<(index + count)])
  }
}
