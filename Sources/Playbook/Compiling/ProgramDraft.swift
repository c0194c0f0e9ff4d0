import EventModel

/// The program of one subject kind while it is compiled.
struct ProgramDraft {
  /// In order of name.
  var metrics: [MetricDefinition] = []
  /// Kinds of the metrics by name; also of those with a fault, as unknown.
  var metricKinds: [String: ValueKind] = [:]
  var tags: [TagDraft] = []
  /// Tags in evaluation order.
  var compiled: [TagDefinition] = []
  var signals: [SignalDefinition] = []
  /// What expressions of this kind may read, once the tags are compiled.
  var scope: ExpressionScope?
}

/// A tag, a score or the quadrant, parsed but not yet resolved.
struct TagDraft {
  /// A parsed expression with the scalar it stands in.
  struct Expression {
    var syntax: ExpressionSyntax
    var node: YAMLTree
  }

  enum Body {
    case fact([EventSelector], ValueKind)
    case rule(Expression)
    case cases([(condition: Expression?, value: String)])
    case value(Expression)
    case score(Expression, cut: FixedDecimal)
    case quadrant(x: String, y: String, labels: [Label])
    case model(PredictiveModel)
    /// With a fault: its name is known, its kind is not.
    case broken
  }

  struct Label {
    var value: String
    var label: LocalizedText
    var condition: Expression
    var strategy: String?
  }

  var name: String
  var position: SourcePosition
  var label: LocalizedText
  var category: String?
  var owner: String?
  var description: LocalizedText?
  var body: Body

  var expressions: [Expression] {
    switch body {
    case .rule(let expression), .value(let expression), .score(let expression, _): [expression]
    case .cases(let cases): cases.compactMap(\.condition)
    case .quadrant(_, _, let labels): labels.map(\.condition)
    case .fact, .model, .broken: []
    }
  }
}
