import ArgumentParser
import EventModel
import Folding
import Foundation
import PipelinePorts
import Playbook
import PostgresStores

/// A playbook's folder on disk.
package enum PlaybookFolder {
  /// Its `.yaml` and `.yml` files, by name.
  package static func read(_ folder: String) throws(CommandFailure) -> [PlaybookFile] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory) else {
      throw CommandFailure(
        .invalidInput,
        "playbook is not there",
        at: folder,
        expected: "a folder of YAML files",
        next: "hearth playbook validate FOLDER"
      )
    }
    let names =
      isDirectory.boolValue ? ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() : [""]
    var files: [PlaybookFile] = []
    for name in names where name.isEmpty || name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
      let path = name.isEmpty ? folder : folder + "/" + name
      guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
        throw CommandFailure(
          .invalidInput,
          "playbook file cannot be read",
          at: path,
          expected: "UTF-8 text",
          next: "mend the file, then hearth playbook validate \(folder)"
        )
      }
      files.append(PlaybookFile(name: name.isEmpty ? URL(fileURLWithPath: folder).lastPathComponent : name, text: text))
    }
    guard !files.isEmpty else {
      throw CommandFailure(
        .invalidInput,
        "playbook is empty",
        at: folder,
        expected: "a folder with .yaml files",
        next: "hearth playbook validate FOLDER"
      )
    }
    return files
  }

  /// Compiles, or prints every fault and ends with exit 3.
  static func compile(_ folder: String) throws -> (files: [PlaybookFile], playbook: CompiledPlaybook) {
    let files = try read(folder)
    do throws(PlaybookRejection) {
      let outcome = try PlaybookCompiler.compile(files)
      for warning in outcome.warnings { Terminal.error(warning.text) }
      return (files, outcome.playbook)
    } catch {
      for warning in error.warnings { Terminal.error(warning.text) }
      for fault in error.faults { Terminal.error(fault.text) }
      Terminal.error("next: mend the playbook, then hearth playbook validate \(folder)")
      throw ExitCode(CommandFailure.Code.invalidInput.rawValue)
    }
  }
}

/// `hearth playbook`.
struct PlaybookCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "playbook",
      abstract: "Check and apply a tenant's playbook.",
      subcommands: [Validate.self, Apply.self]
    )
  }

  struct Validate: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(abstract: "Check a playbook; every fault with file, line and column.")
    }
    @Argument(help: "The folder.") var folder: String

    func run() async throws {
      let playbook = try PlaybookFolder.compile(folder).playbook
      Terminal.print(
        "playbook \(playbook.id): \(playbook.member.metrics.count + playbook.community.metrics.count) metrics, "
          + "\(playbook.member.tags.count + playbook.community.tags.count) tags, \(playbook.segments.count) segments, "
          + "\(playbook.funnels.count) funnels, \(playbook.journeys.count) journeys, "
          + "\(playbook.calendars.count) calendars: no faults"
      )
    }
  }

  struct Apply: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(
        abstract: "Apply a playbook to a tenant.",
        discussion: """
          The first version is taken up by the running services as soon as it stands in the log. A tenant that has one \
          keeps it: a changed playbook needs a backfill, which this version does not have yet, so it is refused rather \
          than forgetting what was folded. Use a fresh tenant.
          """
      )
    }
    @OptionGroup var instance: InstanceOptions
    @Argument(help: "The folder.") var folder: String
    @Option(help: "The tenant.") var tenant: String = FirstKeys.tenant
    @Option(help: "Seconds to wait until the playbook stands in the log.") var wait: Int = 30

    func run() async throws {
      try TenantName.check(tenant)
      let (files, playbook) = try PlaybookFolder.compile(folder)
      let stored = files.map { StoredPlaybook.File(name: $0.name, text: $0.text) }
      let (version, isActive) = try await instance.withStore { pool in
        let store = PostgresPlaybookStore(pool: pool)
        let version = try await apply(stored, store)
        return (version, try await waitUntilActive(version, store))
      }
      guard isActive else {
        throw CommandFailure(
          .unreachable,
          "playbook is stored but not in the log yet",
          at: tenant,
          expected: "a running ingest",
          next: "start ingest: it puts the playbook into the log"
        )
      }
      Terminal.print("playbook \(playbook.id) version \(version) is in force for \(tenant)")
    }

    private func apply(_ files: [StoredPlaybook.File], _ store: PostgresPlaybookStore) async throws -> Int64 {
      if let newest = try await store.playbooks().first(where: { $0.tenant == tenant }) {
        guard newest.files == files else {
          throw CommandFailure(
            .wouldLoseData,
            "tenant has another playbook",
            at: tenant,
            expected: "the same files as version \(newest.version)",
            next: "hearth playbook apply \(folder) --tenant FRESH"
          )
        }
        return newest.version
      }
      switch try await store.apply(tenant: tenant, files: files, expectedVersion: 0, appliedBy: NSUserName()) {
      case .applied(let version): return version
      case .conflict(let newest):
        throw CommandFailure(
          .wouldLoseData,
          "another operator applied a playbook at the same time",
          at: tenant,
          got: "version \(newest)",
          next: "look at it, then apply again"
        )
      }
    }

    private func waitUntilActive(_ version: Int64, _ store: PostgresPlaybookStore) async throws -> Bool {
      let end = ContinuousClock.now + .seconds(wait)
      while ContinuousClock.now < end {
        if try await store.isActivated(tenant: tenant, version: version) { return true }
        try await Task.sleep(for: .milliseconds(50))
      }
      return false
    }
  }
}
