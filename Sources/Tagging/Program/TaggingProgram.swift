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
  let channels: [Channel]
  /// How many series the channels keep.
  let seriesCount: Int
  /// Tags, then signals.
  let outputs: [OutputPlan]
  /// Of the words of a fold.
  let layout: WordLayout
  /// Words that hold when something is due.
  let duePlaces: [Int]
  /// The first of each two words that may refer to the arena.
  let packedPlaces: [Int]
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
    var words = WordLayout()
    let (channels, ofMetrics) = Self.channels(program)
    metrics = program.metrics.indices.map { index in
      let metric = program.metrics[index]
      let isOfEvents = WindowShape(metric.window, fold: metric.fold).isOfEvents
      let series = isOfEvents ? channels[ofMetrics[index]].series : -1
      return MetricPlan(
        metric,
        index: index,
        series: series,
        dependents: readers.ofMetrics[index],
        words: &words
      )
    }
    outputs = zip(rules, readers.ofOutputs).map {
      OutputPlan(name: $0.name, rule: $0.rule, dependents: $1, words: &words)
    }
    layout = words
    duePlaces = metrics.map(\.at.due) + outputs.map(\.at.due)
    packedPlaces = metrics.map(\.at.value) + words.roles.indices.filter { words.roles[$0] == .value }
    self.channels = channels
    seriesCount = channels.count { $0.series >= 0 }
    touched = Self.plansByType(program, channels, ofMetrics)
    fingerprint = Self.fingerprint(of: program, zone)
  }

  /// Whether an event of this type can touch anything but the subject's birth.
  package func touches(_ type: String) -> Bool { touched[type] != nil }

  /// What an event gives to channels and facts.
  func contributions(of event: Event) -> [Contribution] { touched[event.type]?.contributions(of: event) ?? [] }

  /// The channels, and that of each metric.
  private static func channels(_ program: SubjectProgram) -> ([Channel], ofMetrics: [Int]) {
    var places: [Channel.Key: Int] = [:]
    var channels: [Channel] = []
    var ofMetrics: [Int] = []
    for (index, metric) in program.metrics.enumerated() {
      let key = Channel.Key(metric)
      let place = places[key] ?? channels.count
      if place == channels.count {
        places[key] = place
        channels.append(Channel(payload: key.payload))
      }
      channels[place].metrics.append(index)
      if channels[place].lead < 0, WindowShape(metric.window, fold: metric.fold).isOfEvents {
        channels[place].lead = index
      }
      ofMetrics.append(place)
    }
    // In the channels' order, in which they are stored.
    var series = 0
    for place in channels.indices where channels[place].lead >= 0 {
      channels[place].series = series
      series += 1
    }
    return (channels, ofMetrics)
  }

  private static func plansByType(
    _ program: SubjectProgram,
    _ channels: [Channel],
    _ ofMetrics: [Int]
  ) -> [String: EventPlan] {
    var plans: [String: EventPlan] = [:]
    for (index, channel) in channels.enumerated() {
      let metric = program.metrics[channel.metrics[0]]
      for source in metric.sources {
        plans[source.type, default: EventPlan()].add(
          ChannelSource(
            channel: index,
            field: source.field,
            filter: metric.filter,
            actors: metric.actors,
            kind: channel.payload
          )
        )
      }
    }
    for (index, tag) in program.tags.enumerated() {
      guard case .fact(let sources) = tag.rule else { continue }
      for source in sources {
        guard let field = source.field else { continue }
        plans[source.type, default: EventPlan()].add(FactSource(tag: index, field: field))
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
