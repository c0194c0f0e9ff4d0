import ArgumentParser
import EventCodec
import EventModel
import Folding
import Foundation
import PipelinePorts
import PipelineRuntime
import Playbook
import PostgresStores

/// `hearth report`: what the tables of a running instance say, in the terminal, as a page and as JSON.
struct ReportCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "report",
      abstract: "Report a tenant: orders, tags, quadrants, funnels, segments, touches, one member's time line.",
      discussion: """
        Reads the store only. The time line folds the member's events once more, so it needs the file of events that \
        `hearth import --emit` wrote.
        """
    )
  }

  @OptionGroup var instance: InstanceOptions
  @Option(help: "The tenant.") var tenant: String
  @Option(help: "Also write the figures to this file, as JSON.") var json: String?
  @Option(help: "Also write a page to this file; it needs nothing else to be shown.") var html: String?
  @Option(help: "The member of the time line. Default: the one with most conversions and touches.") var member: String?
  @Option(help: "Events for the time line, one CloudEvent a line.") var events: String?
  @Option(help: "The instant the report is of, RFC 3339. Default: the last event of the newest import.")
  var until: String?
  @Flag(help: "Write nothing to the terminal.") var quiet = false

  func run() async throws {
    try TenantName.check(tenant)
    let end = try until.map { text throws(CommandFailure) -> Instant in
      guard let instant = Instant(text: text) else {
        throw CommandFailure(.usage, "instant cannot be read", at: "--until", expected: "RFC 3339", got: text)
      }
      return instant
    }
    let model = try await instance.withStore { pool in
      guard let stored = try await PostgresPlaybookStore(pool: pool).playbooks().first(where: { $0.tenant == tenant })
      else {
        throw CommandFailure(
          .invalidInput,
          "tenant has no playbook",
          at: tenant,
          next: "hearth playbook apply FOLDER --tenant \(tenant)"
        )
      }
      let playbook = try StoredPlaybookCompiler.compile(stored)
      let reader = ReportReader(pool: pool)
      let builder = ReportBuilder(playbook: playbook, tenant: tenant)
      var model = builder.model(try await reader.rows(builder.question), asOf: end)
      model.story = try await story(playbook, reader, until: model.asOf)
      return model
    }
    try write(model)
  }

  private func story(_ playbook: CompiledPlaybook, _ reader: ReportReader, until end: Instant?) async throws
    -> MemberStory?
  {
    guard let events else { return nil }
    var chosen = member
    if chosen == nil { chosen = try await reader.tellingMember(tenant: tenant) }
    guard let chosen else { return nil }
    let subject = Subject(tenant: tenant, kind: .member, id: chosen)
    var timeline = MemberTimeline(program: try FoldProgram(playbook: playbook), subject: subject)
    let lines = try LineReader(path: events)
    let mark = SubjectMark(subject)
    while let line = try lines.next() {
      guard mark.mayStand(in: line), var event = try? EventCodec.decode(line) else { continue }
      // A file written for another tenant's name holds the same events.
      event.tenant = tenant
      event.subject = Subject(tenant: tenant, kind: event.subject.kind, id: event.subject.id)
      if let end, event.receivedAt > end { continue }
      timeline.read(event)
    }
    if let end { timeline.finish(until: end) }
    return timeline.story(touches: try await reader.touches(tenant: tenant, member: chosen))
  }

  private func write(_ model: ReportModel) throws {
    if let json { try write(ReportJSON.render(model), to: json) }
    if let html { try write(Array(HTMLReport.render(model).utf8), to: html) }
    guard !quiet else { return }
    let environment = ProcessInfo.processInfo.environment
    let hasColor = isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    let style = TerminalStyle(hasColor: hasColor, width: environment["COLUMNS"].flatMap { Int($0) } ?? 100)
    FileHandle.standardOutput.write(Data(TerminalReport.render(model, style: style).utf8))
  }

  private func write(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
    do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw CommandFailure(.invalidInput, "file cannot be written", at: path)
    }
  }
}

/// Passes over the lines that cannot be of a subject before they are decoded.
private struct SubjectMark {
  /// `member/900"`; empty where JSON might write the id in another way.
  private let bytes: [UInt8]

  init(_ subject: Subject) {
    let isPlain = subject.id.utf8.allSatisfy { (33...126).contains($0) && $0 != 34 && $0 != 47 && $0 != 92 }
    bytes = isPlain ? Array("\(subject.path)\"".utf8) : []
  }

  func mayStand(in line: [UInt8]) -> Bool {
    guard let first = bytes.first else { return true }
    return line.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress else { return false }
      var place = 0
      let last = buffer.count - bytes.count
      while place <= last, let found = memchr(start + place, Int32(first), last - place + 1) {
        if memcmp(found, bytes, bytes.count) == 0 { return true }
        place = UnsafeRawPointer(found) - start + 1
      }
      return false
    }
  }
}
