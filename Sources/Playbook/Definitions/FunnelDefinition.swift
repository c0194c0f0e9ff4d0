import EventModel

/// Ordered steps of a path with a conversion window (SEMANTICS "Funnels").
package struct FunnelDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  /// From the chain's first event, inclusive; 1 minute to 180 days.
  package var window: TimeSpan
  package var order: Order
  /// Member-less first node: aggregate event types; `nil` without one.
  package var total: Total?
  /// Steps 1 … N.
  package var steps: [Step]
  /// Empty where `order` is `any`.
  package var exclusions: [Exclusion]
  /// `nil`: the breakdown value is null.
  package var breakdown: Breakdown?

  /// How the events of a chain may follow each other.
  package enum Order: String, Sendable { case ordered, strict, any }

  /// Node 0: the sum of an aggregate, without members.
  package struct Total: Sendable {
    package var name: String
    package var label: LocalizedText
    /// Event types, at least one.
    package var types: [String]
    package init(name: String, label: LocalizedText, types: [String]) {
      self.name = name
      self.label = label
      self.types = types
    }
  }

  /// One step: the first event of any of its types that passes the filter may serve it.
  package struct Step: Sendable {
    package var name: String
    package var label: LocalizedText
    /// Event types, at least one.
    package var types: [String]
    /// Reads only event fields.
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
    /// Event types, at least one.
    package var types: [String]
    /// Reads only event fields.
    package var filter: Formula?
    /// 1-based step numbers, from < to.
    package var from: Int
    /// The step before which an excluded event cuts the chain.
    package var to: Int
    package init(types: [String], filter: Formula? = nil, from: Int, to: Int) {
      self.types = types
      self.filter = filter
      self.from = from
      self.to = to
    }
  }

  /// The value by which entries are counted apart.
  package struct Breakdown: Sendable {
    package var by: By
    package var attribution: Attribution
    /// Where the value comes from.
    package enum By: Sendable {
      /// Index into the member program's `tags`.
      case tag(Int)
      case field(String)
    }
    /// Which event of the chain gives the value.
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
