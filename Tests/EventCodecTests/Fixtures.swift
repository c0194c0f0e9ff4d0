import EventCodec
import EventModel

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed everywhere.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

let plainEvent = """
  {"specversion":"1.0","id":"e-1","source":"shop","type":"order.paid","time":"2026-03-05T10:00:00.250Z",\
  "subject":"member/900","tenant":"mengbao","receivedat":"2026-03-05T10:00:01Z","community":"gz-7","channel":"store",\
  "data":{"amount":199.90,"category":"奶粉","items":[1,2],"first":true,"coupon":null}}
  """

/// The plain event with one replacement.
func changed(_ text: String, _ replacement: String) -> [UInt8] {
  Array(plainEvent.replacing(text, with: replacement).utf8)
}

extension String {
  fileprivate func replacing(_ text: String, with replacement: String) -> String {
    guard let range = firstRange(of: text) else { return self }
    return String(self[..<range.lowerBound]) + replacement + String(self[range.upperBound...])
  }
}

func failure(of bytes: [UInt8], arrival: Arrival? = nil, limits: DecodeLimits = .event) -> DecodeFailure? {
  do throws(DecodeFailure) {
    _ = try EventCodec.decode(bytes, arrival: arrival, limits: limits)
    return nil
  } catch {
    return error
  }
}

/// Random values within the bounds of `data`.
struct RandomEvents {
  var numbers: SeededNumbers

  mutating func text() -> String {
    let alphabet: [String] = [
      "a", "Z", "0", " ", "\"", "\\", "/", "é", "奶", "🎉", "\n", "\t", "\u{1}", "\u{7f}", "\u{2028}",
    ]
    return (0..<numbers.below(24)).map { _ in alphabet[numbers.below(alphabet.count)] }.joined()
  }

  mutating func number() -> FixedDecimal {
    let digits = numbers.below(19)
    var bound: Int64 = 1
    for _ in 0..<digits { bound = bound > FixedDecimal.limit / 10 ? FixedDecimal.limit - 1 : bound * 10 }
    let millionths = Int64.random(in: -(bound - 1)...(bound - 1), using: &numbers)
    return FixedDecimal(millionths: millionths) ?? .zero
  }

  mutating func value(depth: Int) -> Value {
    switch numbers.below(depth > 4 ? 4 : 6) {
    case 0: .null
    case 1: .bool(numbers.chance(50))
    case 2: .number(number())
    case 3: .string(text())
    case 4: .list((0..<numbers.below(4)).map { _ in value(depth: depth + 1) })
    default: object(depth: depth + 1)
    }
  }

  mutating func object(depth: Int) -> Value {
    var names = Set<String>()
    for _ in 0..<numbers.below(numbers.chance(5) ? 60 : 6) { names.insert(text()) }
    let ordered = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return .object(ordered.map { Value.Member(name: $0, value: value(depth: depth)) })
  }

  mutating func instant() -> Instant {
    Instant(milliseconds: Int64.random(in: 0...253_402_300_799_999, using: &numbers))
  }

  mutating func identifier() -> String {
    let alphabet = Array("abc-_/:.é社\"\\9")
    return "i" + String((0..<numbers.below(20)).map { _ in alphabet[numbers.below(alphabet.count)] })
  }

  mutating func event() -> Event {
    let tenant = "t\(numbers.below(100))"
    return Event(
      id: identifier(),
      source: identifier(),
      tenant: tenant,
      type: "order.paid_\(numbers.below(9))",
      time: instant(),
      receivedAt: instant(),
      actor: Actor.allCases[numbers.below(4)],
      subject: Subject(tenant: tenant, kind: SubjectKind.allCases[numbers.below(5)], id: identifier()),
      community: numbers.chance(50) ? identifier() : nil,
      channel: numbers.chance(30) ? identifier() : nil,
      operator: numbers.chance(30) ? identifier() : nil,
      data: object(depth: 1)
    )
  }
}
