import EventModel
import Playbook

/// A touch that was let go, as caps count it.
package struct SentTouch: Hashable, Sendable {
  /// When it was decided.
  package let at: Instant
  /// The template's kind.
  package let kind: String

  package init(at: Instant, kind: String) {
    self.at = at
    self.kind = kind
  }
}

/// Sliding limits on a member's touches: within (t − per, t] at most so many; one leaves exactly at its time + per.
package struct TouchCaps: Sendable {
  package let caps: [Courtesy.Cap]

  /// Most touches remembered per member; a cap that allows more within its span is held to this.
  package static let sentMax = 512

  package init(_ caps: [Courtesy.Cap]) {
    self.caps = caps.map { Courtesy.Cap(kind: $0.kind, touches: min($0.touches, Self.sentMax), per: $0.per) }
  }

  /// The first instant at or after `instant` at which every cap has room for one of `kind`, and the cap that holds it
  /// up longest (nil when there is room now). Once there, room stays until something is sent.
  ///
  /// - Parameter sent: in order of time, none later than `instant`.
  /// - Returns: `Instant.distantFuture` under a cap of no touches.
  package func firstAllowed(
    kind: String,
    atOrAfter instant: Instant,
    sent: [SentTouch]
  ) -> (instant: Instant, cap: Courtesy.Cap?) {
    var first = instant
    var binding: Courtesy.Cap?
    for cap in caps where cap.kind == nil || cap.kind == kind {
      guard let opens = opening(of: cap, sent: sent), opens > first else { continue }
      first = opens
      binding = cap
    }
    return (first, binding)
  }

  /// When the touch that fills the cap leaves it; nil while there is room whatever the instant.
  private func opening(of cap: Courtesy.Cap, sent: [SentTouch]) -> Instant? {
    guard cap.touches > 0 else { return .distantFuture }
    var left = cap.touches
    for touch in sent.reversed() where cap.kind == nil || cap.kind == touch.kind {
      left -= 1
      if left == (mutated(.capOneMore) ? -1 : 0) { return touch.at + cap.per }
    }
    return nil
  }

  /// Forgets what no cap can count at `instant` or later.
  package func prune(_ sent: inout [SentTouch], at instant: Instant) {
    guard let longest = caps.map(\.per).max() else {
      sent.removeAll()
      return
    }
    sent.removeAll { $0.at + longest <= instant }
    if sent.count > Self.sentMax { sent.removeFirst(sent.count - Self.sentMax) }
  }
}
