import EventModel

/// One member's time line: what happened, what it changed and why.
package struct MemberStory: Sendable {
  package var member: String
  /// Present tags, `name value`.
  package var tags: [String]
  /// In order of time; `total` counts those left out too.
  package var lines: [Line]
  package var total: Int
  /// Everything that was folded, in order of time, for those who look for the first of a kind; the newest are left out
  /// past `MemberTimeline.momentsMax`.
  package var moments: [Moment] = []

  package init(member: String, tags: [String], lines: [Line], total: Int) {
    self.member = member
    self.tags = tags
    self.lines = lines
    self.total = total
  }

  /// An event, or a tag's change to a value.
  package struct Moment: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      case event(String)
      case tag(String, String)
    }
    package var at: Instant
    package var kind: Kind
    /// As a line says it.
    package var text: String
    package var reason: String

    package init(at: Instant, kind: Kind, text: String, reason: String) {
      self.at = at
      self.kind = kind
      self.text = text
      self.reason = reason
    }
  }

  package struct Line: Hashable, Sendable {
    package enum Kind: String, Sendable { case event, tag, segment, funnel, touch }
    package var at: Instant
    package var kind: Kind
    package var text: String
    /// Why; empty where the line is itself the cause.
    package var reason: String

    package init(at: Instant, kind: Kind, text: String, reason: String = "") {
      self.at = at
      self.kind = kind
      self.text = text
      self.reason = reason
    }
  }
}
