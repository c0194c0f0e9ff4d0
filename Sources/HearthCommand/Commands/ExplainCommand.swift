import ArgumentParser
import EventModel
import Folding
import Foundation
import PipelineRuntime
import Playbook
import PostgresStores
import Tagging

/// `hearth explain`: why a member's or a community's tags are what they are.
struct ExplainCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "explain",
      abstract: "Tell why a subject's tags are what they are, and when each changes next if nothing comes.",
      discussion: """
        Reads the store: the subject's state as of its last commit, and the tenant's playbook. Of the past, instants \
        within 72 h 5 min of the subject's clock can be told, as things stood under the events now known; a later \
        instant, up to 400 days, is told as it will be if nothing comes.
        """
    )
  }

  @OptionGroup var instance: InstanceOptions
  @Argument(help: "member/ID or community/ID.") var subject: String
  @Option(help: "The tenant.") var tenant: String
  @Option(help: "Only this tag.") var tag: String?
  @Option(help: "As of this instant, RFC 3339. Default: the subject's clock.") var at: String?
  @Option(help: "zh or en. Default: zh where LANG is Chinese, else en.") var lang: ExplanationText.Language?
  @Flag(help: "Print one JSON object.") var json = false

  func run() async throws {
    try TenantName.check(tenant)
    guard let subject = Subject(tenant: tenant, path: subject), [.member, .community].contains(subject.kind) else {
      throw CommandFailure(
        .usage,
        "subject cannot be read",
        at: "SUBJECT",
        expected: "member/ID or community/ID",
        got: subject
      )
    }
    let instant = try at.map { text throws(CommandFailure) -> Instant in
      guard let instant = Instant(text: text) else {
        throw CommandFailure(.usage, "instant cannot be read", at: "--at", expected: "RFC 3339", got: text)
      }
      return instant
    }
    let (fold, playbook) = try await instance.withStore { pool in
      let playbook = try await StoredPlaybooks.playbook(of: tenant, pool)
      let rows = try await PostgresStateStore(pool: pool, retainFrames: false).subjects(
        group: "tagger",
        keys: [subject.keyBytes]
      )
      return (try rows.first.map { try Self.fold(of: $0.state) }, playbook)
    }
    guard let fold else {
      throw CommandFailure(
        .invalidInput,
        "subject is not known",
        at: subject.path,
        expected: "a subject of which an event was folded",
        next: "hearth lag"
      )
    }
    try tell(fold, playbook, at: instant)
  }

  private func tell(_ fold: SubjectFold, _ playbook: CompiledPlaybook, at instant: Instant?) throws {
    let program = try FoldProgram(playbook: playbook)
    guard fold.tagging.fits(program.tagging(of: fold.subject.kind)) else {
      throw CommandFailure(
        .invalidInput,
        "state was made under another version of the playbook",
        at: fold.subject.path,
        expected: "the version in force",
        next: "hearth lag"
      )
    }
    let index = try tag.map { name throws(CommandFailure) -> Int in
      let names = program.definitions(of: fold.subject.kind).tags.map(\.name)
      guard let index = names.firstIndex(of: name) else {
        let known = names.sorted().joined(separator: ", ")
        throw CommandFailure(.invalidInput, "tag is not known", at: "--tag", expected: known, got: name)
      }
      return index
    }
    guard let explanation = SubjectExplanation(of: fold, at: instant, only: index, program: program) else {
      let clock = fold.tagging.clock?.text ?? "none"
      throw CommandFailure(
        .invalidInput,
        "instant cannot be told",
        at: "--at",
        expected: "from the subject's first event and 72 h 5 min before its clock, \(clock), to 400 days after it",
        got: at ?? clock
      )
    }
    if json {
      Terminal.print(String(decoding: ExplanationJSON.render(explanation).canonicalJSON, as: UTF8.self))
    } else {
      let text = ExplanationText(language: lang ?? Self.usualLanguage, zone: playbook.zone)
      Terminal.print(text.lines(explanation).joined(separator: "\n"))
    }
  }

  private static func fold(of bytes: [UInt8]) throws(CommandFailure) -> SubjectFold {
    do { return try SubjectFold(decoding: bytes) } catch {
      throw CommandFailure(
        .invalidInput,
        "stored state cannot be read",
        expected: "one that this version of hearth wrote",
        next: "hearth --version"
      )
    }
  }

  private static var usualLanguage: ExplanationText.Language {
    let environment = ProcessInfo.processInfo.environment
    let locale = environment["LC_ALL"] ?? environment["LC_MESSAGES"] ?? environment["LANG"] ?? ""
    return locale.hasPrefix("zh") ? .zh : .en
  }
}

extension ExplanationText.Language: ExpressibleByArgument {}

/// A `SubjectExplanation` as one JSON object.
enum ExplanationJSON {
  static func render(_ explanation: SubjectExplanation) -> Value {
    .object([
      .init("asOf", .time(explanation.asOf)),
      .init("subject", .string(explanation.subject.path)),
      .init("tags", .list(explanation.tags.map(tag))),
    ])
  }

  private static func tag(_ tag: TagExplanation) -> Value {
    .object([
      .init("deciding", .object(tag.readings.map { .init($0.value.name, $0.value.value) })),
      .init("next", tag.next.map { .object([.init("at", .time($0.at)), .init("value", $0.value)]) } ?? .null),
      .init("rules", .list(tag.rules.map(rule))),
      .init("since", tag.standing.since.map(Value.time) ?? .null),
      .init("tag", .string(tag.definition.name)),
      .init("value", tag.standing.value),
    ])
  }

  private static func rule(_ rule: TagExplanation.Rule) -> Value {
    .object([.init("gives", rule.gives ?? .null), .init("text", .string(rule.text))])
  }
}
