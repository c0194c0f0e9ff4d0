import EventModel
import Foundation
import Logging
import Synchronization

/// Log lines as JSON on standard output: `{"time","level","service","message",…}`, fixed messages and keyed data.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let service: String

  private static let output = Mutex(())

  package init(service: String, level: Logger.Level) {
    self.service = service
    self.logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var members: [Value.Member] = [
      .init(name: "time", value: .time(SystemClock().now())),
      .init(name: "level", value: .string(event.level.rawValue)),
      .init(name: "service", value: .string(service)),
      .init(name: "message", value: .string(event.message.description)),
    ]
    for (name, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      members.append(.init(name: name, value: .string(value.description)))
    }
    var line = Value.object(members).canonicalJSON
    line.append(10)
    Self.output.withLock { _ in FileHandle.standardOutput.write(Data(line)) }
  }

  /// A logger of `service` at the level named by `HEARTH_LOG_LEVEL` (default info).
  package static func logger(service: String) -> Logger {
    let named = ProcessInfo.processInfo.environment["HEARTH_LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:))
    return Logger(label: service) { _ in JSONLogHandler(service: service, level: named ?? .info) }
  }
}
