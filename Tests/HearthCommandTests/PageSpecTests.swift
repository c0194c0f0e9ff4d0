import EventModel
import Foundation
import HearthCommand
import Testing

@Suite("The file of a page")
struct PageSpecTests {
  private func failure(_ yaml: String) throws -> CommandFailure {
    try #require(throws: CommandFailure.self) { _ = try PageSpecReader(file: "page.yaml").read(yaml) }
  }

  @Test("The demonstration's page can be read: three tenants, one of them simulated")
  func demonstration() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("services/demo/page.yaml"), encoding: .utf8)
    let spec = try PageSpecReader(file: "page.yaml").read(text)
    #expect(spec.sections.map(\.provenance) == [.simulated, .real, .real])
    #expect(spec.sections.allSatisfy { !$0.limits.isEmpty && $0.until != nil && $0.events != nil })
  }

  @Test("A fault is told with its line and column, what was expected, and what was there")
  func faults() throws {
    let yaml = SamplePage.yaml
    let unknown = try failure(yaml.replacing("ranking:", with: "rankng:"))
    #expect(unknown.code == .invalidInput)
    #expect(unknown.description.contains("page.yaml:14:5: expected one of behaviours, events, follow"))
    let word = try failure(yaml.replacing("simulated", with: "invented"))
    #expect(word.description.contains("page.yaml:5:17: expected simulated or real, got invented"))
    let span = try failure(yaml.replacing("within: 72h", with: "within: soon"))
    #expect(span.description.contains("expected a duration like 72h, got soon"))
    let moment = try failure(yaml.replacing("held: true", with: "held: false"))
    #expect(moment.description.contains("expected one of event, tag, touch, held: true"))
    #expect(try failure("page: x\nsections: []").description.contains("at least one section"))
    #expect(try failure("page: [").description.contains("expected YAML"))
  }

  @Test("A tenant stands on a page once")
  func doubled() throws {
    let section = SamplePage.yaml.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2)
    let twice = SamplePage.yaml + "\n" + section.joined(separator: "\n")
    #expect(try failure(twice).description.contains("each tenant and id once"))
  }

  @Test(
    "A page that names what the playbook has not is refused",
    arguments: [
      ("by: spend", "by: spendings", "a metric of members"), ("tag: silent", "tag: quiet", "a tag of members"),
      ("funnel: path", "funnel: paths", "a funnel"), ("to: paid", "to: payed", "a step of the path"),
      ("show: [messages_7d]", "show: [messages]", "a metric or tag of communities"),
    ]
  )
  func names(_ right: String, _ wrong: String, _ expected: String) throws {
    let yaml = SamplePage.yaml.replacing(right, with: wrong)
    let section = try #require(try PageSpecReader(file: "page.yaml").read(yaml).sections.first)
    let failure = try #require(throws: CommandFailure.self) {
      _ = try PageBuilder(spec: section, playbook: try SamplePage.compiled())
    }
    #expect(failure.description.contains(expected), "\(failure.description)")
  }
}
