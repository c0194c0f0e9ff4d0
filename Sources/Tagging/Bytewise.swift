import EventModel

/// Texts are told apart and ordered by their UTF-8 bytes: Swift's own comparison takes canonically equivalent texts as
/// equal, which another program that checks the results would not.
func precedes(_ left: String, _ right: String) -> Bool { precedesBytewise(left, right) }

func identical(_ left: String, _ right: String) -> Bool {
  guard left.utf8.count == right.utf8.count else { return false }
  let fast = left.utf8.withContiguousStorageIfAvailable { left in
    right.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
  }
  if let fast, let fast { return fast }
  return left.utf8.elementsEqual(right.utf8)
}

/// Equality of values with texts byte by byte.
func identical(_ left: Value, _ right: Value) -> Bool {
  switch (left, right) {
  case (.null, .null): true
  case (.bool(let left), .bool(let right)): left == right
  case (.number(let left), .number(let right)): left == right
  case (.string(let left), .string(let right)): identical(left, right)
  case (.time(let left), .time(let right)): left == right
  case (.span(let left), .span(let right)): left == right
  case (.list(let left), .list(let right)):
    left.count == right.count && zip(left, right).allSatisfy { identical($0, $1) }
  case (.object(let left), .object(let right)):
    left.count == right.count
      && zip(left, right).allSatisfy { identical($0.name, $1.name) && identical($0.value, $1.value) }
  default: false
  }
}

/// A value as a member of a set: its kind and its text, compared by bytes.
struct DistinctKey: Hashable, Sendable {
  /// `s` for strings, else the first letter of the kind.
  let kind: UInt8
  let text: String

  init(kind: UInt8, text: String) {
    self.kind = kind
    self.text = text
  }

  init(_ value: Value) {
    switch value {
    case .string(let text): self.init(kind: UInt8(ascii: "s"), text: text)
    case .number(let number): self.init(kind: UInt8(ascii: "n"), text: String(number.millionths))
    default: self.init(kind: UInt8(ascii: "j"), text: String(decoding: value.canonicalJSON, as: UTF8.self))
    }
  }

  static func == (left: DistinctKey, right: DistinctKey) -> Bool {
    left.kind == right.kind && identical(left.text, right.text)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    let done: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if done == nil { for byte in text.utf8 { hasher.combine(byte) } }
  }

  static func precedes(_ left: DistinctKey, _ right: DistinctKey) -> Bool {
    if left.kind != right.kind { return left.kind < right.kind }
    return left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

/// FNV-1a over bytes, 64 bits. Source: Fowler, Noll, Vo, "The FNV non-cryptographic hash algorithm".
struct Digest64 {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func addByte(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

  /// A text with its end marked, so that neighbours do not run together.
  mutating func add(_ text: String) {
    for byte in text.utf8 { addByte(byte) }
    addByte(0xff)
  }

  mutating func add(_ number: Int64) {
    for shift in stride(from: 0, to: 64, by: 8) { addByte(UInt8(truncatingIfNeeded: number >> Int64(shift))) }
  }

  /// A value by kind and content, without building its JSON.
  mutating func add(_ value: Value) {
    switch value {
    case .null: addByte(0)
    case .bool(let flag): addByte(flag ? 1 : 2)
    case .number(let number):
      addByte(3)
      add(number.millionths)
    case .string(let text):
      addByte(4)
      add(text)
    case .time(let instant):
      addByte(5)
      add(instant.milliseconds)
    case .span(let span):
      addByte(6)
      add(span.milliseconds)
    case .list(let values):
      addByte(7)
      for value in values { add(value) }
      addByte(8)
    case .object(let members):
      addByte(9)
      // The order of keys says nothing.
      var mix: UInt64 = 0
      for member in members {
        var one = Digest64()
        one.add(member.name)
        one.add(member.value)
        mix = mix &+ one.value
      }
      add(Int64(bitPattern: mix))
    }
  }
}
