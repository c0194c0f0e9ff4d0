import EventModel

/// A named set of members that is kept current.
package struct SegmentDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  package var rule: Rule

  /// Who belongs to the segment.
  package enum Rule: Sendable {
    /// Membership follows the boolean signal of the segment's name.
    case rule
    /// The top share (0–1, exact decimal) by the decimal signal of the segment's name, recomputed every `refresh`.
    case top(share: FixedDecimal, refresh: TimeSpan)
  }

  package init(name: String, label: LocalizedText, rule: Rule) {
    self.name = name
    self.label = label
    self.rule = rule
  }
}
