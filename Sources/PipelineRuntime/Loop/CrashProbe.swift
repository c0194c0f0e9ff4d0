import Foundation
import Synchronization

/// Named points at which a fault run lets a process die as by kill -9 (`HEARTH_CRASH_AT=afterCommit:3`: the third time
/// it is passed). Off unless the variable is set.
package struct CrashProbe: Sendable {
  package enum Point: String, Sendable, CaseIterable {
    case beforeCommit
    case afterCommit
    case midOutbox
    case beforeHint
  }

  private final class Counter: Sendable {
    let left: Mutex<Int>
    init(_ count: Int) { left = Mutex(count) }
  }

  private let point: Point?
  private let counter: Counter?

  package static let none = CrashProbe(point: nil, counter: nil)

  private init(point: Point?, counter: Counter?) {
    self.point = point
    self.counter = counter
  }

  /// Reads `HEARTH_CRASH_AT`; anything but `POINT:COUNT` is off.
  package static func fromEnvironment() -> CrashProbe {
    let parts = ProcessInfo.processInfo.environment["HEARTH_CRASH_AT"]?.split(separator: ":") ?? []
    guard parts.count == 2, let point = Point(rawValue: String(parts[0])), let count = Int(parts[1]) else {
      return .none
    }
    return CrashProbe(point: point, counter: Counter(count))
  }

  /// Counts one passing of the point; true the time at which the process is to die there. For a point inside of work
  /// that the caller has to half do first; then `die`.
  func reaches(_ point: Point) -> Bool {
    guard point == self.point, let counter else { return false }
    return counter.left.withLock { left in
      left -= 1
      return left == 0
    }
  }

  func pass(_ point: Point) {
    if reaches(point) { die() }
  }

  /// As kill -9 does.
  func die() { kill(getpid(), SIGKILL) }
}
