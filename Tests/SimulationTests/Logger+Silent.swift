import Logging

extension Logger {
  /// Says nothing.
  static var silent: Logger { Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() } }
}
