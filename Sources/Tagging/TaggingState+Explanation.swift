import EventModel
import Playbook

extension TaggingState {
  /// The subject as it was, or will be if nothing comes, at `instant`, under the events now known.
  ///
  /// - Returns: nil for an instant before the subject began, or before what can be replayed: the lateness bound and
  ///   5 min behind its clock.
  package func asOf(_ instant: Instant, program: TaggingProgram) -> TaggingState? {
    var state = self
    state.prepare(program: program)
    if instant.milliseconds >= state.clockMilliseconds {
      _ = state.advance(through: instant, program: program)
    } else if !state.rewind(to: instant, program: program) {
      return nil
    }
    return state.hasBegun ? state : nil
  }

  /// Whether an event of the subject is visible.
  package var hasBegun: Bool { head.map { $0.born != Slot.none } ?? false }

  /// What the tag's rule reads itself, in the order written, as of the clock; of cases and labels, those tried.
  package func decidingValues(of tag: Int, program: TaggingProgram) -> [DecidingValue] {
    read(program) { head, arena in deciding(tag, head, arena, program) }
  }

  /// When the tag takes another value if nothing comes, and which.
  ///
  /// - Parameter end: how far ahead is looked.
  package func nextChange(
    of tag: Int,
    through end: Instant,
    program: TaggingProgram
  ) -> (at: Instant, value: Value)? {
    var state = self
    state.prepare(program: program)
    for _ in 0..<TaggingLimits.stepsAhead {
      guard let due = state.nextDue(program: program), due <= end else { return nil }
      for firing in state.advance(through: due, program: program) {
        if let change = firing.tags.first(where: { $0.tag == tag }), !identical(change.value, change.was) {
          return (firing.at, change.value)
        }
      }
    }
    return nil
  }
}
