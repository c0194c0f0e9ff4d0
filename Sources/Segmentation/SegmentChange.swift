import EventModel

/// A change of one of a member's signals, as the tagger decided it.
package struct SignalChange: Hashable, Sendable {
  /// Name of the segment that rests on it.
  package var signal: String
  /// A boolean for rule segments (null is false), a decimal or null for population segments.
  package var value: Value
  /// Start of the value under the events known to the tagger.
  package var since: Instant
  package var decidedAt: Instant
  /// 1, 2, 3 … over all signals of the member.
  package var sequence: Int64
  /// What the tagger gave as the cause; handed on as it is.
  package var reason: Value

  package init(
    signal: String,
    value: Value,
    since: Instant,
    decidedAt: Instant,
    sequence: Int64,
    reason: Value = .null
  ) {
    self.signal = signal
    self.value = value
    self.since = since
    self.decidedAt = decidedAt
    self.sequence = sequence
    self.reason = reason
  }
}

/// A member entered or left a segment.
package struct SegmentChange: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable { case entered, exited }

  package var segment: String
  package var kind: Kind
  /// Start of the new membership; for population segments the instant of the snapshot.
  package var since: Instant
  package var decidedAt: Instant
  /// The snapshot's instant; nil for rule segments.
  package var asOf: Instant?
  /// The signal's reason; for population segments the value that was ranked.
  package var reason: Value

  package init(
    segment: String,
    kind: Kind,
    since: Instant,
    decidedAt: Instant,
    asOf: Instant? = nil,
    reason: Value = .null
  ) {
    self.segment = segment
    self.kind = kind
    self.since = since
    self.decidedAt = decidedAt
    self.asOf = asOf
    self.reason = reason
  }
}

/// Bounds of segmentation state.
package enum SegmentLimits {
  /// Boundaries of `refresh` for which a member's value is remembered while no snapshot is taken; older ones go.
  package static let boundariesMax = 48
  /// Rule segments of one member that are read back from storage.
  package static let membershipsMax = 2000
}
