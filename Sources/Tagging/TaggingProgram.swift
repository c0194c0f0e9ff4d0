import EventModel
import Playbook

/// A subject program made ready to fold: per event type what it touches, per metric how it is kept and what rests on
/// it. Immutable; one per playbook version and kind of subject.
package final class TaggingProgram: Sendable {
  package let program: SubjectProgram
  package let zone: CalendarZone
  /// Tells definitions apart whose states do not fit each other.
  package let fingerprint: UInt64

  let metrics: [MetricPlan]
  /// Tags, then signals.
  let outputs: [OutputPlan]
  private let touched: [String: EventPlan]

  /// - Parameter zone: the tenant's; days, weeks, months and streaks are counted in it.
  package init(program: SubjectProgram, zone: CalendarZone) {
    self.program = program
    self.zone = zone
    let rules =
      program.tags.map { (name: $0.name, rule: OutputRule($0.rule)) }
      + program.signals.map { (name: $0.name, rule: .value($0.expression)) }
    var readers = Readers(program, outputs: rules.count)
    for (index, one) in rules.enumerated() { readers.note(one.rule, index) }
    metrics = zip(program.metrics, readers.ofMetrics).map { MetricPlan($0, dependents: $1) }
    outputs = zip(rules, readers.ofOutputs).map { OutputPlan(name: $0.name, rule: $0.rule, dependents: $1) }
    touched = Self.plansByType(program)
    fingerprint = Self.fingerprint(of: program, zone)
  }

  /// Whether an event of this type can touch anything but the subject's birth.
  package func touches(_ type: String) -> Bool { touched[type] != nil }

  /// What an event gives to metrics and facts.
  func contributions(of event: Event) -> [Contribution] {
    guard let plan = touched[event.type] else { return [] }
    var result: [Contribution] = []
    var lastMetric = -1
    for source in plan.metrics where source.metric != lastMetric {
      guard source.actors.admits(event.actor), let payload = source.payload(of: event),
        source.filter.map({ $0.holds(in: EventContext(event: event)) }) ?? true
      else { continue }
      // An event counts once a metric, by the first of its selectors that fits.
      lastMetric = source.metric
      result.append(Contribution(target: source.metric, isFact: false, payload: payload))
    }
    var lastTag = -1
    for source in plan.facts where source.tag != lastTag {
      guard let value = event.field(source.field), !value.isNull else { continue }
      lastTag = source.tag
      result.append(Contribution(target: source.tag, isFact: true, payload: .value(value)))
    }
    return result
  }

  private static func plansByType(_ program: SubjectProgram) -> [String: EventPlan] {
    var plans: [String: EventPlan] = [:]
    for (index, metric) in program.metrics.enumerated() {
      for source in metric.sources {
        plans[source.type, default: EventPlan()].metrics.append(
          MetricSource(
            metric: index,
            field: source.field,
            fold: metric.fold,
            filter: metric.filter,
            actors: metric.actors,
            keepsValues: metric.sources.contains { $0.field != nil }
          )
        )
      }
    }
    for (index, tag) in program.tags.enumerated() {
      guard case .fact(let sources) = tag.rule else { continue }
      for source in sources {
        guard let field = source.field else { continue }
        plans[source.type, default: EventPlan()].facts.append(FactSource(tag: index, field: field))
      }
    }
    return plans
  }

  private static func fingerprint(of program: SubjectProgram, _ zone: CalendarZone) -> UInt64 {
    var digest = Digest64()
    digest.add(zone.identifier)
    for metric in program.metrics {
      digest.add(metric.name)
      digest.add(metric.fold.rawValue)
      for source in metric.sources { digest.add("\(source.type) \(source.field ?? "")") }
      digest.add(metric.filter.map { String(describing: $0) } ?? "")
      digest.add(String(describing: metric.window))
      for actor in Actor.allCases where metric.actors.admits(actor) { digest.add(actor.rawValue) }
    }
    for tag in program.tags {
      digest.add(tag.name)
      digest.add(String(describing: OutputRule(tag.rule)))
      if case .fact(let sources) = tag.rule {
        for source in sources { digest.add("\(source.type) \(source.field ?? "")") }
      }
    }
    for signal in program.signals {
      digest.add(signal.name)
      digest.add(String(describing: signal.expression))
    }
    return digest.value
  }
}

/// Who reads what: for each metric and output, the outputs that read it.
private struct Readers {
  var ofMetrics: [IndexSet]
  var ofOutputs: [IndexSet]

  init(_ program: SubjectProgram, outputs: Int) {
    ofMetrics = Array(repeating: IndexSet(), count: program.metrics.count)
    ofOutputs = Array(repeating: IndexSet(), count: outputs)
  }

  /// Notes what the output at `index` reads; of tags only earlier ones can be read.
  mutating func note(_ rule: OutputRule, _ index: Int) {
    for formula in rule.formulas {
      let references = formula.references()
      for metric in references.metrics where ofMetrics.indices.contains(metric) { ofMetrics[metric].insert(index) }
      for tag in references.tags where tag >= 0 && tag < index { ofOutputs[tag].insert(index) }
    }
  }
}

/// What an event type touches.
private struct EventPlan: Sendable {
  var metrics: [MetricSource] = []
  var facts: [FactSource] = []
}

private struct MetricSource: Sendable {
  let metric: Int
  let field: String?
  let fold: Fold
  let filter: Formula?
  let actors: ActorFilter
  let keepsValues: Bool

  /// What the fold takes of the event; nil when it does not qualify for lack of the field or for its kind.
  func payload(of event: Event) -> Payload? {
    guard let field else {
      switch fold {
      case .count, .streak: return Payload.none
      // Beside sources with a field, one without gives its time as the value.
      case .first, .last: return keepsValues ? .value(.time(event.time)) : Payload.none
      default: return nil
      }
    }
    guard let value = event.field(field), !value.isNull else { return nil }
    switch fold {
    case .count, .streak: return Payload.none
    case .first, .last: return .value(value)
    case .distinct: return .key(DistinctKey(value))
    case .sum, .min, .max, .mean:
      guard case .number(let number) = value else { return nil }
      return .number(number.millionths)
    }
  }
}

private struct FactSource: Sendable {
  let tag: Int
  let field: String
}

/// What one event gives to one metric or fact.
struct Contribution: Hashable, Sendable {
  /// Index of the metric, or of the fact's tag.
  let target: Int
  let isFact: Bool
  let payload: Payload
}

/// How one metric is kept. A class, so that passing it on copies one reference.
final class MetricPlan: Sendable {
  let name: String
  let fold: Fold
  let shape: WindowShape
  /// `first` and `last` of a field, not of a time.
  let keepsValues: Bool
  let needsExtremes: Bool
  let keepsNumbers: Bool
  let keepsKeys: Bool
  /// Outputs that read it.
  let dependents: IndexSet
  /// Of a subject that saw nothing of it.
  let untouched: SharedMetric

  init(_ definition: MetricDefinition, dependents: IndexSet) {
    name = definition.name
    fold = definition.fold
    shape = WindowShape(definition.window, fold: definition.fold)
    keepsValues =
      (definition.fold == .first || definition.fold == .last) && definition.sources.contains { $0.field != nil }
    needsExtremes = definition.fold == .min || definition.fold == .max
    keepsNumbers = needsExtremes || definition.fold == .sum || definition.fold == .mean
    keepsKeys = definition.fold == .distinct
    self.dependents = dependents
    untouched = .untouched(value: MetricState.valueOfNothing(fold))
  }
}

/// A set of small indices as bits: the first 64 in place, the others in words of their own.
struct IndexSet: Sendable {
  private var first: UInt64 = 0
  private var rest: [UInt64] = []

  init() {}

  mutating func insert(_ index: Int) {
    guard index >= 64 else {
      first |= 1 << UInt64(index)
      return
    }
    let word = index >> 6 - 1
    while rest.count <= word { rest.append(0) }
    rest[word] |= 1 << UInt64(index & 63)
  }

  mutating func insertAll(below count: Int) {
    for index in 0..<count { insert(index) }
  }

  mutating func formUnion(_ other: IndexSet) {
    first |= other.first
    while rest.count < other.rest.count { rest.append(0) }
    for index in other.rest.indices { rest[index] |= other.rest[index] }
  }

  var isEmpty: Bool { first == 0 && rest.allSatisfy { $0 == 0 } }

  /// Removes and returns the smallest index.
  mutating func popFirst() -> Int? {
    if first != 0 {
      let bit = first.trailingZeroBitCount
      first &= first - 1
      return bit
    }
    for index in rest.indices where rest[index] != 0 {
      let bit = rest[index].trailingZeroBitCount
      rest[index] &= rest[index] - 1
      return (index + 1) << 6 | bit
    }
    return nil
  }
}
