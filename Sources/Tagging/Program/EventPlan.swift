import EventModel
import Playbook

/// Metrics that take the same of the same events: what an event gives is found once for all of them, and those over
/// events share one series.
struct Channel: Sendable {
  let payload: PayloadKind
  /// Indices of its metrics.
  var metrics: [Int] = []
  /// -1 where none of its metrics keeps events.
  var series = -1
  /// The first of its metrics over events: its end is that of all.
  var lead = -1

  /// What tells channels apart.
  struct Key: Hashable {
    let sources: [EventSelector]
    let filter: Formula?
    let actors: ActorFilter
    let payload: PayloadKind

    init(_ metric: MetricDefinition) {
      sources = metric.sources
      filter = metric.filter
      actors = metric.actors
      payload = PayloadKind(metric)
    }
  }
}

/// What an event type touches.
struct EventPlan: Sendable {
  private(set) var sources: [ChannelSource] = []
  private(set) var facts: [FactSource] = []

  mutating func add(_ source: ChannelSource) { sources.append(source) }
  mutating func add(_ fact: FactSource) { facts.append(fact) }

  /// What an event of this type gives to channels and facts.
  func contributions(of event: Event) -> [Contribution] {
    var result: [Contribution] = []
    var lastChannel = -1
    for source in sources where source.channel != lastChannel {
      guard source.actors.admits(event.actor), let payload = source.payload(of: event),
        source.filter.map({ $0.holds(in: EventContext(event: event)) }) ?? true
      else { continue }
      // An event counts once a metric, by the first of its selectors that fits.
      lastChannel = source.channel
      result.append(Contribution(target: source.channel, isFact: false, payload: payload))
    }
    var lastTag = -1
    for source in facts where source.tag != lastTag {
      guard let value = event.field(source.field), !value.isNull else { continue }
      lastTag = source.tag
      result.append(Contribution(target: source.tag, isFact: true, payload: .value(value)))
    }
    return result
  }
}

struct ChannelSource: Sendable {
  let channel: Int
  let field: String?
  let filter: Formula?
  let actors: ActorFilter
  let kind: PayloadKind

  /// What is taken of the event; nil when it does not qualify for lack of the field or for its kind.
  func payload(of event: Event) -> Payload? {
    guard let field else {
      switch kind {
      case .mark: return Payload.none
      // Beside sources with a field, one without gives its time as the value.
      case .value: return .value(.time(event.time))
      case .number, .key: return nil
      }
    }
    guard let value = event.field(field), !value.isNull else { return nil }
    switch kind {
    case .mark: return Payload.none
    case .value: return .value(value)
    case .key: return .key(DistinctKey(value))
    case .number:
      guard case .number(let number) = value else { return nil }
      return .number(number.millionths)
    }
  }
}

struct FactSource: Sendable {
  let tag: Int
  let field: String
}

/// What one event gives to one channel or fact.
struct Contribution: Hashable, Sendable {
  /// Index of the channel, or of the fact's tag.
  let target: Int
  let isFact: Bool
  let payload: Payload
}

/// What an event gives to one fold.
enum Payload: Hashable, Sendable {
  /// It counts, or only its time does.
  case none
  /// Millionths.
  case number(Int64)
  case value(Value)
  case key(DistinctKey)
}
