import EventModel

/// Writes the compact form: numbers as zigzag varints, texts with their length before them.
///
/// Into memory of its own that grows ahead of what is written: states are written with every flush, and an array would
/// be asked for its room at every byte.
struct StateWriter: ~Copyable {
  private var bytes: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var count = 0
  /// What most states take.
  private static let usualBytes = 1024
  private static let varintBytesMax = 10

  init() {
    capacity = Self.usualBytes
    bytes = .allocate(capacity: capacity)
  }

  deinit { bytes.deallocate() }

  /// What was written.
  var written: [UInt8] { Array(UnsafeBufferPointer(start: bytes, count: count)) }

  private mutating func reserve(_ room: Int) {
    guard capacity - count < room else { return }
    capacity = max(capacity * 2, count + room)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: bytes, count: count)
    bytes.deallocate()
    bytes = larger
  }

  mutating func byte(_ value: UInt8) {
    reserve(1)
    bytes[count] = value
    count += 1
  }

  mutating func unsigned(_ value: UInt64) {
    reserve(Self.varintBytesMax)
    var rest = value
    while rest >= 0x80 {
      bytes[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      count += 1
      rest >>= 7
    }
    bytes[count] = UInt8(truncatingIfNeeded: rest)
    count += 1
  }

  mutating func count(_ value: Int) { unsigned(UInt64(value)) }
  mutating func signed(_ value: Int64) { unsigned(zigzag(value)) }

  mutating func wide(_ value: Int128) {
    fixed(UInt64(truncatingIfNeeded: value))
    signed(Int64(truncatingIfNeeded: value >> 64))
  }

  mutating func fixed(_ value: UInt64) {
    reserve(MemoryLayout<UInt64>.size)
    UnsafeMutableRawPointer(bytes + count).storeBytes(of: value.littleEndian, as: UInt64.self)
    count += MemoryLayout<UInt64>.size
  }

  mutating func text(_ value: String) {
    var value = value
    value.withUTF8 { text in
      unsigned(UInt64(text.count))
      guard let start = text.baseAddress else { return }
      reserve(text.count)
      (bytes + count).update(from: start, count: text.count)
      count += text.count
    }
  }

  /// An instant, or `Slot.none`.
  mutating func time(_ value: Int64) {
    if value == Slot.none {
      byte(0)
    } else {
      byte(1)
      signed(value)
    }
  }

  mutating func key(_ value: DistinctKey) {
    byte(value.kind)
    text(value.text)
  }

  mutating func value(_ value: Value) {
    switch value {
    case .null: byte(0)
    case .bool(let flag): byte(flag ? 1 : 2)
    case .number(let number):
      byte(3)
      signed(number.millionths)
    case .string(let text):
      byte(4)
      self.text(text)
    case .time(let instant):
      byte(5)
      signed(instant.milliseconds)
    case .span(let span):
      byte(6)
      signed(span.milliseconds)
    case .list(let values):
      byte(7)
      count(values.count)
      for value in values { self.value(value) }
    case .object(let members):
      byte(8)
      count(members.count)
      for member in members {
        text(member.name)
        self.value(member.value)
      }
    }
  }
}

/// Small magnitudes to small numbers, whatever their sign.
func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }
func unzigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
