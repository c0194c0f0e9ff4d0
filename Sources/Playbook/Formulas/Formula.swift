import EventModel

/// A checked expression (PLAYBOOK "Expressions"). Elapsed time stands only in the two forms whose next instant of
/// change is computable.
package indirect enum Formula: Hashable, Sendable {
  case literal(Value)
  /// Index into the program's `metrics`.
  case metric(Int)
  /// Index into the program's `tags`.
  case tag(Int)
  /// A field of the event at hand; only in `where`.
  case field(String)
  case negate(Formula)
  case arithmetic(ArithmeticOperator, Formula, Formula)
  case compare(ComparisonOperator, Formula, Formula)
  /// `elapsed(time) op span`; `span` is clock-free.
  case elapsed(ComparisonOperator, time: Formula, span: Formula)
  /// `floor(elapsed(time) / unit)`: whole units, as a decimal.
  case elapsedUnits(time: Formula, unit: TimeSpan)
  case not(Formula)
  case and(Formula, Formula)
  case or(Formula, Formula)
  case isIn(Formula, [Value])
  case between(Formula, Formula, Formula)
  case exists(Formula)
  case coalesce([Formula])
  case least([Formula])
  case greatest([Formula])
  case absolute(Formula)
  case round(Formula, places: Int)
  case lower(Formula)
  case contains(Formula, Formula)
  case startsWith(Formula, Formula)
  case length(Formula)
}

/// As written in expressions.
package enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// As written in expressions.
package enum ArithmeticOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
}
