import EventModel
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport

/// Touches once a key, deliveries once a touch.
struct Touches {
  private let simulation: Simulation

  init(_ simulation: Simulation) { self.simulation = simulation }

  func faults() async throws -> [String] {
    let rows = await simulation.store.tableRows
    var found = decidedOnce(rows)
    found += simulation.channel.faults.map { "an attempt at \($0) differs from the first" }
    let receipts = Streams(simulation.log, topics: [Topic.deliveries])
    found += receipts.faults
    found += deliveredOnce(rows)
    return found
  }

  /// At most one `deferred` and then one `decided` or `dropped` of each key.
  private func decidedOnce(_ rows: [TableRow]) -> [String] {
    var said: [String: [String]] = [:]
    for case .touch(let row) in rows {
      said["\(row.source) \(row.step) \(row.subject) \(row.occurrence)", default: []].append(row.status)
    }
    let proper: Set<[String]> = [
      ["decided"], ["dropped"], ["deferred"], ["deferred", "decided"], ["deferred", "dropped"],
    ]
    return said.filter { !proper.contains($0.value) }.map { "touch \($0.key): \($0.value)" }.sorted()
  }

  /// Every decided touch has one outcome; `sent` only where the receiver took it.
  private func deliveredOnce(_ rows: [TableRow]) -> [String] {
    var decided: Set<String> = []
    var outcomes: [String: [String]] = [:]
    for row in rows {
      switch row {
      case .touch(let row) where row.status == "decided": decided.insert(row.id)
      case .delivery(let row): outcomes[row.touch, default: []].append(row.status)
      default: break
      }
    }
    var found: [String] = []
    for touch in decided.sorted() where outcomes[touch]?.count != 1 {
      found.append("touch \(touch) was decided and has the outcomes \(outcomes[touch] ?? [])")
    }
    for (touch, statuses) in outcomes.sorted(by: { $0.key < $1.key }) {
      if !decided.contains(touch) { found.append("touch \(touch) was never decided and has the outcomes \(statuses)") }
      if statuses.contains("sent"), !simulation.channel.taken.contains(touch) {
        found.append("touch \(touch) is sent, but the receiver never took it")
      }
    }
    return found + deliveredEvents(outcomes)
  }

  /// A member's delivery of a live tenant is an event of the member, one each.
  private func deliveredEvents(_ outcomes: [String: [String]]) -> [String] {
    var touches: [String: Set<String>] = [:]
    for event in Laws(simulation: simulation).events(of: Topic.events) where event.type == "touch.delivered" {
      guard case .string(let touch)? = event.data["touch"] else { continue }
      touches[touch, default: []].insert(event.id)
    }
    return touches.filter { $0.value.count != 1 || outcomes[$0.key] != ["sent"] }
      .map { "touch.delivered of \($0.key): ids \($0.value.sorted()), outcomes \(outcomes[$0.key] ?? [])" }.sorted()
  }
}
