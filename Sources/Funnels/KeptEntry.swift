import EventModel
import Playbook

/// An entry as kept in state: what is published of it and what computing on needs.
struct KeptEntry: Hashable, Sendable {
  var day: LocalDate
  var level = 0
  var status = FunnelStatus.open
  var times: [Instant?] = []
  var breakdown: String?
  var revision: Int64 = 0
  var isApproximate = false
  /// In `any`: its set lies inside an earlier kept entry's, so that it is not counted.
  var isHidden = false
  var hasConverted = false
  /// Time of the canonical chain's first event.
  var start = Instant.distantPast
  /// Until when some chain of the day could be extended by a newer event; nil when none can.
  var liveUntil: Instant?
  /// In `any`: the canonical set, in order.
  var set: [EventKey] = []

  init(day: LocalDate) { self.day = day }

  /// As published at the present revision; nil before the first.
  func published(funnel: CompiledFunnel) -> FunnelEntry? {
    revision == 0 ? nil : content(funnel: funnel)
  }

  func content(funnel: CompiledFunnel) -> FunnelEntry {
    FunnelEntry(
      funnel: funnel.index,
      day: day,
      level: isHidden ? 0 : level,
      status: isHidden ? .withdrawn : status,
      times: isHidden ? Array(repeating: nil, count: funnel.stepCount) : times,
      breakdown: isHidden ? nil : breakdown,
      revision: revision,
      approximate: isHidden ? false : isApproximate
    )
  }

  /// Takes over the solver's answer.
  mutating func take(_ solution: Solution, marks: [EventMark], funnel: CompiledFunnel) {
    level = marks.count
    start = marks[0].time
    liveUntil = solution.liveUntil
    times = Array(repeating: nil, count: funnel.stepCount)
    for (mark, step) in zip(marks, solution.steps) { times[step - 1] = mark.time }
    set = funnel.order == .any ? marks.map(\.key) : []
    breakdown = Self.breakdown(marks, steps: solution.steps, funnel: funnel)
  }

  private static func breakdown(_ marks: [EventMark], steps: [Int], funnel: CompiledFunnel) -> String? {
    if funnel.breakdownTag != nil { return marks[0].breakdown }
    return switch funnel.breakdown?.attribution {
    case nil: nil
    case .step(let step): steps.firstIndex(of: step).flatMap { marks[$0].breakdown }
    case .first: marks.lazy.compactMap(\.breakdown).first
    case .last: marks.lazy.compactMap(\.breakdown).last
    }
  }

  /// Its status at `clock`.
  func status(funnel: CompiledFunnel, clock: Instant) -> FunnelStatus {
    if level >= funnel.stepCount { return .converted }
    guard let liveUntil, liveUntil >= clock + TimeSpan(milliseconds: mutated(.droppedEarly) ? 1 : 0) else {
      return .dropped
    }
    return .open
  }

  /// Would it be published alike?
  func looksLike(_ other: KeptEntry) -> Bool {
    if isHidden || other.isHidden { return isHidden && other.isHidden }
    guard level == other.level, status == other.status, isApproximate == other.isApproximate, times == other.times
    else { return false }
    return areSame(breakdown, other.breakdown)
  }

  /// When its status changes if nothing comes.
  var due: Instant? {
    guard status == .open, !isHidden, let liveUntil else { return nil }
    return liveUntil + TimeSpan(milliseconds: 1)
  }
}

/// A day's canonical chain.
struct Solution {
  /// Positions, ascending.
  var chain: [Int]
  /// The step that each serves, 1-based.
  var steps: [Int]
  var liveUntil: Instant?
}

/// The same bytes; `==` takes differently composed characters for equal.
func areSame(_ left: String?, _ right: String?) -> Bool {
  guard let left, let right else { return left == nil && right == nil }
  return left.utf8.elementsEqual(right.utf8)
}
