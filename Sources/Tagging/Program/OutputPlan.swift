import EventModel
import Playbook

/// How a tag's or signal's value is found.
enum OutputRule: Sendable {
  case fact
  case condition(Formula)
  /// The first that holds, else `otherwise`.
  case cases([TagRule.Case], otherwise: Value)
  case value(Formula)
  case score(Formula)

  init(_ rule: TagRule) {
    switch rule {
    case .fact: self = .fact
    case .rule(let formula): self = .condition(formula)
    case .cases(let cases): self = .cases(cases, otherwise: .null)
    case .value(let formula): self = .value(formula)
    case .score(let formula, cut: _): self = .score(formula)
    case .quadrant(let quadrant):
      self = .cases(
        quadrant.labels.map { TagRule.Case(condition: $0.condition, value: .string($0.value)) },
        otherwise: .string(Quadrant.unclassified)
      )
    }
  }

  var isFact: Bool {
    if case .fact = self { true } else { false }
  }

  var formulas: [Formula] {
    switch self {
    case .fact: []
    case .condition(let formula), .value(let formula), .score(let formula): [formula]
    case .cases(let cases, otherwise: _): cases.map(\.condition)
    }
  }
}

/// One tag or signal made ready. A class, so that passing it on copies one reference.
final class OutputPlan: Sendable {
  let name: String
  let rule: OutputRule
  /// Whether elapsed time stands in it.
  let readsClock: Bool
  /// What each formula reads, in the order written.
  let reads: [[Reading]]
  /// Outputs that read it; all stand after it.
  let dependents: IndexSet
  /// Where its words stand in a fold.
  let at: OutputPlaces

  enum Reading: Hashable, Sendable {
    case metric(Int)
    case tag(Int)
  }

  init(name: String, rule: OutputRule, dependents: IndexSet, words: inout WordLayout) {
    self.dependents = dependents
    at = OutputPlaces(isFact: rule.isFact, &words)
    self.name = name
    self.rule = rule
    readsClock = rule.formulas.contains { !$0.isClockFree }
    reads = rule.formulas.map(Self.readings)
  }

  private static func readings(_ formula: Formula) -> [Reading] {
    var result: [Reading] = []
    collect(formula, into: &result)
    return result
  }

  private static func collect(_ formula: Formula, into result: inout [Reading]) {
    switch formula {
    case .metric(let index): if !result.contains(.metric(index)) { result.append(.metric(index)) }
    case .tag(let index): if !result.contains(.tag(index)) { result.append(.tag(index)) }
    default: formula.forEachOperand { collect($0, into: &result) }
    }
  }

  /// The value in a context; `fact` is the standing fact, where the rule is one.
  func evaluate(in context: some FormulaContext, fact: Value) -> Value {
    switch rule {
    case .fact: return fact
    case .condition(let formula): return .bool(formula.holds(in: context))
    case .cases(let cases, let otherwise):
      for one in cases where one.condition.holds(in: context) { return one.value }
      return otherwise
    case .value(let formula): return formula.evaluate(in: context)
    case .score(let formula):
      guard case .number(let number) = formula.evaluate(in: context) else { return .null }
      return .number(min(max(number, .zero), Self.scoreMax))
    }
  }

  /// The earliest instant after `now` at which elapsed time can change the value.
  func nextChange(in context: some FormulaContext, after now: Instant) -> Int64 {
    guard readsClock else { return .max }
    var due = Int64.max
    for formula in rule.formulas {
      if let next = formula.nextChange(in: context, after: now), next > now { due = min(due, next.milliseconds) }
    }
    return due
  }

  private static let scoreMax = FixedDecimal(100) ?? .zero
}

/// Where a tag's or signal's words stand among a fold's.
struct OutputPlaces: Sendable {
  /// When elapsed time can change it.
  let due: Int
  /// Of the value; `Slot.none` before there is one.
  let since: Int
  /// Two words, as are `former` and `fact`.
  let value: Int
  /// What stood before it, since when.
  let formerSince: Int
  let former: Int
  /// The newest fact, and when; -1 where the rule is none.
  private(set) var factTime = -1
  private(set) var fact = -1

  init(isFact: Bool, _ words: inout WordLayout) {
    due = words.place(.derived, .max)
    since = words.place(.time, Slot.none)
    value = words.packed()
    formerSince = words.place(.time, Slot.none)
    former = words.packed()
    guard isFact else { return }
    factTime = words.place(.time, Slot.none)
    fact = words.packed()
  }
}
