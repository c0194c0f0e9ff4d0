import ArgumentParser
import Digests
import EventCodec
import EventModel
import Foundation
import IngestService

/// `hearth import`: history from files, through ingest.
struct ImportCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "import",
      abstract: "Import CSV and NDJSON files with a mapping.",
      discussion: """
        Files whose names end in .gz or .zst are unpacked by gzip and zstd. \
        The mapping is described in Sources/IngestService/Import/MAPPING.md. An import is known by its files and \
        mapping: the same one goes on where it stopped, or says that it is done. The tenant is the key's.
        """
    )
  }

  @OptionGroup var instance: InstanceOptions
  @Argument(help: "The mapping, a YAML file.") var mapping: String
  @Option(help: "A write key, or the path of a file that holds one. Default: HEARTH_WRITE_KEY.") var key: String?
  @Option(help: "The last instant of the import's clock, RFC 3339. Default: the last event's time.") var until: String?
  @Option(help: "Rows that do not become events go to this CSV file.") var rejects: String?
  @Option(help: "Also write the events to this file, one CloudEvent a line.") var emit: String?
  @Option(help: "The tenant the written events name, with --dry-run.") var tenant: String = FirstKeys.tenant
  @Flag(help: "Only read, map, check and sort; send nothing.") var dryRun = false

  func run() async throws {
    let end = try until.map(Self.instant)
    let key = dryRun ? nil : try Self.writeKey(key)
    let client = try key.map { try ImportClient(address: instance.ingest(), key: $0) }
    let (events, identity, rejected) = try read(tenant: client?.tenant() ?? tenant)
    if let emit { try write(events, to: emit) }
    Terminal.error("\(events.count) events read, \(rejected) rows rejected")
    guard !dryRun else { return }
    guard let first = events.firstTime, let last = events.lastTime, let client else {
      throw CommandFailure(.invalidInput, "nothing to import", at: mapping)
    }
    var done = try client.open(identity, total: events.count, first: first, last: last)
    if done == nil {
      Terminal.print("already imported: \(events.count) events")
      return
    }
    var progress = ImportProgress(total: events.count)
    while let row = done, row < events.count {
      let (body, _) = events.chunk(from: row, spanMax: .hours(24))
      let (next, refused) = try client.send(identity, body: body, row: row)
      progress.note(refused)
      progress.show(next)
      done = next
    }
    try client.finish(identity, until: end)
    progress.end()
    Terminal.print("imported \(events.count) events, \(progress.refused) refused, \(rejected) rows rejected")
    guard progress.refused < events.count else {
      throw CommandFailure(
        .invalidInput,
        "every event was refused",
        at: mapping,
        got: progress.reasons.first,
        next: "mend the mapping; the dead letters say why"
      )
    }
  }

  private static func instant(_ text: String) throws(CommandFailure) -> Instant {
    guard let instant = Instant(text: text) else {
      throw CommandFailure(
        .usage,
        "instant cannot be read",
        at: "--until",
        expected: "RFC 3339",
        got: text,
        next: "give one like 2026-03-05T10:00:00Z"
      )
    }
    return instant
  }

  static func writeKey(_ given: String?) throws(CommandFailure) -> String {
    let text = given ?? ProcessInfo.processInfo.environment["HEARTH_WRITE_KEY"] ?? ""
    if text.hasPrefix("hk_") { return text }
    if let data = FileManager.default.contents(atPath: text) {
      let content = String(decoding: data, as: UTF8.self)
      for line in content.split(whereSeparator: \.isNewline) {
        let word = line.hasPrefix("write=") ? line.dropFirst("write=".count) : line
        if word.hasPrefix("hk_") { return String(word) }
      }
    }
    throw CommandFailure(
      .usage,
      "write key is missing",
      at: "--key",
      expected: "hk_… or a file with one",
      next: "hearth keys create --tenant TENANT"
    )
  }

  private func read(tenant: String) throws -> (SortedImport, ImportIdentity, rejected: Int) {
    guard let data = FileManager.default.contents(atPath: mapping) else {
      throw CommandFailure(.invalidInput, "mapping cannot be read", at: mapping)
    }
    let parsed: ImportMapping
    do { parsed = try ImportMapping(yaml: String(decoding: data, as: UTF8.self), file: mapping) } catch {
      throw CommandFailure(.invalidInput, error.description)
    }
    let folder = URL(fileURLWithPath: mapping).deletingLastPathComponent()
    let rejectFile = try rejects.map(RejectFile.init)
    var builder = ImportBuilder(mapping: parsed, tenant: tenant)
    var contents: [[UInt8]] = []
    var rejected = 0
    for (index, source) in parsed.sources.enumerated() {
      let content = try SourceFile.read(folder.appendingPathComponent(source.file).path)
      contents.append(sha256(content))
      do {
        try builder.add(source: index, content: content) { row in
          rejected += 1
          rejectFile?.append(row)
        }
      } catch {
        throw CommandFailure(.invalidInput, error.description)
      }
    }
    return (builder.sorted(), ImportIdentity(mapping: Array(data), files: contents), rejected)
  }

  private func write(_ events: SortedImport, to path: String) throws {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw CommandFailure(.invalidInput, "file cannot be written", at: path)
    }
    var row = 0
    while row < events.count {
      let (body, count) = events.chunk(from: row, spanMax: .days(36_500))
      try file.write(contentsOf: Data(body))
      row += count
    }
    try file.close()
  }
}

/// The rows that became no events.
final class RejectFile {
  private let handle: FileHandle

  init(path: String) throws(CommandFailure) {
    _ = FileManager.default.createFile(atPath: path, contents: Data(RejectedRow.header))
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw CommandFailure(.invalidInput, "file cannot be written", at: path)
    }
    handle.seekToEndOfFile()
    self.handle = handle
  }

  func append(_ row: RejectedRow) { handle.write(Data(row.csv)) }
}

/// How an import goes on: repainted on a terminal, a line every five seconds elsewhere.
struct ImportProgress {
  private let total: Int
  private let started = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var firstRow: Int?
  private(set) var refused = 0
  /// The first few reasons, each once.
  private(set) var reasons: [String] = []
  static let reasonsMax = 5

  mutating func note(_ refusals: [String]) {
    refused += refusals.count
    for reason in Set(refusals).sorted() where !reasons.contains(reason) && reasons.count < Self.reasonsMax {
      reasons.append(reason)
      Terminal.error("refused: \(reason)")
    }
  }

  init(total: Int) { self.total = total }

  mutating func show(_ done: Int) {
    if firstRow == nil { firstRow = done }
    let pause: Duration = Terminal.isInteractive ? .milliseconds(200) : .seconds(5)
    guard ContinuousClock.now - lastShown >= pause else { return }
    lastShown = .now
    let elapsed = (ContinuousClock.now - started) / .seconds(1)
    let rate = Double(done - (firstRow ?? 0)) / max(elapsed, 0.001)
    let left = rate > 0 ? Int(Double(total - done) / rate) : 0
    let line = "\(done) of \(total) events, \(Int(rate)) a second, about \(left) s left"
    FileHandle.standardError.write(Data((Terminal.isInteractive ? "\r\(line)   " : "\(line)\n").utf8))
  }

  func end() {
    if Terminal.isInteractive { FileHandle.standardError.write(Data("\n".utf8)) }
  }
}
