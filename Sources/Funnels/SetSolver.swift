import EventModel

/// Finds canonical sets of `any` funnels.
///
/// Sets of events that can be given distinct steps are the independent sets of a transversal matroid, so taking
/// events from the first on, each if the taken ones can still all be served, gives the largest set and among the
/// largest the earliest, place by place.
struct SetSolver {
  private let funnel: CompiledFunnel
  private let events: [EventMark]

  init(funnel: CompiledFunnel, events: [EventMark]) {
    self.funnel = funnel
    self.events = events
  }

  /// The canonical set (positions, ascending) that starts in one of `starts` (ascending, all of one day), and until
  /// when an event newer than all known could extend some set of the day; nil when none could.
  ///
  /// O(starts × events of the window) at worst; a day ends at the first start that reaches all steps the member has.
  func solve(starts: [Int]) -> (chain: [Int], liveUntil: Instant?) {
    guard let first = starts.first, let last = starts.last else { return ([], nil) }
    let reachable = events[first...].reduce(0 as UInt32) { $0 | $1.steps & funnel.stepMask }.nonzeroBitCount
    var best: [Int] = []
    for start in starts.reversed() where !isOutdone(events, start: start) {
      let set = largest(from: start, reachable: reachable)
      if set.count > best.count { best = set }
      if best.count == reachable { break }
    }
    return (best, funnel.stepCount > 1 ? events[last].time + funnel.window : nil)
  }

  private func largest(from start: Int, reachable: Int) -> [Int] {
    let limit = events[start].time + funnel.window
    var matching = StepMatching(stepCount: funnel.stepCount)
    var set: [Int] = []
    // Once an event could not be served, no later one with the same steps can.
    var refused: [UInt32] = []
    for position in start..<events.count {
      guard set.count < reachable, events[position].time <= limit else { break }
      let steps = events[position].steps & funnel.stepMask
      if refused.contains(steps) { continue }
      if matching.add(steps) { set.append(position) } else { refused.append(steps) }
    }
    return set
  }

  /// Gives each event of a canonical set its step (1-based, in the order of `set`), so that the event of step 1, then
  /// of step 2 … is earliest, a step without event last.
  func assign(_ set: [Int]) -> [Int] {
    let masks = set.map { events[$0].steps & funnel.stepMask }
    var steps = Array(repeating: 0, count: set.count)
    for step in 1...funnel.stepCount {
      for place in set.indices where steps[place] == 0 && masks[place] >> UInt32(step - 1) & 1 == 1 {
        steps[place] = step
        if canServeRest(masks, steps, after: step) { break }
        steps[place] = 0
      }
    }
    return steps
  }

  private func canServeRest(_ masks: [UInt32], _ steps: [Int], after step: Int) -> Bool {
    let later = step >= 32 ? 0 : UInt32.max << UInt32(step)
    var matching = StepMatching(stepCount: funnel.stepCount)
    return masks.indices.allSatisfy { steps[$0] != 0 || matching.add(masks[$0] & later) }
  }
}

/// A bipartite matching of events to steps, grown by augmenting paths.
private struct StepMatching {
  /// By step − 1: the steps its event may serve; 0 while free.
  private var owners: [UInt32]

  init(stepCount: Int) { owners = Array(repeating: 0, count: stepCount) }

  /// Takes one more event in if all can be served; else leaves everything as it is.
  mutating func add(_ steps: UInt32) -> Bool {
    var visited: UInt32 = 0
    return place(steps, visited: &visited)
  }

  private mutating func place(_ steps: UInt32, visited: inout UInt32) -> Bool {
    var rest = steps
    while rest != 0 {
      let step = rest.trailingZeroBitCount
      rest &= rest - 1
      guard visited >> UInt32(step) & 1 == 0 else { continue }
      visited |= 1 << UInt32(step)
      let owner = owners[step]
      if owner == 0 || place(owner, visited: &visited) {
        owners[step] = steps
        return true
      }
    }
    return false
  }
}
