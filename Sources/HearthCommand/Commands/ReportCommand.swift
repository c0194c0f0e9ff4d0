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

        With --page, several tenants stand on one page, as a YAML file says (services/demo/page.yaml is one): what is \
        simulated is labelled, and a conclusion is drawn only where it passes a statistical bound.
        """
    )
  }

  @OptionGroup var instance: InstanceOptions
  @Option(help: "The tenant; not with --page.") var tenant: String?
  @Option(help: "A page of several tenants, a YAML file.") var page: String?
  @Option(name: .customLong("events-dir"), help: "With --page: the folder of its files of events. Default: --dir.")
  var eventsFolder: String?
  @Option(help: "Also write the figures to this file, as JSON.") var json: String?
  @Option(help: "Also write a page to this file; it needs nothing else to be shown.") var html: String?
  @Option(help: "The member of the time line. Default: the one with most conversions and touches.") var member: String?
  @Option(help: "Events for the time line, one CloudEvent a line.") var events: String?
  @Option(help: "The instant the report is of, RFC 3339. Default: the last event of the newest import.")
  var until: String?
  @Flag(help: "Write nothing to the terminal.") var quiet = false

  func validate() throws {
    guard (tenant == nil) != (page == nil) else { throw ValidationError("give one of --tenant and --page") }
    guard page == nil || (member == nil && events == nil && until == nil) else {
      throw ValidationError("--member, --events and --until stand in the page's file")
    }
  }

  func run() async throws {
    if let page { try await writePage(page) }
    if let tenant { try await writeReport(tenant) }
  }

  private func writeReport(_ tenant: String) async throws {
    try TenantName.check(tenant)
    let end = try until.map { text throws(CommandFailure) -> Instant in
      guard let instant = Instant(text: text) else {
        throw CommandFailure(.usage, "instant cannot be read", at: "--until", expected: "RFC 3339", got: text)
      }
      return instant
    }
    let model = try await instance.withStore { pool in
      let playbook = try await StoredPlaybooks.playbook(of: tenant, pool)
      let reader = ReportReader(pool: pool)
      let builder = ReportBuilder(playbook: playbook, tenant: tenant)
      var model = builder.model(try await reader.rows(builder.question), asOf: end)
      model.story = try await story(playbook, reader, tenant, until: model.asOf)
      return model
    }
    try write(model)
  }

  private func writePage(_ path: String) async throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(.invalidInput, "page cannot be read", at: path, expected: "a YAML file")
    }
    let spec = try PageSpecReader(file: path).read(String(decoding: data, as: UTF8.self))
    for section in spec.sections { try TenantName.check(section.tenant) }
    let isQuiet = quiet
    let layout = EmbeddedLayout(root: instance.dir)
    let model = try await instance.withStore { pool in
      try await PageAssembly(
        pool: pool,
        eventsFolder: eventsFolder ?? instance.dir,
        deliveriesFolder: layout.deliveries,
        progress: { if !isQuiet { Terminal.error($0) } }
      ).model(spec)
    }
    if let json { try write(PageJSON.render(model), to: json) }
    if let html { try write(Array(HTMLPage.render(model).utf8), to: html) }
    guard !quiet else { return }
    Terminal.print(TerminalPage.render(model))
  }

  private func story(
    _ playbook: CompiledPlaybook,
    _ reader: ReportReader,
    _ tenant: String,
    until end: Instant?
  ) async throws -> MemberStory? {
    guard let events else { return nil }
    var chosen = member
    if chosen == nil { chosen = try await reader.tellingMember(tenant: tenant) }
    guard let chosen else { return nil }
    let subject = Subject(tenant: tenant, kind: .member, id: chosen)
    var timeline = MemberTimeline(program: try FoldProgram(playbook: playbook), subject: subject)
    try MemberEvents.read(events, of: subject) { event in
      if let end, event.receivedAt > end { return }
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
