import EventModel
import Playbook

/// The values of a subject straight from their definition: every event looked at, every instant at which anything
/// might change tried. Knows nothing of how the fold works.
struct Oracle {
  struct Standing: Equatable {
    var value: String
    var since: Int64
  }

  let program: SubjectProgram
  let zone: CalendarZone
  /// Qualifying events by metric, and values by fact, in order of (time, id).
  private let qualifying: [[(time: Int64, value: Value)]]
  private let facts: [[(time: Int64, value: Value)]]
  private let times: [Int64]

  init(program: SubjectProgram, zone: CalendarZone, events: [Event]) {
    self.program = program
    self.zone = zone
    let sorted = events.sorted {
      $0.time != $1.time ? $0.time < $1.time : Array($0.id.utf8).lexicographicallyPrecedes(Array($1.id.utf8))
    }
    times = sorted.map(\.time.milliseconds)
    qualifying = program.metrics.map { metric in
      sorted.compactMap { event in Self.qualifies(event, metric).map { (event.time.milliseconds, $0) } }
    }
    facts = program.tags.map { tag in
      guard case .fact(let sources) = tag.rule else { return [] }
      return sorted.compactMap { event in
        for source in sources where source.type == event.type {
          if let value = event.field(source.field ?? ""), !value.isNull { return (event.time.milliseconds, value) }
        }
        return nil
      }
    }
  }

  private static func qualifies(_ event: Event, _ metric: MetricDefinition) -> Value? {
    guard metric.actors.admits(event.actor), metric.filter?.holds(in: EventContext(event: event)) ?? true else {
      return nil
    }
    for source in metric.sources where source.type == event.type {
      guard let field = source.field else { return .time(event.time) }
      guard let value = event.field(field), !value.isNull else { continue }
      switch metric.fold {
      case .sum, .min, .max, .mean: if case .number = value { return value }
      default: return value
      }
    }
    return nil
  }

  // MARK: Metrics

  func metric(_ index: Int, at now: Int64) -> Value {
    let definition = program.metrics[index]
    let held = qualifying[index].filter { holds(definition.window, $0.time, at: now) }
    switch definition.fold {
    case .count: return number(held.count)
    case .sum: return decimal(held.map(\.value).reduce(Int128(0)) { $0 + millionths($1) })
    case .mean:
      guard !held.isEmpty else { return .null }
      return decimal(
        roundedHalfEven(held.reduce(Int128(0)) { $0 + millionths($1.value) }, dividedBy: Int128(held.count))
      )
    case .min: return held.map { millionths($0.value) }.min().map(decimal) ?? .null
    case .max: return held.map { millionths($0.value) }.max().map(decimal) ?? .null
    case .first: return held.first?.value ?? .null
    case .last: return held.last?.value ?? .null
    case .distinct:
      return number(min(1024, Set(held.map { $0.value.canonicalJSON }).count))
    case .streak: return number(streak(held.map(\.time), at: now))
    }
  }

  private func holds(_ window: Window, _ time: Int64, at now: Int64) -> Bool {
    guard time <= now else { return false }
    let instant = Instant(milliseconds: now)
    switch window {
    case .lifetime: return true
    case .sliding(let width): return now - width.milliseconds < time
    case .between(let from, let to): return now - from.milliseconds < time && time <= now - to.milliseconds
    case .absolute(let from, let to): return from.milliseconds <= time && time < to.milliseconds
    case .today: return zone.startOfDay(at: instant).milliseconds <= time
    case .thisWeek:
      let date = zone.date(at: instant)
      return zone.instant(of: date.adding(days: 1 - date.isoWeekday)).milliseconds <= time
    case .thisMonth:
      let date = zone.date(at: instant)
      return zone.instant(of: date.adding(days: 1 - date.components.day)).milliseconds <= time
    }
  }

  private func streak(_ times: [Int64], at now: Int64) -> Int {
    let days = Set(times.map { zone.date(at: Instant(milliseconds: $0)) })
    var date = zone.date(at: Instant(milliseconds: now))
    let step = { (date: LocalDate) -> LocalDate in
      var date = date.adding(days: -1)
      while zone.instant(of: date) == zone.instant(of: date.adding(days: 1)) { date = date.adding(days: -1) }
      return date
    }
    if !days.contains(date) { date = step(date) }
    var length = 0
    while length < 400, days.contains(date) {
      length += 1
      date = step(date)
    }
    return length
  }

  private func millionths(_ value: Value) -> Int128 {
    guard case .number(let number) = value else { return 0 }
    return Int128(number.millionths)
  }
  private func decimal(_ millionths: Int128) -> Value {
    FixedDecimal(millionths: millionths).map(Value.number) ?? .null
  }
  private func number(_ count: Int) -> Value { FixedDecimal(count).map(Value.number) ?? .null }

  // MARK: Tags and signals

  private struct Context: FormulaContext {
    var metrics: [Value]
    var tags: [Value] = []
    var now: Instant
    func metric(_ index: Int) -> Value { metrics[index] }
    func tag(_ index: Int) -> Value { tags[index] }
    func field(_ name: String) -> Value? { nil }
  }

  /// Values of tags, then signals, at one instant.
  func outputs(at now: Int64) -> [Value] {
    var context = Context(
      metrics: program.metrics.indices.map { metric($0, at: now) },
      now: Instant(milliseconds: now)
    )
    for (index, tag) in program.tags.enumerated() {
      context.tags.append(value(of: tag.rule, index, context, now))
    }
    return context.tags + program.signals.map { $0.expression.evaluate(in: context) }
  }

  private func value(of rule: TagRule, _ index: Int, _ context: Context, _ now: Int64) -> Value {
    switch rule {
    case .fact: return facts[index].last { $0.time <= now }?.value ?? .null
    case .rule(let formula): return .bool(formula.evaluate(in: context) == .bool(true))
    case .cases(let cases):
      return cases.first { $0.condition.evaluate(in: context) == .bool(true) }?.value ?? .null
    case .value(let formula): return formula.evaluate(in: context)
    case .score(let formula, cut: _):
      guard case .number(let number) = formula.evaluate(in: context) else { return .null }
      if number.millionths < 0 { return .number(.zero) }
      return number.millionths > 100_000_000 ? self.number(100) : .number(number)
    case .quadrant(let quadrant):
      return .string(
        quadrant.labels.first { $0.condition.evaluate(in: context) == .bool(true) }?.value ?? "未分类"
      )
    }
  }

  /// Values and the start of each at `now`: the last candidate instant at which the value was not what it was before.
  func standing(at now: Int64, spans: Set<Int64>, units: Set<Int64>) -> [Standing] {
    guard let born = times.first, born <= now else { return [] }
    var candidates: Set<Int64> = []
    for time in times where time <= now {
      candidates.insert(time)
      for span in spans { candidates.formUnion([time + span, time + span + 1]) }
      for unit in units {
        var instant = time + unit
        while instant <= now {
          candidates.insert(instant)
          instant += unit
        }
      }
    }
    var day = zone.startOfDay(at: Instant(milliseconds: born))
    while day.milliseconds <= now {
      candidates.insert(day.milliseconds)
      day = zone.startOfNextDay(after: day)
    }
    var result: [Standing] = []
    for instant in candidates.filter({ $0 >= born && $0 <= now }).sorted() {
      for (index, value) in outputs(at: instant).enumerated() {
        let text = TaggingTests.text(value)
        if index == result.count {
          result.append(Standing(value: text, since: instant))
        } else if !result[index].value.utf8.elementsEqual(text.utf8) {
          result[index] = Standing(value: text, since: instant)
        }
      }
    }
    return result
  }
}
