import EventModel

/// Who of several equal processes does what only one may do.
package protocol Leadership: Sendable {
  /// True while this process leads; asks for the lead when nobody has it.
  func holds() async throws(AdapterFailure) -> Bool
}

/// What the store knows of timers to come.
package protocol TimerOutlook: Sendable {
  /// The earliest stored timer due after `instant`; nil without one.
  func nextDue(after instant: Instant) async throws(AdapterFailure) -> Instant?
  /// The store's own time, the clock of live tenants.
  func now() async throws(AdapterFailure) -> Instant
}
