import EventModel
import Hummingbird
import Logging
import PipelinePorts
import ServiceLifecycle

/// Runs one service process: its parts, its HTTP server with `/livez`, `/readyz` and `/metrics`, and the signals.
package struct ServiceHost: Sendable {
  package let name: String
  package let health: Health
  package let metrics: MetricsRegistry
  package let logger: Logger

  /// A graceful stop that takes longer is cut.
  package static let graceMax = Duration.seconds(25)
  /// The code of a part's failure that only says that it was stopped.
  static let stoppedCode = "STOPPED"

  package init(name: String, needs: [String]) {
    self.name = name
    self.health = Health(needs: needs)
    self.metrics = MetricsRegistry()
    self.logger = JSONLogHandler.logger(service: name)
    metrics.set(
      "hearth_build_info",
      to: 1,
      help: "The build of this process.",
      labels: [.init("service", name), .init("version", BuildInfo.version)]
    )
  }

  /// Serves until SIGTERM or SIGINT, then stops the parts in reverse order. Throws `ListenFailure` when the address
  /// cannot be listened on, and what a part throws.
  package func run(
    host: String,
    port: Int,
    router: Router<BasicRequestContext>,
    parts: [any Service]
  ) async throws {
    HealthRoutes.add(to: router, health: health, metrics: metrics)
    let application = Application(
      router: router,
      configuration: .init(address: .hostname(host, port: port), serverName: nil),
      onServerRunning: { [logger] channel in
        logger.info("listening", metadata: ["address": "\(channel.localAddress.map { "\($0)" } ?? "unknown")"])
      },
      logger: Logger(label: name) { _ in JSONLogHandler(service: name, level: .warning) }
    )
    var configuration = ServiceGroupConfiguration(
      services: ([application] + parts).map {
        .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
      },
      gracefulShutdownSignals: [.sigterm, .sigint],
      logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
    )
    configuration.maximumGracefulShutdownDuration = Self.graceMax
    logger.info("starting", metadata: ["version": "\(BuildInfo.version)"])
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch let failure as AdapterFailure where failure.code == Self.stoppedCode {
      // It was told to stop while it waited for something: what is not committed is read again.
      logger.warning("stopped while waiting", metadata: ["reason": "\(failure.reason)"])
      return
    } catch {
      throw ListenFailure(error, host: host, port: port) ?? error
    }
    logger.info("stopped")
  }
}

/// What this build calls itself.
package enum BuildInfo {
  package static let version = "0.1.0"
}

/// A pipeline loop as a part of a service.
package struct LoopPart<Processor: SubjectProcessor>: Service {
  private let loop: PipelineLoop<Processor>

  package init(_ loop: PipelineLoop<Processor>) { self.loop = loop }

  package func run() async throws {
    try await withGracefulShutdownHandler {
      try await loop.run()
    } onGracefulShutdown: {
      Task { await loop.stop() }
    }
  }
}

/// Something that runs until it is told to stop.
package struct TaskPart: Service {
  private let body: @Sendable () async throws -> Void

  /// `body` ends when its task is cancelled.
  package init(_ body: @escaping @Sendable () async throws -> Void) { self.body = body }

  package func run() async throws {
    try await cancelWhenGracefulShutdown { try await body() }
  }
}
