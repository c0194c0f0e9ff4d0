import EventModel
import Playbook
import Testing

@Suite("The next instant of change")
struct NextChangeTests {
  private static let operators: [ComparisonOperator] = [
    .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
  ]

  private func context(_ times: [Int?], at now: Int) -> Fixed {
    Fixed(
      metrics: times.map { $0.map { .time(Instant(milliseconds: Int64($0))) } ?? .null },
      now: Instant(milliseconds: Int64(now))
    )
  }

  private func term(_ generator: inout Generator) -> Formula {
    let time = Formula.metric(generator.number(0...2))
    let length = TimeSpan(milliseconds: Int64(generator.number(1...12)))
    if generator.chance(30) { return .elapsedUnits(time: time, unit: length) }
    let sign = Self.operators[generator.number(0...5)]
    return .elapsed(sign, time: time, span: .literal(.span(length)))
  }

  /// Boolean of a term, to join terms with.
  private func condition(_ generator: inout Generator, depth: Int) -> Formula {
    if depth > 0, generator.chance(70) {
      let left = condition(&generator, depth: depth - 1)
      let right = condition(&generator, depth: depth - 1)
      switch generator.number(0...2) {
      case 0: return .and(left, right)
      case 1: return .or(left, right)
      default: return .not(left)
      }
    }
    let term = term(&generator)
    guard case .elapsedUnits = term else { return term }
    return .compare(.greater, term, .literal(.number(FixedDecimal(generator.number(0...4)) ?? .zero)))
  }

  @Test("of one term is the first millisecond at which its value differs", arguments: [UInt64(1), 2, 3])
  func term(seed: UInt64) {
    var generator = Generator(seed: seed)
    for round in 0..<400 {
      let formula = term(&generator)
      let times: [Int?] = (0..<3).map { _ in generator.chance(85) ? generator.number(0...30) : nil }
      let now = generator.number(0...40)
      let present = formula.evaluate(in: context(times, at: now))
      let expected = ((now + 1)...(now + 80)).first { formula.evaluate(in: context(times, at: $0)) != present }
      let found = formula.nextChange(in: context(times, at: now), after: Instant(milliseconds: Int64(now)))
      #expect(found == expected.map { Instant(milliseconds: Int64($0)) }, "seed \(seed) round \(round): \(formula)")
    }
  }

  @Test("of a whole formula is never later than its first change", arguments: [UInt64(11), 12, 13])
  func whole(seed: UInt64) {
    var generator = Generator(seed: seed)
    for round in 0..<400 {
      let formula = condition(&generator, depth: 3)
      let times: [Int?] = (0..<3).map { _ in generator.chance(85) ? generator.number(0...30) : nil }
      let now = generator.number(0...40)
      let present = formula.evaluate(in: context(times, at: now))
      let first = ((now + 1)...(now + 80)).first { formula.evaluate(in: context(times, at: $0)) != present }
      let found = formula.nextChange(in: context(times, at: now), after: Instant(milliseconds: Int64(now)))
      guard let first else { continue }
      let isInTime = found.map { $0 <= Instant(milliseconds: Int64(first)) } ?? false
      #expect(isInTime, "seed \(seed) round \(round): \(formula)")
    }
  }

  @Test("of a clock-free formula is none")
  func clockFree() {
    let formula = Formula.compare(.greater, .metric(0), .literal(.number(.zero)))
    #expect(formula.nextChange(in: Fixed(metrics: [.number(.zero)]), after: Instant(milliseconds: 0)) == nil)
  }

  @Test("of elapsed between is at both ends")
  func between() throws {
    let formula = try formula("elapsed(b) between 1m and 2m", key: "rule", metrics: "b: {last: order.paid}")
    let context = Fixed(metrics: [.time(Instant(milliseconds: 0))])
    let first = formula.nextChange(in: context, after: Instant(milliseconds: 0))
    #expect(first == Instant(milliseconds: 60_000))
    let second = formula.nextChange(in: context, after: Instant(milliseconds: 60_000))
    #expect(second == Instant(milliseconds: 120_001))
    #expect(formula.nextChange(in: context, after: Instant(milliseconds: 120_001)) == nil)
  }
}
