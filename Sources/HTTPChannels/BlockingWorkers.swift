import Foundation

/// A few threads for calls that block, so that the cooperative pool never does.
///
/// `@unchecked Sendable`: `condition` guards every mutable property; the callers' tasks and the workers enter.
package final class BlockingWorkers: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [@Sendable () -> Void] = []
  private var running: Int
  private var isClosed = false

  /// Threads of one pool.
  package static let threadsMax = 64
  /// Jobs that wait for a thread; more are refused.
  package static let waitingMax = 1024

  /// - Parameter threads: 1 … `threadsMax`; clamped.
  package init(name: String, threads: Int) {
    running = min(max(threads, 1), Self.threadsMax)
    for number in 0..<running {
      let thread = Thread { [self] in work() }
      thread.name = "\(name)-\(number)"
      thread.start()
    }
  }

  /// Runs `job` on a thread; false when too many wait or the pool is closed, and then it never runs.
  func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
    condition.withLock {
      guard !isClosed, waiting.count < Self.waitingMax else { return false }
      waiting.append(job)
      condition.broadcast()
      return true
    }
  }

  /// Ends the threads after the jobs already taken in; returns when the last is done.
  package func close() async {
    await withCheckedContinuation { continuation in
      // Its own thread waits, for the pool's are the ones waited for.
      Thread.detachNewThread { [self] in
        condition.withLock {
          isClosed = true
          condition.broadcast()
          while running > 0 { condition.wait() }
        }
        continuation.resume()
      }
    }
  }

  private func work() {
    while let job = next() { job() }
    condition.withLock {
      running -= 1
      condition.broadcast()
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    condition.withLock {
      while waiting.isEmpty, !isClosed { condition.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }
}
