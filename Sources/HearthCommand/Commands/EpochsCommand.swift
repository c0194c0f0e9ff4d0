import ArgumentParser
import Foundation
import PostgresStores

/// `hearth epochs`: lives of the log.
struct EpochsCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "epochs",
      abstract: "Tell the store that the broker's topics were made anew.",
      subcommands: [Open.self]
    )
  }

  struct Open: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(
        abstract: "Open a new log epoch.",
        discussion: """
          Only after topics were re-created or the cluster was changed, with all services stopped: every group begins \
          at offset 0 of the new topics, and what is committed but not folded everywhere is published again.

          With the embedded broker, --journal also produces again what ingest has answered for, and --epoch-file makes \
          the command one that may be repeated: whoever starts the broker removes the file.
          """
      )
    }

    @OptionGroup var instance: InstanceOptions
    @Option(help: "Why, kept with the epoch.") var reason: String
    @Option(help: "Only these topics. Default: all.") var topic: [String] = []
    @Option(help: "Folder of ingest's journal: what it holds is produced into the new epoch.") var journal: String?
    @Option(help: "A file that gets the epoch's number; while it is there, nothing is opened.") var epochFile: String?

    func run() async throws {
      if let epochFile, FileManager.default.fileExists(atPath: epochFile) {
        Terminal.print("log epoch of this broker is open already")
        return
      }
      let topics = topic.isEmpty ? nil : topic
      let reason = reason
      let epoch = try await instance.withStore { pool in
        try await LogAdministration(pool: pool).openLogEpoch(topics: topics, reason: reason)
      }
      if let journal {
        let bootstrap = try instance.kafka().bootstrapServers
        let folded = try await instance.withStore { pool in try await LogAdministration(pool: pool).foldedEpochs() }
        let replay = JournalReplay(journal: journal, bootstrap: bootstrap, logEpoch: epoch, folded: folded)
        let count = try await replay.run()
        Terminal.print("\(count) records of the journal were produced again")
      }
      // Last: a command that was cut short is done again, under an epoch of its own.
      if let epochFile { try Data("\(epoch)\n".utf8).write(to: URL(fileURLWithPath: epochFile), options: .atomic) }
      Terminal.print("log epoch \(epoch) is open")
    }
  }
}
