/// Kind of a value while an expression is checked.
package enum ValueKind: String, Sendable {
  case boolean, decimal, string, time, duration, list
  /// Not known before run time (a custom event's field).
  case unknown
}
