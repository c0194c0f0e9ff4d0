import Foundation
import Synchronization

/// A child process of the supervisor, its output in a log file.
package final class ChildProcess: Sendable {
  package let name: String
  package let pid: Int32
  private let process: Mutex<Process>
  private let ended: AsyncStream<Int32>

  /// Starts it. `environment` is added to this process's own.
  package init(
    name: String,
    executable: String,
    arguments: [String],
    environment: [String: String] = [:],
    log: String
  ) throws(CommandFailure) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    guard let output = Self.appending(to: log) else {
      throw CommandFailure(.unreachable, "log file cannot be written", at: log)
    }
    process.standardOutput = output
    process.standardError = output
    let (stream, continuation) = AsyncStream<Int32>.makeStream()
    process.terminationHandler = { process in
      continuation.yield(process.terminationStatus)
      continuation.finish()
    }
    do { try process.run() } catch {
      throw CommandFailure(
        .unreachable,
        "\(name) cannot be started",
        at: executable,
        next: "swift build, then start again"
      )
    }
    self.name = name
    self.pid = process.processIdentifier
    self.process = Mutex(process)
    self.ended = stream
  }

  /// Several processes write into one log, each at its end as it is then; a handle of its own place would overwrite
  /// the others' lines.
  static func appending(to log: String) -> FileHandle? {
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    return descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  package var isRunning: Bool { process.withLock { $0.isRunning } }

  /// How it ended, for people: `0`, or `signal 9`; nil while it runs.
  package var ending: String? {
    process.withLock { process in
      guard !process.isRunning else { return nil }
      return process.terminationReason == .exit
        ? "\(process.terminationStatus)" : "signal \(process.terminationStatus)"
    }
  }

  package func signal(_ number: Int32) {
    if isRunning { kill(pid, number) }
  }

  /// Waits for the end and returns the exit status. Only one waiter.
  package func wait() async -> Int32 {
    for await status in ended { return status }
    return -1
  }

  /// SIGTERM, then SIGKILL when it does not end in time.
  package func stop(with number: Int32 = SIGTERM, within seconds: Int) async {
    signal(number)
    for _ in 0..<(seconds * 20) where isRunning { try? await Task.sleep(for: .milliseconds(50)) }
    guard isRunning else { return }
    signal(SIGKILL)
    // It must be gone, not going: its locks and its port pass to whoever comes next.
    for _ in 0..<40 where isRunning { try? await Task.sleep(for: .milliseconds(50)) }
  }
}
