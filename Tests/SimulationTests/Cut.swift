import Synchronization

/// After how many records the broker fails, once.
final class Cut: Sendable {
  private let after = Mutex<Int?>(nil)

  func set(_ count: Int?) { after.withLock { $0 = count } }

  /// Records of a call that still arrive; nil: all, and no failure.
  func take(of count: Int) -> Int? {
    after.withLock { after in
      guard let limit = after else { return nil }
      after = nil
      return min(limit, count)
    }
  }
}
