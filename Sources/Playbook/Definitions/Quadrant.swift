package struct Quadrant: Sendable {
  /// Names of the scores on the axes.
  package var x: String
  package var y: String
  package var labels: [Label]

  package struct Label: Sendable {
    /// The tag's value: the label's `id` where it has one, else its text.
    package var value: String
    package var label: LocalizedText
    package var condition: Formula
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
