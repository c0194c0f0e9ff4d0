import EventModel
import Playbook

/// What courtesy says of one touch at one instant.
package enum CourtesyDecision: Hashable, Sendable {
  case allowed
  /// Not now; `until` is the first instant at which it may go as things stand, before its expiry.
  case deferred(until: Instant, reason: TouchReason)
  /// Never.
  case dropped(reason: TouchReason)
}

/// Why a touch was held or dropped.
package enum TouchReason: Hashable, Sendable {
  case quietHours
  /// The cap over everything, or over one kind.
  case cap(kind: String?)
  case expired
  /// The member refused such touches, or all.
  case noConsent
  /// The playbook no longer has the template.
  case templateGone
  /// The playbook has no channel to send it on.
  case noChannel

  /// `quiet_hours`, `cap`, `cap:promotion`, `expired`, `no_consent`, `template_gone`, `no_channel`.
  package var text: String {
    switch self {
    case .quietHours: "quiet_hours"
    case .cap(let kind): kind.map { "cap:\($0)" } ?? "cap"
    case .expired: "expired"
    case .noConsent: "no_consent"
    case .templateGone: "template_gone"
    case .noChannel: "no_channel"
    }
  }
}

/// Quiet hours and caps of one member together.
package struct CourtesyRules: Sendable {
  package let quietHours: QuietHours?
  package let caps: TouchCaps

  package init(quietHours: QuietHours?, caps: TouchCaps) {
    self.quietHours = quietHours
    self.caps = caps
  }

  /// Judges a touch of `kind` at `instant`; it may go only before `expiresAt`.
  ///
  /// Room under a cap stays once it is there, so the first allowed instant is the first one outside quiet hours at or
  /// after the caps' opening.
  package func decide(
    kind: String,
    at instant: Instant,
    expiresAt: Instant,
    sent: [SentTouch]
  ) -> CourtesyDecision {
    guard instant < expiresAt || mutated(.expiredSent) else { return .dropped(reason: .expired) }
    let (opening, cap) = caps.firstAllowed(kind: kind, atOrAfter: instant, sent: sent)
    let reason = cap.map { TouchReason.cap(kind: $0.kind) } ?? .quietHours
    guard opening < expiresAt else { return .dropped(reason: reason) }
    let first = quietHours?.firstAllowed(atOrAfter: opening) ?? opening
    guard first < expiresAt else { return .dropped(reason: reason) }
    return first <= instant ? .allowed : .deferred(until: first, reason: reason)
  }
}
