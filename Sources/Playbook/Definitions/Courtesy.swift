import EventModel

/// When members may be spoken to, and how often.
package struct Courtesy: Sendable {
  /// In the member's zone, else the tenant's; `nil` without any.
  package var quietHours: QuietHours?
  /// All of them hold.
  package var caps: [Cap]

  /// Wall-clock times since local midnight; overnight windows wrap.
  package struct QuietHours: Hashable, Sendable {
    package var from: TimeSpan
    package var to: TimeSpan
    package init(from: TimeSpan, to: TimeSpan) {
      self.from = from
      self.to = to
    }
  }

  /// At most `touches` per `per`, for one kind of template or, without kind, over everything.
  package struct Cap: Hashable, Sendable {
    package var kind: String?
    /// 1 to 1,000.
    package var touches: Int
    /// A sliding length of time.
    package var per: TimeSpan
    package init(kind: String?, touches: Int, per: TimeSpan) {
      self.kind = kind
      self.touches = touches
      self.per = per
    }
  }

  package init(quietHours: QuietHours? = nil, caps: [Cap] = []) {
    self.quietHours = quietHours
    self.caps = caps
  }
}
