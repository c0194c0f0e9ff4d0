import ArgumentParser
import PostgresStores

/// `hearth epochs`: lives of the log.
struct EpochsCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "epochs", abstract: "Tell the store that the broker's topics were made anew.",
      subcommands: [Open.self])
  }

  struct Open: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(
        abstract: "Open a new log epoch.",
        discussion: """
          Only after topics were re-created or the cluster was changed, with all services stopped: every group begins \
          at offset 0 of the new topics, and what is committed but not folded everywhere is published again.
          """)
    }

    @OptionGroup var instance: InstanceOptions
    @Option(help: "Why, kept with the epoch.") var reason: String
    @Option(help: "Only these topics. Default: all.") var topic: [String] = []

    func run() async throws {
      let topics = topic.isEmpty ? nil : topic
      let reason = reason
      let epoch = try await instance.withStore { pool in
        try await LogAdministration(pool: pool).openLogEpoch(topics: topics, reason: reason)
      }
      Terminal.print("log epoch \(epoch) is open")
    }
  }
}
