import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// `hearth up`: the embedded default.
struct Up: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Start the embedded default: PostgreSQL, broker and all services, until Ctrl-C.",
      discussion: """
        Everything lives below one folder (--dir). The first start writes a write key and a read key for the tenant \
        `demo` into its file `keys`. A second start goes on where the first stopped.
        """
    )
  }

  @Option(help: "Folder of this instance.")
  var dir: String = ".hearth"

  @Option(help: "Ingest's port on 127.0.0.1. Default: 8080, or the next that is free.")
  var port: Int?

  @Option(help: "How many taggers share the work.")
  var taggers: Int = 1

  @Option(help: "A file that is written when everything is ready.")
  var readyFile: String?

  func run() async throws {
    let started = ContinuousClock.now
    let supervisor = EmbeddedSupervisor(.init(root: dir, port: port, taggers: taggers)) { line in
      let seconds = (ContinuousClock.now - started).components.seconds
      Terminal.error("[\(seconds) s] \(line)")
    }
    let signals = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { Task { await supervisor.stop() } }
      source.resume()
      return source
    }
    defer { for source in signals { source.cancel() } }
    let layout = EmbeddedLayout(root: dir)
    do {
      try await supervisor.run { endpoints in
        try await FirstKeys.write(layout: layout, storeURL: endpoints.store)
        Terminal.print(
          """
          hearth is up
            events:  http://127.0.0.1:\(endpoints.ingest)/v1/events   (write key in \(layout.keys))
            kafka:   \(endpoints.kafka)
            store:   \(endpoints.store)
            health:  \(endpoints.services.sorted { $0.value < $1.value }.map { "\($0.key) :\($0.value)" }.joined(separator: "  "))
            logs:    \(layout.logs)
          Ctrl-C stops everything; the next `hearth up` goes on from here.
          """
        )
        if let readyFile { try Data("ready\n".utf8).write(to: URL(fileURLWithPath: readyFile)) }
      }
    } catch is CancellationError {
      return
    }
  }
}
