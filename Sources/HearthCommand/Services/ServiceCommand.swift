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
      commandName: Definition.name,
      abstract: Definition.abstract,
      discussion: """
        Settings come from the environment (HEARTH_KAFKA_BOOTSTRAP, HEARTH_STORE_URL, HEARTH_HTTP_PORT …), then from \
        the file, then from defaults; a secret may be given as a file's path in HEARTH_…_FILE. All of them are listed \
        in services/\(Definition.name)/config.reference.yaml.
        """,
      version: BuildInfo.version,
      subcommands: [Run<Definition>.self, Healthcheck<Definition>.self],
      defaultSubcommand: Run<Definition>.self
    )
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
    if let told = ToldFailure(error) {
      Terminal.error(told.text)
      exit(told.code.rawValue)
    }
    switch command.exitCode(for: error) {
    case .success: command.exit(withError: error)
    case .validationFailure:
      Terminal.error(usage(command.message(for: error), help: command.fullMessage(for: error)))
      exit(CommandFailure.Code.usage.rawValue)
    case let code:
      if !(error is ExitCode) {
        Terminal.error(CommandFailure(.invalidInput, "unexpected fault", got: "\(error)").description)
      }
      exit(code.rawValue)
    }
  }

  /// The argument parser's message in the form of the command line.
  /// `help` is its full message, which names the command that helps between apostrophes, after `See`.
  package static func usage(_ message: String, help: String) -> String {
    let what = message.split(separator: "\n").first.map(String.init) ?? "arguments cannot be read"
    let line = "error: \(what.prefix(1).lowercased())\(what.dropFirst())"
    guard let see = help.firstRange(of: "See '"), let end = help[see.upperBound...].firstIndex(of: "'") else {
      return line
    }
    return "\(line)\nnext: \(help[see.upperBound..<end])"
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
      commandName: "healthcheck",
      abstract: "Exit 0 when the running service is ready, 1 when it is not."
    )
  }

  /// Bytes of the service's answer that are shown.
  private static var lineBytesMax: Int { 200 }

  @Option(help: "A YAML file with settings.")
  var config: String?

  /// Container health checks know 0 and 1 only, so the exit code is not the fault's own.
  private static func unwell(_ what: String, _ port: Int, _ got: String) -> ExitCode {
    let failure = CommandFailure(
      .unreachable,
      what,
      at: "127.0.0.1:\(port)",
      expected: "a ready \(Definition.name)",
      got: got,
      next: "start \(Definition.name), or see what it logs"
    )
    Terminal.error(failure.description)
    return ExitCode(1)
  }

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let file = try config.map { try ConfigurationFile.read(path: $0) } ?? [:]
    let port = (environment["HEARTH_HTTP_PORT"] ?? file["http.port"]).flatMap(Int.init) ?? Definition.defaultPort
    do {
      let answer = try LoopbackHTTP.send(
        host: "127.0.0.1",
        port: port,
        method: "GET",
        path: "/readyz",
        timeoutSeconds: 3
      )
      let line = String(decoding: answer.body.prefix { $0 != 10 }.prefix(Self.lineBytesMax), as: UTF8.self)
      guard answer.status == 200 else {
        throw Self.unwell("service is not ready", port, "status \(answer.status), \(line)")
      }
      Terminal.print(line)
    } catch let failure as LoopbackHTTP.Failure {
      throw Self.unwell("service does not answer", port, failure.description)
    }
  }
}
