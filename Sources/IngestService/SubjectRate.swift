import EventModel
import Synchronization

/// Counts each subject's events by clock hour.
///
/// Bounded: past `ratedSubjectsMax` subjects those below half the limit are forgotten, so that only the busy ones cost
/// memory; a forgotten one may then pass up to half the limit more in that hour.
package final class SubjectRate: Sendable {
  private struct State {
    var hour: Int64 = .min
    var counts: [Subject: Int] = [:]
  }

  private let limits: IngestLimits
  private let state = Mutex(State())

  package init(limits: IngestLimits) { self.limits = limits }

  /// Counts one event; false when the subject is over its limit.
  package func admit(_ subject: Subject, at now: Instant) -> Bool {
    let hour = floorDivide(now.milliseconds, 3_600_000).quotient
    return state.withLock { state in
      if state.hour != hour {
        state.hour = hour
        state.counts.removeAll(keepingCapacity: true)
      }
      let count = state.counts[subject, default: 0]
      guard count < limits.subjectEventsPerHourMax else { return false }
      if count == 0, state.counts.count >= limits.ratedSubjectsMax {
        state.counts = state.counts.filter { $0.value * 2 >= limits.subjectEventsPerHourMax }
      }
      state.counts[subject] = count + 1
      return true
    }
  }
}
