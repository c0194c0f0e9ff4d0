import Dispatch
import Synchronization

/// Lets any thread call into a C handle, and lets its owner wait until none is inside before destroying it.
///
/// The C call itself runs outside the lock; only the count is guarded.
final class HandleGate: Sendable {
  private struct State {
    var isClosed = false
    var inside = 0
  }

  private let state = Mutex(State())
  private let emptied = DispatchSemaphore(value: 0)

  /// Runs `body`, or returns nil when the handle is going away.
  func within<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R? {
    let entered = state.withLock { state in
      if state.isClosed { return false }
      state.inside += 1
      return true
    }
    guard entered else { return nil }
    defer { leave() }
    return try body()
  }

  private func leave() {
    let isLast = state.withLock { state in
      state.inside -= 1
      return state.isClosed && state.inside == 0
    }
    if isLast { emptied.signal() }
  }

  /// Refuses further entries and blocks until the last caller has left. Called once, never from inside.
  func closeAndWait() {
    let mustWait = state.withLock { state in
      state.isClosed = true
      return state.inside > 0
    }
    if mustWait { emptied.wait() }
  }
}
