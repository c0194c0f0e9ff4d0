/// Everything folded for one kind of subject.
package struct SubjectProgram: Sendable {
  /// In order of name; formulas name them by index.
  package var metrics: [MetricDefinition]
  /// Tags, scores and the quadrant, in evaluation order: a tag reads only earlier ones. Dependency, then name: of the
  /// tags whose dependencies all stand already, the one with the smallest name comes next (Kahn's algorithm).
  package var tags: [TagDefinition]
  /// Expressions that segments rest on, decided with the tags but published to the segmenter alone; they may read
  /// every tag and metric. In order of name.
  package var signals: [SignalDefinition]

  package init(metrics: [MetricDefinition] = [], tags: [TagDefinition] = [], signals: [SignalDefinition] = []) {
    self.metrics = metrics
    self.tags = tags
    self.signals = signals
  }
}

/// `silent_vip`'s rule or `super`'s ranking value.
package struct SignalDefinition: Sendable {
  /// The segment's name.
  package var name: String
  /// Boolean for a rule segment, decimal for a ranking.
  package var expression: Formula
  package init(name: String, expression: Formula) {
    self.name = name
    self.expression = expression
  }
}
