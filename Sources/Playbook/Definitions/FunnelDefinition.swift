import EventModel

package struct FunnelDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var window: TimeSpan
  package var order: Order
  /// Member-less first node: aggregate event types; `nil` without one.
  package var total: Total?
  /// Steps 1 … N.
  package var steps: [Step]
  package var exclusions: [Exclusion]
  package var breakdown: Breakdown?

  package enum Order: String, Sendable { case ordered, strict, any }

  package struct Total: Sendable {
    package var name: String
    package var label: LocalizedText
    package var types: [String]
    package init(name: String, label: LocalizedText, types: [String]) {
      self.name = name
      self.label = label
      self.types = types
    }
  }

  package struct Step: Sendable {
    package var name: String
    package var label: LocalizedText
    package var types: [String]
    package var filter: Formula?
    package init(name: String, label: LocalizedText, types: [String], filter: Formula? = nil) {
      self.name = name
      self.label = label
      self.types = types
      self.filter = filter
    }
  }

  /// A chain with such an event strictly between steps `from` and `to` is cut to its first `to` − 1 events.
  package struct Exclusion: Sendable {
    package var types: [String]
    package var filter: Formula?
    /// 1-based step numbers, from < to.
    package var from: Int
    package var to: Int
    package init(types: [String], filter: Formula? = nil, from: Int, to: Int) {
      self.types = types
      self.filter = filter
      self.from = from
      self.to = to
    }
  }

  package struct Breakdown: Sendable {
    package var by: By
    package var attribution: Attribution
    package enum By: Sendable {
      /// Index into the member program's `tags`.
      case tag(Int)
      case field(String)
    }
    package enum Attribution: Hashable, Sendable {
      /// 1-based.
      case step(Int)
      case first
      case last
    }
    package init(by: By, attribution: Attribution) {
      self.by = by
      self.attribution = attribution
    }
  }

  package init(
    name: String,
    label: LocalizedText,
    window: TimeSpan,
    order: Order = .ordered,
    total: Total? = nil,
    steps: [Step],
    exclusions: [Exclusion] = [],
    breakdown: Breakdown? = nil
  ) {
    self.name = name
    self.label = label
    self.window = window
    self.order = order
    self.total = total
    self.steps = steps
    self.exclusions = exclusions
    self.breakdown = breakdown
  }
}
