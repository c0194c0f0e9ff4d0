import EventModel

/// A value in a word and its kind; texts and lists stand in the subject's `ValueArena`.
struct PackedValue: Sendable {
  enum Kind: UInt8, Sendable {
    case null, no, yes, number, time, span
    /// In the arena, at `word`.
    case kept
  }

  /// Millionths of a number, milliseconds of a time or span, the place in the arena; else 0.
  let word: Int64
  let kind: Kind

  static let null = PackedValue(.null, 0)

  init(_ kind: Kind, _ word: Int64) {
    self.word = word
    self.kind = kind
  }
}

/// The texts and lists of one subject's folds. Only grows, so that all copies of a fold read the same one; what no fold
/// refers to any more is dropped by `keep`.
struct ValueArena: Sendable {
  private(set) var values: [Value] = []
  /// How many values make it worth while to look for those nobody refers to.
  private var crowded = Self.crowdedFrom

  private static let crowdedFrom = 32

  init() {}

  var isCrowded: Bool { values.count > crowded }

  mutating func pack(_ value: Value) -> PackedValue {
    switch value {
    case .null: return .null
    case .bool(let flag): return PackedValue(flag ? .yes : .no, 0)
    case .number(let number): return PackedValue(.number, number.millionths)
    case .time(let instant): return PackedValue(.time, instant.milliseconds)
    case .span(let span): return PackedValue(.span, span.milliseconds)
    case .string, .list, .object:
      values.append(value)
      return PackedValue(.kept, Int64(values.count - 1))
    }
  }

  func unpack(_ packed: PackedValue) -> Value {
    switch packed.kind {
    case .null: .null
    case .no: .bool(false)
    case .yes: .bool(true)
    case .number: FixedDecimal(millionths: packed.word).map(Value.number) ?? .null
    case .time: .time(Instant(milliseconds: packed.word))
    case .span: .span(TimeSpan(milliseconds: packed.word))
    case .kept: values[Int(packed.word)]
    }
  }

  /// Equality with texts byte by byte.
  func same(_ left: PackedValue, _ right: PackedValue) -> Bool {
    guard left.kind == right.kind else { return false }
    if left.word == right.word { return true }
    return left.kind == .kept && identical(values[Int(left.word)], values[Int(right.word)])
  }

  /// Whether `packed` is this value.
  func holds(_ packed: PackedValue, _ value: Value) -> Bool {
    switch value {
    case .null: packed.kind == .null
    case .bool(let flag): packed.kind == (flag ? .yes : .no)
    case .number(let number): packed.kind == .number && packed.word == number.millionths
    case .time(let instant): packed.kind == .time && packed.word == instant.milliseconds
    case .span(let span): packed.kind == .span && packed.word == span.milliseconds
    case .string, .list, .object: packed.kind == .kept && identical(values[Int(packed.word)], value)
    }
  }

  /// Drops all but the values at `places`, which are in ascending order, and answers where each of them stands then.
  mutating func keep(_ places: [Int64]) -> [Int64: Int64] {
    var moved: [Int64: Int64] = [:]
    var kept: [Value] = []
    for place in places {
      moved[place] = Int64(kept.count)
      kept.append(values[Int(place)])
    }
    values = kept
    crowded = max(Self.crowdedFrom, 2 * kept.count)
    return moved
  }
}
