import PipelinePorts

/// How far a loop goes on deciding while what it decided before is being committed and published.
///
/// Deciding on top of what is not committed yet is safe: a lane whose fence does not hold is dropped with all that was
/// decided in it since, and the next flush begins only after this one's end.
package enum FlushOverlap: Sendable {
  /// Each flush is waited for.
  case none
  /// The loop goes on meanwhile.
  case free
  /// As `free`, but carried out after the next turn has decided, so that a schedule of turns always gives the same
  /// order of things.
  case byTurns
}

/// What lanes handed over to be committed and published. Touched by the loop's actor alone.
final class FlushUnderWay<LaneID: Hashable> {
  let isFinal: Bool
  let begun = ContinuousClock.now
  var flushes: [PartitionFlush] = []
  var tallies: [LaneID: [Tally: Int]] = [:]
  var task: Task<Void, Never>?
  var isDone = false
  /// Stopped while the store was away: not committed.
  var isGivenUp = false
  var failure: AdapterFailure?

  init(isFinal: Bool) { self.isFinal = isFinal }
}
