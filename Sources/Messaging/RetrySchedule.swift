import EventModel

/// When a delivery is tried again: the example schedule of the Standard Webhooks specification.
package enum RetrySchedule {
  /// The pause before each attempt, counted from the failure of the one before: about three days in all.
  package static let pauses: [TimeSpan] = [
    .seconds(0), .seconds(5), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14), .hours(20),
    .hours(24),
  ]

  /// Attempts made at most.
  package static var attemptsMax: Int { pauses.count }
  /// Jitter lengthens a pause by up to this share of it, in thousandths.
  package static let jitterPermilleMax: Int64 = 200
  /// A receiver may ask for a longer pause, up to this.
  package static let retryAfterMax = TimeSpan.hours(24)

  /// When to try next after attempt number `attempt` (from 1) failed at `instant`; nil when that was the last.
  ///
  /// - Parameters:
  ///   - jitter: 0 … 1000, drawn evenly by the caller; clamped.
  ///   - retryAfter: what the receiver asked for; the longer pause counts.
  package static func next(
    afterAttempt attempt: Int,
    failedAt instant: Instant,
    jitter: Int,
    retryAfter: TimeSpan? = nil
  ) -> Instant? {
    guard attempt >= 0, attempt < pauses.count else { return nil }
    let pause = pauses[attempt].milliseconds
    let share = Int64(min(max(jitter, 0), 1000)) * jitterPermilleMax / 1000
    let asked = min(max(retryAfter?.milliseconds ?? 0, 0), retryAfterMax.milliseconds)
    return instant + TimeSpan(milliseconds: max(pause + pause * share / 1000, asked))
  }
}
