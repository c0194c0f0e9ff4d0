import EventModel

/// A member's newest word on being touched, for one purpose.
struct ConsentChange: Hashable, Sendable {
  var time: Instant
  var isRefused: Bool

  /// The purpose that stands for every touch; the others are kinds of templates.
  static let everything = "touch"
  /// Purposes kept per member; further ones are not taken.
  static let purposesMax = 64

  /// `touch.opted_out` refuses its `kind`, or without one everything; `consent.changed` gives or withdraws its
  /// `purpose` (a kind of template, or `touch` for everything; other purposes are no concern of touches).
  static let types: Set<String> = ["touch.opted_out", "consent.changed"]

  /// nil when the event says nothing about it.
  static func read(_ event: Event) -> (purpose: String, change: ConsentChange)? {
    func text(_ name: String) -> String? {
      if case .string(let text)? = event.data[name], text.utf8.count <= StateLimits.textBytesMax { text } else { nil }
    }
    switch event.type {
    case "touch.opted_out":
      return (text("kind") ?? everything, ConsentChange(time: event.time, isRefused: true))
    case "consent.changed":
      guard let purpose = text("purpose"), case .bool(let granted)? = event.data["granted"] else { return nil }
      return (purpose, ConsentChange(time: event.time, isRefused: !granted))
    default: return nil
    }
  }

  /// The newer one; of two at once the refusal.
  func merged(with other: ConsentChange?) -> ConsentChange {
    guard let other else { return self }
    if time != other.time { return time > other.time ? self : other }
    return isRefused ? self : other
  }
}
