import EventModel
import Playbook
import Testing

/// Compiles one file.
func compiled(_ text: String, name: String = "playbook.yaml") throws(PlaybookRejection) -> PlaybookCompiler.Outcome {
  try PlaybookCompiler.compile([PlaybookFile(name: name, text: text)])
}

/// The faults of one file, as people read them.
func faults(_ text: String) -> [String] {
  do throws(PlaybookRejection) {
    _ = try compiled(text)
    return []
  } catch {
    return error.faults.map(\.text)
  }
}

/// A playbook's first lines; what a test adds begins on line 3.
let heading = "playbook: p\nzone: UTC\n"

/// SplitMix64: the same numbers for the same seed everywhere.
struct Generator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
}

/// A context with given values.
struct Fixed: FormulaContext {
  var metrics: [Value] = []
  var tags: [Value] = []
  var fields: [String: Value] = [:]
  var now = Instant(milliseconds: 1_000_000)

  func metric(_ index: Int) -> Value { metrics.indices.contains(index) ? metrics[index] : .null }
  func tag(_ index: Int) -> Value { tags.indices.contains(index) ? tags[index] : .null }
  func field(_ name: String) -> Value? { fields[name] }
}

func number(_ text: String) throws -> Value { .number(try FixedDecimal(json: text.utf8)) }

/// The formula of a tag whose `value` or `rule` is an expression over no names.
func formula(_ expression: String, key: String = "value", metrics: String = "") throws -> Formula {
  let escaped = expression.replacing("'", with: "''")
  let text = heading + "metrics:\n  member: {\(metrics)}\ntags:\n  member:\n    t: {\(key): '\(escaped)'}\n"
  switch try compiled(text).playbook.member.tags[0].rule {
  case .rule(let formula), .value(let formula): return formula
  default: throw Unexpected()
  }
}

struct Unexpected: Error {}
