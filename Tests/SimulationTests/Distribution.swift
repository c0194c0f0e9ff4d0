import EventModel
import PipelineTestSupport

/// What the cases were like, over all seeds.
struct Distribution {
  private(set) var cases = 0
  private(set) var imports = 0
  private(set) var counts: [String: Int] = [:]
  private(set) var hits: [String: Int] = [:]

  mutating func add(_ simulation: Simulation) async {
    cases += 1
    if simulation.isImport { imports += 1 }
    let laws = Laws(simulation: simulation)
    let all = laws.events(of: Topic.events)
    var known: Set<String> = []
    let accepted = all.filter { known.insert("\($0.subject.key) \($0.id)").inserted && $0.type != "touch.delivered" }
    let times = Dictionary(accepted.map { ($0.time, 1) }, uniquingKeysWith: +)
    count("events", accepted.count)
    count("late", accepted.count { $0.receivedAt - $0.time > .minutes(1) })
    count("ties", accepted.count { times[$0.time] ?? 0 > 1 })
    count("copies", all.count - known.count)
    count("refused", simulation.sender.refused.values.reduce(0, +))
    count("unanswered batches", simulation.sender.failures)
    count("steps", simulation.steps)
    count("records", simulation.log.appended.count)
    let streams = Streams(
      simulation.log,
      topics: [Topic.tags, Topic.signals, Topic.funnels, Topic.segments, Topic.touches, Topic.deliveries]
    )
    for (topic, keys) in streams.messages { count(topic, keys.values.reduce(0) { $0 + $1.count }) }
    count("repeated messages", streams.repeats)
    count("late publications", simulation.lateWrites)
    count("attempts at a channel", simulation.channel.attempts.values.reduce(0, +))
    for fleet in simulation.fleets {
      hits.merge(fleet.hits, uniquingKeysWith: +)
      hits["rebalances", default: 0] += fleet.rebalances
    }
    hits["fenced", default: 0] += Int(simulation.metrics.value(of: "hearth_fenced_total") ?? 0)
    hits["frames published for a predecessor", default: 0] += Int(
      simulation.metrics.value(of: "hearth_outbox_republished_total") ?? 0
    )
    hits["deliveries recovered", default: 0] += Int(
      simulation.metrics.value(of: "hearth_deliveries_recovered_total") ?? 0
    )
  }

  private mutating func count(_ name: String, _ number: Int) { counts[name, default: 0] += number }

  func average(_ name: String) -> Double { cases == 0 ? 0 : Double(counts[name] ?? 0) / Double(cases) }
  /// Of all events, in percent.
  func share(_ name: String) -> Double { 100 * Double(counts[name] ?? 0) / Double(max(1, counts["events"] ?? 0)) }

  /// A line each for events, messages and faults.
  var lines: [String] {
    func listed(_ numbers: [String: Int]) -> String {
      numbers.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
    return [
      "\(cases) cases (\(imports) imports), \(Int(average("events"))) events each, \(Int(share("late"))) % late, "
        + "\(Int(share("ties"))) % ties",
      "in all: \(listed(counts))", "faults: \(listed(hits))",
    ]
  }
}
