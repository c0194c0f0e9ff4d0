import Synchronization

/// The bytes of all request bodies held at once.
package final class InFlightBudget: Sendable {
  private let bytesMax: Int
  private let held = Mutex(0)

  package init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// False, and nothing taken, when it would pass the bound.
  package func take(_ bytes: Int) -> Bool {
    held.withLock { held in
      guard held + bytes <= bytesMax else { return false }
      held += bytes
      return true
    }
  }

  /// Returns what `take` took.
  package func give(back bytes: Int) { held.withLock { $0 -= bytes } }

  /// Held now.
  package var bytes: Int { held.withLock { $0 } }
}
