/// The enum tag `quadrant`: ordered rules over two scores.
package struct Quadrant: Sendable {
  /// Names of the scores on the axes.
  package var x: String
  package var y: String
  /// The first that holds gives the value, else `unclassified`.
  package var labels: [Label]

  /// One quadrant, or a part of one.
  package struct Label: Sendable {
    /// The tag's value: the label's `id` where it has one, else its text.
    package var value: String
    package var label: LocalizedText
    package var condition: Formula
    /// What to do with such members, in words.
    package var strategy: String?
    package init(value: String, label: LocalizedText, condition: Formula, strategy: String?) {
      self.value = value
      self.label = label
      self.condition = condition
      self.strategy = strategy
    }
  }

  package init(x: String, y: String, labels: [Label]) {
    self.x = x
    self.y = y
    self.labels = labels
  }

  /// The value when no label holds.
  package static let unclassified = "未分类"
}
