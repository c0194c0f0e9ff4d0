import EventModel
import Playbook

/// A random program and a random set of events, small enough for the oracle.
struct RandomCase {
  let program: SubjectProgram
  let zone: CalendarZone
  let events: [Event]
  /// Spans after an event at which something may change.
  private(set) var spans: Set<Int64> = []
  private(set) var units: Set<Int64> = []
  let start: Int64

  private static let widths: [Int64] = [1, 7, 60, 24 * 60, 36 * 60, 3 * 24 * 60, 5 * 24 * 60]
  private static let places: [(zone: String, start: String)] = [
    ("Asia/Shanghai", "2026-03-02T10:00:00Z"), ("Pacific/Apia", "2011-12-27T05:00:00Z"),
    ("America/Sao_Paulo", "2018-11-01T01:00:00Z"), ("Africa/Cairo", "2026-04-21T20:00:00Z"),
    ("Europe/Berlin", "2026-03-25T12:00:00Z"), ("America/St_Johns", "2010-11-03T12:00:00Z"),
  ]

  init?(_ random: inout SeededGenerator) {
    let place = random.pick(Self.places)
    guard let zone = CalendarZone(identifier: place.zone), let start = Instant(text: place.start) else { return nil }
    self.zone = zone
    self.start = start.milliseconds
    var builder = Builder(start: start.milliseconds)
    program = builder.program(&random)
    spans = builder.spans
    units = builder.units
    events = Self.events(&random, start: start.milliseconds)
  }

  private static func events(_ random: inout SeededGenerator, start: Int64) -> [Event] {
    let days = random.pick([1, 5, 12])
    let count = random.pick([1, 3, 12, 24])
    var times: [Int64] = []
    return (0..<count).map { index in
      var time = start + Int64.random(in: 0..<Int64(days) * 86_400_000, using: &random)
      if random.chance(30) { time -= time % 3_600_000 }
      if random.chance(25), let known = times.randomElement(using: &random) { time = known }
      times.append(time)
      let delay: Int64 =
        switch random.below(10) {
        case 0..<5: Int64(random.below(2000))
        case 5: -Int64(random.below(300_000))
        case 6: Int64(random.below(7_200_000))
        default: Int64(random.below(72 * 3_600_000 + 1))
        }
      var members: [Value.Member] = []
      if random.chance(80) { members.append(.init(name: "amount", value: Self.amount(&random))) }
      if random.chance(70) {
        members.append(.init(name: "kind", value: .string(random.pick(["x", "y", "é", "e\u{301}"]))))
      }
      return Event(
        id: "e\(random.below(1000))-\(index)",
        source: "test",
        tenant: "t",
        type: random.pick(["a", "a", "b", "c", "idle"]),
        time: Instant(milliseconds: time),
        receivedAt: Instant(milliseconds: time + delay),
        actor: random.chance(85) ? .member : .operator,
        subject: Subject(tenant: "t", kind: .member, id: "1"),
        channel: random.chance(50) ? random.pick(["p", "q"]) : nil,
        data: .object(members)
      )
    }
  }

  private static func amount(_ random: inout SeededGenerator) -> Value {
    if random.chance(5) { return .string("much") }
    let millionths = random.pick([100_000, 200_000, 300_000, -5_000_000, 1, 7_333_333, 999_999_999_999_000_000])
    return FixedDecimal(millionths: Int64(millionths)).map(Value.number) ?? .null
  }

  /// Builds programs, noting the spans after which values can change.
  private struct Builder {
    let start: Int64
    var spans: Set<Int64> = []
    var units: Set<Int64> = []
    var numbers: [Int] = []
    var instants: [Int] = []

    mutating func program(_ random: inout SeededGenerator) -> SubjectProgram {
      var metrics: [MetricDefinition] = []
      for index in 0..<random.pick([2, 4, 7]) {
        // Metrics over the same events with other windows keep them together.
        if let like = metrics.randomElement(using: &random), random.chance(35) {
          metrics.append(metric(index, like: like, &random))
        } else {
          metrics.append(metric(index, &random))
        }
      }
      var program = SubjectProgram(metrics: metrics)
      let label = LocalizedText(texts: [])
      for index in 0..<random.pick([2, 5]) {
        let (rule, kind) = tag(index, &random)
        program.tags.append(TagDefinition(name: "t\(index)", label: label, rule: rule, kind: kind))
      }
      program.signals = [SignalDefinition(name: "s", expression: condition(program.tags.count, &random))]
      return program
    }

    private mutating func metric(_ index: Int, _ random: inout SeededGenerator) -> MetricDefinition {
      let fold = random.pick(Fold.allCases)
      let field: String? =
        switch fold {
        case .sum, .min, .max, .mean: "amount"
        case .distinct: random.pick(["kind", "amount", "channel"])
        case .first, .last: random.chance(50) ? "kind" : nil
        case .count, .streak: random.chance(30) ? "amount" : nil
        }
      let types = random.pick([["a"], ["b"], ["a", "b"], ["a", "b", "c"]])
      let filter: Formula? =
        random.chance(20) ? .compare(.greater, .field("amount"), .literal(.number(.zero))) : nil
      let isTime = (fold == .first || fold == .last) && field == nil
      if isTime { instants.append(index) } else if fold != .first && fold != .last { numbers.append(index) }
      return MetricDefinition(
        name: "m\(index)",
        fold: fold,
        sources: types.map { EventSelector(type: $0, field: field) },
        filter: filter,
        window: window(&random),
        actors: random.chance(70) ? .only([.member]) : .any,
        kind: isTime ? .time : .decimal
      )
    }

    private mutating func metric(
      _ index: Int,
      like other: MetricDefinition,
      _ random: inout SeededGenerator
    ) -> MetricDefinition {
      var metric = other
      metric.name = "m\(index)"
      metric.window = window(&random)
      if metric.kind == .time {
        instants.append(index)
      } else if metric.fold != .first && metric.fold != .last {
        numbers.append(index)
      }
      return metric
    }

    private mutating func window(_ random: inout SeededGenerator) -> Window {
      let widths = RandomCase.widths.map { TimeSpan.minutes($0) }
      switch random.below(8) {
      case 0, 1: return .lifetime
      case 2, 3:
        let width = random.pick(widths)
        spans.insert(width.milliseconds)
        return .sliding(width)
      case 4:
        let edges = [random.pick(widths), random.pick(widths)].sorted()
        guard edges[0] < edges[1] else { return .lifetime }
        spans.formUnion(edges.map(\.milliseconds))
        return .between(from: edges[1], to: edges[0])
      case 5:
        let from = start + Int64(random.below(48)) * 3_600_000
        return .absolute(
          from: Instant(milliseconds: from),
          to: Instant(milliseconds: from + Int64(random.below(72)) * 3_600_000)
        )
      default: return random.pick([.today, .thisWeek, .thisMonth])
      }
    }

    private mutating func tag(_ index: Int, _ random: inout SeededGenerator) -> (TagRule, TagKind) {
      switch random.below(6) {
      case 0:
        return (.fact([EventSelector(type: "a", field: "kind"), EventSelector(type: "c", field: "kind")]), .string)
      case 1: return (.rule(condition(index, &random)), .boolean)
      case 2:
        var cases = (0..<2).map { TagRule.Case(condition: condition(index, &random), value: .string("v\($0)")) }
        if random.chance(50) { cases.append(TagRule.Case(condition: .literal(.bool(true)), value: .string("else"))) }
        return (.cases(cases), .enum)
      case 3: return (.value(number(index, &random)), .decimal)
      case 4: return (.score(number(index, &random), cut: .zero), .decimal)
      default:
        let label = LocalizedText(texts: [])
        let labels = (0..<2).map {
          Quadrant.Label(value: "q\($0)", label: label, condition: condition(index, &random), strategy: nil)
        }
        return (.quadrant(Quadrant(x: "", y: "", labels: labels)), .enum)
      }
    }

    private mutating func number(_ below: Int, _ random: inout SeededGenerator) -> Formula {
      if let instant = instants.randomElement(using: &random), random.chance(30) {
        let unit = random.pick([TimeSpan.hours(24), .hours(36)])
        units.insert(unit.milliseconds)
        return .elapsedUnits(time: .metric(instant), unit: unit)
      }
      guard let metric = numbers.randomElement(using: &random) else { return .literal(.number(.zero)) }
      let ten = FixedDecimal(10).map(Value.number) ?? .null
      return random.chance(50) ? .metric(metric) : .arithmetic(.multiply, .metric(metric), .literal(ten))
    }

    private mutating func condition(_ below: Int, _ random: inout SeededGenerator) -> Formula {
      let signs: [ComparisonOperator] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
      switch random.below(5) {
      case 0 where below > 0: return .not(.tag(random.below(below)))
      case 1: return .and(condition(below, &random), condition(below, &random))
      case 2, 3:
        guard let instant = instants.randomElement(using: &random) else { break }
        let span = TimeSpan.minutes(random.pick(RandomCase.widths))
        spans.insert(span.milliseconds)
        return .elapsed(random.pick(signs), time: .metric(instant), span: .literal(.span(span)))
      default: break
      }
      let bound = FixedDecimal(random.below(4)).map(Value.number) ?? .null
      return .compare(random.pick(signs), number(below, &random), .literal(bound))
    }
  }
}
