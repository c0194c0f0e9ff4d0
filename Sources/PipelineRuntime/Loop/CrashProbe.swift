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

  func isArmed(_ point: Point) -> Bool {
    point == self.point && counter?.left.withLock { $0 == 1 } == true
  }

  func pass(_ point: Point) {
    guard point == self.point, let counter else { return }
    let isLast = counter.left.withLock { left in
      left -= 1
      return left == 0
    }
    if isLast { kill(getpid(), SIGKILL) }
  }
}
