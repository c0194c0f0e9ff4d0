/// Whether a change belongs to the present or to a past that is being folded.
package enum ChangeMode: String, Sendable, CaseIterable {
  case live
  /// History of a tenant with `clock: log`.
  case replay
  /// A new definition folded over the past.
  case backfill
}
