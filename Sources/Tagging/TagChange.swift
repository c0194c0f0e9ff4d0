import EventModel

/// Why a tag or signal took its present value.
package enum ChangeCause: Hashable, Sendable {
  /// The event that was folded in its turn, or that became visible when the clock reached it.
  case event(id: String)
  /// Nothing came: a window, an elapsed time or a calendar boundary.
  case clock
  /// A late event changed the value, or only its `since`.
  case correction(id: String)
  case backfill
  case merge
}

/// A metric or tag that a decision read, with what it was.
package struct DecidingValue: Hashable, Sendable {
  package let name: String
  package let value: Value
  /// Whether the metric was past its bound of exactness.
  package let approximate: Bool

  package init(name: String, value: Value, approximate: Bool) {
    self.name = name
    self.value = value
    self.approximate = approximate
  }
}

/// One change of one tag.
package struct TagChange: Hashable, Sendable {
  /// Index into the program's `tags`.
  package let tag: Int
  package let value: Value
  /// Null where the tag had no value yet.
  package let was: Value
  /// Start of the present value under the events now known.
  package let since: Instant
  package let cause: ChangeCause
  /// What the rule read itself, in the order written; of cases and labels, those tried.
  package let deciding: [DecidingValue]

  package init(tag: Int, value: Value, was: Value, since: Instant, cause: ChangeCause, deciding: [DecidingValue]) {
    self.tag = tag
    self.value = value
    self.was = was
    self.since = since
    self.cause = cause
    self.deciding = deciding
  }
}

/// One change of a segment's signal.
package struct SignalChange: Hashable, Sendable {
  /// Index into the program's `signals`.
  package let signal: Int
  package let value: Value
  /// Null where the signal had no value yet.
  package let was: Value
  /// Start of the present value under the events now known.
  package let since: Instant
  package let cause: ChangeCause
  /// What the expression read itself, in the order written.
  package let deciding: [DecidingValue]

  package init(signal: Int, value: Value, was: Value, since: Instant, cause: ChangeCause, deciding: [DecidingValue]) {
    self.signal = signal
    self.value = value
    self.was = was
    self.since = since
    self.cause = cause
    self.deciding = deciding
  }
}

/// What one record did to its subject.
package struct SubjectOutcome: Hashable, Sendable {
  package enum Acceptance: Hashable, Sendable {
    case accepted
    /// An identical copy of an event known by its id: no effect.
    case duplicate
    /// A differing copy under a known id: no effect, to be counted.
    case duplicateConflict
  }

  package let acceptance: Acceptance
  /// In the order of the program's `tags` (dependency, then name).
  package var tags: [TagChange]
  /// In the order of the program's `signals`.
  package var signals: [SignalChange]

  package init(acceptance: Acceptance, tags: [TagChange] = [], signals: [SignalChange] = []) {
    self.acceptance = acceptance
    self.tags = tags
    self.signals = signals
  }
}

/// The changes of one instant at which something was due.
package struct Firing: Hashable, Sendable {
  package let at: Instant
  package let tags: [TagChange]
  package let signals: [SignalChange]

  package init(at: Instant, tags: [TagChange], signals: [SignalChange]) {
    self.at = at
    self.tags = tags
    self.signals = signals
  }
}

/// A tag's or signal's present value.
package struct StandingValue: Hashable, Sendable {
  package let value: Value
  /// Start of the present value; nil before the subject's first event.
  package let since: Instant?

  package init(value: Value, since: Instant?) {
    self.value = value
    self.since = since
  }
}

/// A metric's present value.
package struct MetricValue: Hashable, Sendable {
  package let value: Value
  /// Whether its window holds more than is kept exactly (SEMANTICS "Metrics").
  package let approximate: Bool

  package init(value: Value, approximate: Bool) {
    self.value = value
    self.approximate = approximate
  }
}

/// The bounds of exactness and memory of one subject's metrics.
package enum TaggingLimits {
  /// The newest qualifying events of a windowed metric that are kept one by one.
  package static let exactEvents = 1024
  /// Distinct values that are told apart.
  package static let distinctValues = 1024
  /// Values kept of a two-sided window's events past `exactEvents`, once for each bucket.
  package static let demotedValues = 4096
  /// A window is cut into this many buckets for events past `exactEvents`.
  package static let bucketsPerWindow: Int64 = 256
  /// Longest run of days that a streak reports.
  package static let streakDays = 400
  /// Bytes of an encoded state that is read.
  package static let stateBytes = 64 * 1024 * 1024
  /// Instants that are looked through for a tag's next change.
  package static let stepsAhead = 20_000
  /// Words of a stored fold: far past what the most metrics and tags of a playbook take.
  static let foldWords = 1 << 20
  /// Instants read from a stored state lie within ± this many milliseconds (8,900 years) of the epoch.
  static let instantMagnitude: Int64 = 1 << 48
}
