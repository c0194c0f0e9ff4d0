import ArgumentParser
import EventModel
import Foundation
import KafkaClient
import PipelinePorts
import PostgresStores

/// How far groups are behind: the store's offsets against the broker's ends.
struct LagTable: Sendable {
  struct Row: Sendable {
    var progress: PartitionProgress
    var end: Int64
    var messages: Int64 { max(0, end - progress.nextOffset) }
  }

  var rows: [Row]
  var messages: Int64 { rows.reduce(0) { $0 + $1.messages } }
  /// Frames committed and not yet published.
  var unpublished: Int64 { rows.reduce(0) { $0 + max(0, $1.progress.outboxPosition - $1.progress.publishedThrough) } }

  static func read(_ instance: InstanceOptions, group: String?) async throws -> LagTable {
    let progress = try await instance.withStore { pool in try await LagReader(pool: pool).progress(group: group) }
    let connection = try instance.kafka()
    let admin = try KafkaAdmin(connection, timeout: .seconds(10))
    do throws(AdapterFailure) {
      let marks = try await admin.watermarks(of: Array(Set(progress.map(\.partition.topic))).sorted())
      await admin.close()
      return LagTable(
        rows: progress.map { Row(progress: $0, end: marks[$0.partition].map { mark in mark.high } ?? 0) }
      )
    } catch {
      await admin.close()
      throw CommandFailure(
        .unreachable,
        "broker does not answer",
        at: connection.bootstrapServers,
        expected: "a Kafka broker",
        got: error.reason,
        next: "check that Kafka runs"
      )
    }
  }
}

/// `hearth lag`.
struct LagCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "lag", abstract: "Show how far each group is behind, per partition.")
  }

  @OptionGroup var instance: InstanceOptions
  @Option(help: "Only this group.") var group: String?
  @Flag(help: "Only one line a group and topic.") var summary = false

  func run() async throws {
    let table = try await LagTable.read(instance, group: group)
    let now = Date()
    Terminal.print(Self.line("GROUP", "TOPIC", "PART", "OWNER", "NEXT", "END", "BEHIND", "SECONDS", "OUTBOX"))
    if summary { return summarise(table) }
    for row in table.rows {
      let progress = row.progress
      let age = row.messages == 0 ? 0 : now.timeIntervalSince1970 - Double(progress.updatedAt.milliseconds) / 1000
      Terminal.print(
        Self.line(
          progress.group,
          progress.partition.topic,
          "\(progress.partition.partition)",
          "\(progress.ownerEpoch)",
          "\(progress.nextOffset)",
          "\(row.end)",
          "\(row.messages)",
          String(format: "%.1f", max(0, age)),
          "\(max(0, progress.outboxPosition - progress.publishedThrough))"
        )
      )
    }
  }

  private func summarise(_ table: LagTable) {
    let grouped = Dictionary(grouping: table.rows) { "\($0.progress.group)\t\($0.progress.partition.topic)" }
    for (name, rows) in grouped.sorted(by: { $0.key < $1.key }) {
      let parts = name.split(separator: "\t").map(String.init)
      let pending = rows.reduce(0) { $0 + max(0, $1.progress.outboxPosition - $1.progress.publishedThrough) }
      Terminal.print(
        Self.line(
          parts[0],
          parts[1],
          "\(rows.count)",
          "-",
          "-",
          "-",
          "\(rows.reduce(0) { $0 + $1.messages })",
          "-",
          "\(pending)"
        )
      )
    }
  }

  private static func line(_ columns: String...) -> String {
    let widths = [10, 27, 5, 6, 9, 9, 8, 8, 6]
    return zip(columns, widths).map { text, width in
      text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
    }.joined(separator: " ")
  }
}

/// `hearth wait`: until every group has folded everything.
struct WaitCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "wait",
      abstract: "Wait until every group has folded and published everything in the log."
    )
  }

  @OptionGroup var instance: InstanceOptions
  @Option(help: "Give up after this many seconds, with exit 4.") var timeout: Int = 600
  @Flag(help: "Say nothing while waiting.") var quiet = false

  func run() async throws {
    let started = ContinuousClock.now
    var calm = 0
    while true {
      let table = try await LagTable.read(instance, group: nil)
      // Output of one group is input of the next: twice nothing behind, a moment apart, is the end.
      calm = table.messages == 0 && table.unpublished == 0 ? calm + 1 : 0
      if calm >= 3 { return }
      let elapsed = ContinuousClock.now - started
      if !quiet, Terminal.isInteractive {
        FileHandle.standardError.write(
          Data("\r\(elapsed.components.seconds) s: \(table.messages) records behind   ".utf8)
        )
      }
      guard elapsed < .seconds(timeout) else {
        throw CommandFailure(
          .unreachable,
          "groups are still behind after \(timeout) s",
          got: "\(table.messages) records",
          next: "hearth lag --summary"
        )
      }
      try await Task.sleep(for: .milliseconds(300))
    }
  }
}
