import EventModel

/// The rule segments that a member is in, moved by boolean signals.
package struct RuleMembership: Hashable, Sendable {
  struct Membership: Hashable, Sendable {
    var segment: String
    var since: Instant
  }

  /// Those the member is in, in order of name (UTF-8).
  private(set) var memberships: [Membership] = []

  package init() {}

  /// Since when the member is in the segment; nil when it is not.
  package func since(of segment: String) -> Instant? {
    let index = place(of: segment)
    return has(segment, at: index) ? memberships[index].since : nil
  }

  /// Names of the segments that the member is in, in UTF-8 order.
  package var segments: [String] { memberships.map(\.segment) }

  /// Takes a signal of a rule segment over. A value that stays but stands since another instant moves `since`
  /// without a change: neither entered nor exited.
  package mutating func apply(_ signal: SignalChange) -> SegmentChange? {
    let index = place(of: signal.signal)
    let isIn = has(signal.signal, at: index)
    let holds = signal.value == .bool(true)
    switch (isIn, holds) {
    case (false, false): return nil
    case (true, true):
      memberships[index].since = signal.since
      return nil
    case (false, true): memberships.insert(Membership(segment: signal.signal, since: signal.since), at: index)
    case (true, false): memberships.remove(at: index)
    }
    return SegmentChange(
      segment: signal.signal,
      kind: holds ? .entered : .exited,
      since: signal.since,
      decidedAt: signal.decidedAt,
      reason: signal.reason
    )
  }

  private func place(of segment: String) -> Int {
    memberships.firstIndex { !$0.segment.utf8.lexicographicallyPrecedes(segment.utf8) } ?? memberships.count
  }

  private func has(_ segment: String, at index: Int) -> Bool {
    index < memberships.count && memberships[index].segment == segment
  }
}

extension RuleMembership {
  func write(to writer: inout StateWriter) {
    writer.count(memberships.count)
    for membership in memberships {
      writer.text(membership.segment)
      writer.instant(membership.since)
    }
  }

  init(from reader: inout StateReader) throws(StateCodingFailure) {
    let count = try reader.count("memberships", max: SegmentLimits.membershipsMax)
    for _ in 0..<count {
      let segment = try reader.text("segment")
      if let last = memberships.last, !last.segment.utf8.lexicographicallyPrecedes(segment.utf8) {
        throw .outOfRange("segment")
      }
      memberships.append(Membership(segment: segment, since: try reader.instant()))
    }
  }
}
