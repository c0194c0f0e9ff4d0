/// Deliberate faults of the core, each of which the tests must notice (`Tests/Mutants/run.py`).
///
/// They exist in builds with `-D HEARTH_MUTANTS` alone, where the environment variable `HEARTH_MUTANT` names the one
/// that is switched on. In every other build `mutated` is the constant false and leaves no trace.
@usableFromInline
package enum Mutant: String, CaseIterable, Sendable {
  /// A zone never changes its clocks.
  case zoneWithoutChanges
  /// A wall-clock time that does not exist falls before the gap.
  case gapFallsBack
  /// Half is rounded up, not to even.
  case roundsHalfUp
  /// 10^12 itself is a number.
  case decimalUnbounded
  /// An event exactly at the lateness bound is refused.
  case latenessExclusive
  /// A sliding window still holds an event at time + w.
  case windowKeepsEdge
  /// A two-sided window takes an event a millisecond early.
  case windowEntersEarly
  /// Of two events of one millisecond the later arrival counts as newer, whatever their ids.
  case tieByArrival
  /// A known id is taken again.
  case duplicateCounted
  /// Ids are kept for half their time.
  case idsForgottenEarly
  /// An event that others stand behind is dropped.
  case lateEventLost
  /// Copies of the state that a late event overtakes are replayed from all the same.
  case staleCheckpoint
  /// Events are settled while earlier ones can still come.
  case settledTooEarly
  /// A value taken away and given back within one millisecond begins anew.
  case pulseIsAChange
  /// A run of days that ended yesterday is over.
  case streakEndsToday
  /// `elapsed(x) > d` is looked at when it is equal, and then no more.
  case elapsedWakesEarly
  /// `>` holds for equal operands.
  case greaterOrEqual
  /// An event exactly a window after step 1 is outside.
  case funnelWindowOpen
  /// Of chains of one length the earliest start counts.
  case funnelEarliestStart
  /// Only the latest start of a day is tried.
  case oneSlotFunnel
  /// Exclusions and strictness do nothing.
  case exclusionsIgnored
  /// Events of one millisecond are ordered by id alone.
  case funnelTieById
  /// An entry is dropped at the last instant of its window.
  case droppedEarly
  /// The last member of a population is left out.
  case cutExcludesLast
  /// A share of a population is rounded down.
  case shareRoundedDown
  /// A cut that is not newer than the last is taken.
  case staleCutTaken
  /// A signal that came before is taken again.
  case signalRepeatTaken
  /// The instant at which quiet hours end is quiet.
  case quietEndIncluded
  /// A cap lets one more go.
  case capOneMore
  /// An event at the last instant of a wait does not end it.
  case waitEndExcluded
  /// A slot fires again when the clock stands on it.
  case slotTwice
  /// A touch may still go at its expiry.
  case expiredSent
  /// Touches of one instant go by age alone.
  case priorityIgnored
  /// An attempt begins after the expiry.
  case attemptAfterExpiry
  /// An unknown outcome is tried again, whoever receives it.
  case blindRetry
  /// The sequence of tag changes is not read back.
  case sequenceForgotten
  /// A lane runs with the fastest of its clocks.
  case clockMax
  /// Timers fire without the half second of grace.
  case graceForgotten
  /// A tick at the clock's own instant is not passed on.
  case tickSwallowed
  /// Subjects that fall due by the clock, not by the tick, are not read.
  case dueSubjectsNotRead
  /// The offset moves one record too far.
  case offsetTooFar
  /// A subject that was stored once is not stored again.
  case dirtyForgotten
  /// What a predecessor left unpublished stays so.
  case leftoversSkipped
  /// A new owner does not know the timers.
  case timersNotLoaded
  /// Messages go out before the commit.
  case publishedBeforeCommit
  /// A commit without an answer counts as done.
  case unknownCommitTaken
  /// Records behind an activation are read by the playbook before it.
  case activationLate
}

#if HEARTH_MUTANTS
  import Glibc

  private let chosen = getenv("HEARTH_MUTANT").flatMap { Mutant(rawValue: String(cString: $0)) }

  /// Whether this process runs with the fault.
  package func mutated(_ mutant: Mutant) -> Bool { mutant == chosen }
#else
  /// Whether this process runs with the fault: never.
  @inlinable
  @inline(__always)
  package func mutated(_ mutant: Mutant) -> Bool { false }
#endif
