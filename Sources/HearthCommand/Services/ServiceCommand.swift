import ArgumentParser
import Foundation
import PipelineRuntime

/// A service as its executable sees it.
package protocol ServiceDefinition: Sendable {
  static var name: String { get }
  static var abstract: String { get }
  static var defaultPort: Int { get }
  /// What must hold before the service is ready.
  static var needs: [String] { get }
  /// Reads the service's own settings and runs until told to stop.
  static func run(_ settings: ServiceSettings, _ reader: inout ConfigurationReader, host: ServiceHost) async throws
}

/// `tagger [--config FILE]` and `tagger healthcheck`, the same for every service.
package struct ServiceCommand<Definition: ServiceDefinition>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Definition.name, abstract: Definition.abstract,
      discussion: """
        Settings come from the environment (HEARTH_KAFKA_BOOTSTRAP, HEARTH_STORE_URL, HEARTH_HTTP_PORT …), then from \
        the file, then from defaults; a secret may be given as a file's path in HEARTH_…_FILE. All of them are listed \
        in services/\(Definition.name)/config.reference.yaml.
        """,
      version: BuildInfo.version,
      subcommands: [Run<Definition>.self, Healthcheck<Definition>.self], defaultSubcommand: Run<Definition>.self)
  }

  package init() {}

  /// Runs the command line and ends the process with its exit code.
  package static func start() async {
    do {
      var command = try parseAsRoot()
      if var runnable = command as? any AsyncParsableCommand {
        try await runnable.run()
      } else {
        try command.run()
      }
    } catch {
      CommandExit.end(with: error, of: self)
    }
  }
}

/// Ends the process as a fault asks.
package enum CommandExit {
  package static func end(with error: any Error, of command: any ParsableCommand.Type) -> Never {
    switch error {
    case let failure as CommandFailure:
      Terminal.error(failure.description)
      exit(failure.code.rawValue)
    case let faults as ConfigurationReader.Faults:
      Terminal.error(faults.description)
      exit(CommandFailure.Code.invalidInput.rawValue)
    case let failure as ConfigurationFile.Failure:
      Terminal.error(failure.description)
      exit(CommandFailure.Code.invalidInput.rawValue)
    default:
      let code = command.exitCode(for: error)
      // The parser's own usage errors.
      if code == .validationFailure {
        Terminal.error(command.fullMessage(for: error))
        exit(CommandFailure.Code.usage.rawValue)
      }
      command.exit(withError: error)
    }
  }
}

struct Run<Definition: ServiceDefinition>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "run", abstract: "Run the service (the default).")
  }

  @Option(help: "A YAML file with settings.")
  var config: String?

  func run() async throws {
    var reader = try ServiceSettings.reader(path: config)
    let settings = ServiceSettings(reader: &reader, defaultPort: Definition.defaultPort)
    let host = ServiceHost(name: Definition.name, needs: Definition.needs)
    try await Definition.run(settings, &reader, host: host)
  }
}

struct Healthcheck<Definition: ServiceDefinition>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "healthcheck", abstract: "Exit 0 when the running service is ready, 1 when it is not.")
  }

  @Option(help: "A YAML file with settings.")
  var config: String?

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let file = try config.map { try ConfigurationFile.read(path: $0) } ?? [:]
    let port = (environment["HEARTH_HTTP_PORT"] ?? file["http.port"]).flatMap(Int.init) ?? Definition.defaultPort
    do {
      let answer = try LoopbackHTTP.send(
        host: "127.0.0.1", port: port, method: "GET", path: "/readyz", timeoutSeconds: 3)
      Terminal.print(String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .newlines))
      if answer.status != 200 { throw ExitCode(1) }
    } catch let failure as LoopbackHTTP.Failure {
      Terminal.error("error: service does not answer at 127.0.0.1:\(port): \(failure)")
      throw ExitCode(1)
    }
  }
}
