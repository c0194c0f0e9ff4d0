import EventModel

/// How a tag's value is decided.
package enum TagRule: Sendable {
  /// Newest non-null value of a field by (time, id), from any actor.
  case fact([EventSelector])
  /// A boolean; null is false.
  case rule(Formula)
  /// The first case that holds; the last may be an `else` (condition `true`).
  case cases([Case])
  case value(Formula)
  /// A decimal 0–100, clamped; `cut` is a literal wherever `name.cut` stands.
  case score(Formula, cut: FixedDecimal)
  /// The quadrant: the first label that holds, else 未分类.
  case quadrant(Quadrant)

  /// A value and the condition under which it is taken.
  package struct Case: Sendable {
    /// A boolean; null is false.
    package var condition: Formula
    package var value: Value
    package init(condition: Formula, value: Value) {
      self.condition = condition
      self.value = value
    }
  }
}
