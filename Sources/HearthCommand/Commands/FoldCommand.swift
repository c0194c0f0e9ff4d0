import ArgumentParser
import EventCodec
import EventModel
import Folding
import Foundation
import Playbook

/// `hearth fold`: the pure core over a file.
struct FoldCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "fold",
      abstract: "Fold a file of events with a playbook: no broker, no store.",
      discussion: "Writes canonical NDJSON, sorted; what is not accepted is counted by class on standard error."
    )
  }

  enum Emission: String, ExpressibleByArgument, CaseIterable { case changes, state, funnels, segments }

  @Option(help: "The playbook's folder.") var playbook: String
  @Option(help: "Events, one CloudEvent a line; - for standard input.") var events: String
  @Option(help: "Fold through this instant, RFC 3339; what was received later is not read.") var until: String?
  @Option(help: "What to write: \(Emission.allCases.map(\.rawValue).joined(separator: ", ")).") var emit: Emission

  func run() async throws {
    let compiled = try PlaybookFolder.compile(playbook).playbook
    let end = try until.map { text throws(CommandFailure) -> Instant in
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
    var run = FoldRun(
      fold: FileFold(program: try FoldProgram(playbook: compiled), emission: emit == .changes ? .changes : .nothing),
      until: end
    )
    let reader = try LineReader(path: events)
    while let line = try reader.next() { run.read(line) }
    run.fold.finish(until: end)
    run.report()
    let lines =
      switch emit {
      case .changes: run.fold.changes
      case .state: run.fold.stateLines()
      case .funnels: run.fold.funnelLines()
      case .segments: run.fold.segmentLines()
      }
    write(lines)
  }

  private func write(_ lines: [[UInt8]]) {
    var output: [UInt8] = []
    for line in lines.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      output.append(contentsOf: line)
      output.append(10)
    }
    FileHandle.standardOutput.write(Data(output))
  }
}

/// A fold under way: the accepting rules before it, counts of what they kept out.
package struct FoldRun {
  package var fold: FileFold
  package let until: Instant?
  /// Lines that were kept out, by class.
  package private(set) var rejected: [FailureClass: Int] = [:]
  private var lineNumber = 0
  private var tenant: String?

  package init(fold: FileFold, until: Instant?) {
    self.fold = fold
    self.until = until
  }

  /// One line of the file: an event or a control record. What was received, or ticked, after `until` is not read.
  package mutating func read(_ line: [UInt8]) {
    lineNumber += 1
    guard !line.isEmpty else { return }
    do throws(DecodeFailure) {
      if Self.isControl(line) {
        if case .tick(_, let time, _, _) = try ControlCodec.decode(line), until.map({ time <= $0 }) ?? true {
          fold.tick(time)
        }
        return
      }
      let event = try EventCodec.decode(line)
      if let until, event.receivedAt > until { return }
      if let failure = Acceptance.failure(of: event) { throw failure }
      guard tenant == nil || tenant == event.tenant else {
        throw DecodeFailure(.tenant, path: "/tenant", expected: "one tenant a file", found: "another")
      }
      tenant = event.tenant
      fold.read(event)
    } catch {
      rejected[error.failureClass, default: 0] += 1
    }
  }

  /// A dumped log carries its control records, in canonical form: `as_of` or `control` stands first in them.
  private static func isControl(_ line: [UInt8]) -> Bool {
    line.starts(with: #"{"control":"#.utf8) || line.starts(with: #"{"as_of":"#.utf8)
  }

  package func report() {
    for (failureClass, count) in rejected.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      Terminal.error("rejected \(failureClass.rawValue): \(count)")
    }
  }
}

/// Lines of a file or of standard input, without their ends.
final class LineReader {
  private let path: String
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false
  private static let chunkBytes = 1 << 20

  init(path: String) throws(CommandFailure) {
    self.path = path
    if path == "-" {
      handle = .standardInput
    } else if let file = FileHandle(forReadingAtPath: path) {
      handle = file
    } else {
      throw Self.unreadable(path)
    }
  }

  private static func unreadable(_ path: String) -> CommandFailure {
    CommandFailure(
      .invalidInput,
      "file cannot be read",
      at: path,
      expected: "a file of events",
      next: "hearth fold --help"
    )
  }

  /// nil at the end.
  func next() throws(CommandFailure) -> [UInt8]? {
    while true {
      if let end = buffer[start...].firstIndex(of: 10) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      if isAtEnd {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        return Array(buffer[start...])
      }
      buffer.removeFirst(start)
      start = 0
      let chunk: Data
      do { chunk = try handle.read(upToCount: Self.chunkBytes) ?? Data() } catch {
        throw Self.unreadable(path)
      }
      isAtEnd = chunk.isEmpty
      buffer.append(contentsOf: chunk)
    }
  }
}
