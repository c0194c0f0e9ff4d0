import Synchronization

/// What a service knows of its own condition. `/livez` says whether the loop turns, never whether dependencies
/// answer; `/readyz` says whether store, broker and assignment are there.
package final class Health: Sendable {
  private struct State {
    var lastTurn: ContinuousClock.Instant
    var conditions: [String: Bool]
  }

  /// A loop that has not turned for this long is dead.
  package static let turnMax = Duration.seconds(60)

  private let state: Mutex<State>

  /// `needs`: names of what must hold before the service is ready, e.g. `store`, `broker`, `assignment`.
  package init(needs: [String]) {
    state = Mutex(State(lastTurn: .now, conditions: Dictionary(uniqueKeysWithValues: needs.map { ($0, false) })))
  }

  package func turned() { state.withLock { $0.lastTurn = .now } }

  package func set(_ condition: String, _ holds: Bool) { state.withLock { $0.conditions[condition] = holds } }

  package var isLive: Bool { state.withLock { ContinuousClock.now - $0.lastTurn < Self.turnMax } }

  /// What does not hold, by name; empty when ready.
  package var missing: [String] {
    state.withLock { $0.conditions.filter { !$0.value }.keys.sorted() }
  }
}
