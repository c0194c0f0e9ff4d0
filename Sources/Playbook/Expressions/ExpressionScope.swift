import EventModel

/// What the names of an expression mean where it stands.
struct ExpressionScope {
  enum Binding {
    case metric(Int, ValueKind)
    case tag(Int, ValueKind)
    case field(ValueKind)
  }

  enum Place {
    /// A tag, a score, a label or a segment of one subject kind.
    case subject(String)
    /// A `where` over an event's fields.
    case event(String)
  }

  var place: Place
  var bindings: [String: Binding]
  /// Cuts of the scores by name.
  var cuts: [String: FixedDecimal] = [:]
  /// The values that an enum tag can have, by its name.
  var enumValues: [String: Set<String>] = [:]
  /// Whether a name without binding is a field of unknown kind.
  var admitsUnknownFields = false

  /// Of the tags bound, in no order; also of those with a fault.
  var tagNames: [String] {
    bindings.compactMap { name, binding in if case .tag = binding { name } else { nil } }
  }

  /// What a fault says was expected of a name.
  var expectation: String {
    switch place {
    case .subject(let kind): "a metric, tag or score of a \(kind)"
    case .event(let types): "a field of \(types)"
    }
  }

  var isEvent: Bool { if case .event = place { true } else { false } }
}
