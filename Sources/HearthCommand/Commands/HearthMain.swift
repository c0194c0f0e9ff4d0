import ArgumentParser
import PipelineRuntime

/// `hearth`: the command for people.
package struct HearthMain: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "hearth",
      abstract: "Runs and reads Hearth, the back end for community operations.",
      version: BuildInfo.version,
      subcommands: [
        Up.self, BrokerCommand.self, MigrateCommand.self, TopicsCommand.self, PlaybookCommand.self, KeysCommand.self,
        ImportCommand.self, FoldCommand.self, ReportCommand.self, ExplainCommand.self, LagCommand.self,
        WaitCommand.self, EpochsCommand.self, BenchCommand.self, SimulateCommand.self,
      ]
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
