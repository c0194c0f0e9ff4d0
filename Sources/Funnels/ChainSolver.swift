import EventModel

/// Finds canonical chains of `ordered` and `strict` funnels.
///
/// With e1 fixed, everything that a chain must satisfy is of two forms: "a later step's event stands after an earlier
/// step's" and "the event of step i stands at or after the last excluded event before the event of step j". Both push
/// positions up and both are monotone, so the solutions are closed under the place-by-place minimum: raising places
/// until nothing is violated finds the solution that is earliest in e2, e3, … all at once, or that there is none.
struct ChainSolver {
  private let funnel: CompiledFunnel
  private let events: [EventMark]
  /// By step − 1: positions of the events that may serve it, ascending.
  private var stepPositions: [[Int]]
  /// By barrier slot: positions of its events, ascending.
  private var barrierPositions: [[Int]]

  /// - Parameter first: events before this position are left out.
  init(funnel: CompiledFunnel, events: [EventMark], from first: Int) {
    self.funnel = funnel
    self.events = events
    stepPositions = Array(repeating: [], count: funnel.stepCount)
    barrierPositions = Array(repeating: [], count: funnel.slotCount)
    for position in first..<events.count {
      var steps = events[position].steps & funnel.stepMask
      while steps != 0 {
        stepPositions[steps.trailingZeroBitCount].append(position)
        steps &= steps - 1
      }
      for slot in 0..<funnel.slotCount where events[position].barriers >> UInt64(slot) & 1 == 1 {
        barrierPositions[slot].append(position)
      }
    }
  }

  /// The canonical chain that starts in one of `starts` (ascending, all of one day), and until when, at the latest, an
  /// event newer than all known could extend some chain of the day; nil when none could.
  ///
  /// O(starts × N log events) without barriers; a day ends at the first start that reaches as far as any could.
  func solve(starts: [Int]) -> (chain: [Int], liveUntil: Instant?) {
    guard let first = starts.first, let last = starts.last else { return ([], nil) }
    let reachable = reachableLevel(from: first, through: events[last].time + funnel.window)
    var best: [Int] = []
    var liveUntil: Instant?
    for start in starts.reversed() where !isOutdone(events, start: start) {
      if mutated(.oneSlotFunnel), !best.isEmpty { break }
      if best.count == reachable && (liveUntil != nil || funnel.stepCount == 1) { break }
      let (chain, isExtensible) = longest(from: start)
      if chain.count > best.count - (mutated(.funnelEarliestStart) ? 1 : 0) { best = chain }
      if liveUntil == nil, isExtensible { liveUntil = events[start].time + funnel.window }
    }
    return (best, liveUntil)
  }

  /// No chain of the span is longer: the number of steps, from the first on, that have an event there at all.
  private func reachableLevel(from first: Int, through end: Instant) -> Int {
    let missing = (1...funnel.stepCount).first { step in
      position(ofStep: step, from: first).map { events[$0].time > end } ?? true
    }
    return missing.map { $0 - 1 } ?? funnel.stepCount
  }

  /// The longest chain from `start`, its places the earliest; and whether any chain from there could be extended by
  /// an event newer than all.
  private func longest(from start: Int) -> (chain: [Int], isExtensible: Bool) {
    let limit = events[start].time + funnel.window
    var chain = [start]
    var isExtensible = false
    while chain.count < funnel.stepCount {
      if !isExtensible { isExtensible = canExtend(chain, limit: limit) }
      var longer = chain
      guard let next = position(ofStep: chain.count + 1, from: chain[chain.count - 1] + 1) else { break }
      longer.append(next)
      guard settle(&longer, limit: limit) else { break }
      chain = longer
    }
    return (chain, isExtensible)
  }

  /// Could an event after all known ones follow some chain of this length from the same start?
  private func canExtend(_ chain: [Int], limit: Instant) -> Bool {
    var trial = chain
    for barrier in funnel.barriers where barrier.to == chain.count + 1 {
      guard let last = barrierPositions[barrier.slot].last, trial[barrier.from - 1] < last else { continue }
      guard raise(&trial, step: barrier.from, to: last) else { return false }
    }
    return settle(&trial, limit: limit)
  }

  /// Raises places until order, window and barriers hold; false when they cannot.
  private func settle(_ chain: inout [Int], limit: Instant) -> Bool {
    var isSettled = false
    while !isSettled {
      isSettled = true
      for place in chain.indices.dropFirst() where chain[place] <= chain[place - 1] {
        guard raise(&chain, step: place + 1, to: chain[place - 1] + 1) else { return false }
      }
      guard events[chain[chain.count - 1]].time < limit + TimeSpan(milliseconds: mutated(.funnelWindowOpen) ? 0 : 1)
      else { return false }
      for barrier in funnel.barriers where barrier.to <= chain.count && !mutated(.exclusionsIgnored) {
        guard let last = lastBarrier(barrier.slot, before: chain[barrier.to - 1]), chain[barrier.from - 1] < last
        else { continue }
        guard raise(&chain, step: barrier.from, to: last) else { return false }
        isSettled = false
      }
    }
    return true
  }

  /// Moves a step's event to the first at or after `position`; false for step 1, which is fixed, or without one.
  private func raise(_ chain: inout [Int], step: Int, to position: Int) -> Bool {
    guard step > 1, let raised = self.position(ofStep: step, from: position) else { return false }
    chain[step - 1] = raised
    return true
  }

  private func position(ofStep step: Int, from position: Int) -> Int? {
    let positions = stepPositions[step - 1]
    let index = partitionIndex(positions) { $0 < position }
    return index < positions.count ? positions[index] : nil
  }

  private func lastBarrier(_ slot: Int, before position: Int) -> Int? {
    let positions = barrierPositions[slot]
    let index = partitionIndex(positions) { $0 < position }
    return index > 0 ? positions[index - 1] : nil
  }
}

/// Is the next event a start just like this one, on the same day? Then any chain from here could begin there instead,
/// later, with no more between its events.
func isOutdone(_ events: [EventMark], start: Int) -> Bool {
  guard start + 1 < events.count, events[start].steps.nonzeroBitCount == 1 else { return false }
  return events[start].isLike(events[start + 1]) && events[start].day == events[start + 1].day
}
