import EventModel

/// Whether a member may be touched at all, by the newest event that says so.
struct ConsentChange: Hashable, Sendable {
  var time: Instant
  var optedOut: Bool

  /// `touch.opted_out`, and `consent.changed` with a boolean `granted`.
  static let types: Set<String> = ["touch.opted_out", "consent.changed"]

  /// nil when the event says nothing about it.
  init?(_ event: Event) {
    switch event.type {
    case "touch.opted_out": self.init(time: event.time, optedOut: true)
    case "consent.changed":
      guard case .bool(let granted)? = event.data["granted"] else { return nil }
      self.init(time: event.time, optedOut: !granted)
    default: return nil
    }
  }

  init(time: Instant, optedOut: Bool) {
    self.time = time
    self.optedOut = optedOut
  }

  /// The newer one; of two at once the refusal.
  func merged(with other: ConsentChange?) -> ConsentChange {
    guard let other else { return self }
    if time != other.time { return time > other.time ? self : other }
    return optedOut ? self : other
  }
}
