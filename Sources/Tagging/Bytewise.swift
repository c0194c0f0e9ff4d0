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

/// A digest of 64 bits, a word at a time: each is mixed in by a multiplication whose two halves are folded, as in
/// wyhash (Wang Yi). Not against forgers: whoever makes two texts meet gains nothing here.
struct Digest64 {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(word: UInt64) {
    let (high, low) = (value ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    value = high ^ low
  }

  /// A text with its length, so that neighbours do not run together.
  mutating func add(_ text: String) {
    let done: Void? = text.utf8.withContiguousStorageIfAvailable { add(bytes: UnsafeRawBufferPointer($0)) }
    if done == nil { Array(text.utf8).withUnsafeBytes { add(bytes: $0) } }
  }

  private mutating func add(bytes: UnsafeRawBufferPointer) {
    add(word: UInt64(bytes.count) ^ 0x5bd1_e995_0000_0000)
    var place = 0
    while place + 8 <= bytes.count {
      add(word: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
      place += 8
    }
    var last: UInt64 = 0
    while place < bytes.count {
      last = last << 8 | UInt64(bytes[place])
      place += 1
    }
    add(word: last)
  }

  /// A value by kind and content, without building its JSON.
  mutating func add(_ value: Value) {
    switch value {
    case .null: add(word: 0)
    case .bool(let flag): add(word: flag ? 1 : 2)
    case .number(let number):
      add(word: 3)
      add(word: UInt64(bitPattern: number.millionths))
    case .string(let text):
      add(word: 4)
      add(text)
    case .time(let instant):
      add(word: 5)
      add(word: UInt64(bitPattern: instant.milliseconds))
    case .span(let span):
      add(word: 6)
      add(word: UInt64(bitPattern: span.milliseconds))
    case .list(let values):
      add(word: 7)
      for value in values { add(value) }
      add(word: 8)
    case .object(let members):
      add(word: 9)
      // The order of keys says nothing.
      var mix: UInt64 = 0
      for member in members {
        var one = Digest64()
        one.add(member.name)
        one.add(member.value)
        mix = mix &+ one.value
      }
      add(word: mix)
    }
  }
}
