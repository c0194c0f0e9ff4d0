import EventModel

/// The instants at which population segments are recomputed: multiples of `refresh` since 1970-01-01T00:00:00Z.
package enum SnapshotSchedule {
  /// After a jump of the clock at most this many of the newest multiples are taken, `SegmentLimits.boundariesMax`.
  private static let instantsMax = Int64(SegmentLimits.boundariesMax)

  /// The first multiple at or after `instant`. A `refresh` that is not positive counts as one millisecond.
  package static func boundary(atOrAfter instant: Instant, refresh: TimeSpan) -> Instant {
    let unit = max(1, refresh.milliseconds)
    let (quotient, remainder) = floorDivide(instant.milliseconds, unit)
    return Instant(milliseconds: (remainder == 0 ? quotient : quotient + 1) * unit)
  }

  /// The multiples in (`last`, `clock`], ascending, at most the newest 48; with no `last`, the newest alone.
  package static func due(after last: Instant?, through clock: Instant, refresh: TimeSpan) -> [Instant] {
    let unit = max(1, refresh.milliseconds)
    let newest = floorDivide(clock.milliseconds, unit).quotient
    guard let last else { return [Instant(milliseconds: newest * unit)] }
    let oldest = max(floorDivide(last.milliseconds, unit).quotient + 1, newest - instantsMax + 1)
    guard oldest <= newest else { return [] }
    return (oldest...newest).map { Instant(milliseconds: $0 * unit) }
  }
}
