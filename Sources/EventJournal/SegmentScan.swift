import PipelinePorts

/// What the bytes of one segment say.
struct SegmentScan {
  var firstPosition: Int64 = 0
  var entries: [JournalEntry] = []
  /// Bytes up to the end of the last whole frame.
  var goodBytes = 0
  /// Where a frame is broken although a whole one stands behind it, or its form is not ours.
  var damage: Int?

  /// Reads as far as whole frames go.
  init(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { scan($0) }
  }

  private mutating func scan(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= JournalFrame.segmentHeaderBytes else { return }
    guard bytes.prefix(8).elementsEqual(JournalFrame.segmentMagic) else {
      damage = 0
      return
    }
    firstPosition = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
    goodBytes = JournalFrame.segmentHeaderBytes
    while let payload = Self.payload(bytes, at: goodBytes) {
      var reader = JournalEntryReader(UnsafeRawBufferPointer(rebasing: bytes[payload]))
      guard let read = reader.entries() else {
        damage = goodBytes
        return
      }
      entries.append(contentsOf: read)
      goodBytes = payload.upperBound
    }
    if goodBytes < bytes.count, Self.holdsFrame(bytes, after: goodBytes + 1) { damage = goodBytes }
  }

  /// The payload of a whole frame that begins at `start`.
  private static func payload(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Range<Int>? {
    let from = start + JournalFrame.headerBytes
    guard from <= bytes.count, number(bytes, start) == JournalFrame.magic else { return nil }
    let length = Int(number(bytes, start + 4))
    guard length > 0, length <= bytes.count - from else { return nil }
    let payload = from..<(from + length)
    let sum = JournalFrame.crc.checksum(UnsafeRawBufferPointer(rebasing: bytes[payload]))
    return sum == number(bytes, start + 8) ? payload : nil
  }

  private static func holdsFrame(_ bytes: UnsafeRawBufferPointer, after start: Int) -> Bool {
    var index = start
    while index + JournalFrame.headerBytes <= bytes.count {
      if number(bytes, index) == JournalFrame.magic, payload(bytes, at: index) != nil { return true }
      index += 1
    }
    return false
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
