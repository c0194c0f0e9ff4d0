import EventModel
import Foundation
import HearthCommand
import PostgresStores
import Testing

@Suite("A page of several tenants")
struct PageTests {
  private func section(planted: Bool, follow: PageSection.FollowView? = nil) throws -> PageSection {
    let builder = try PageBuilder(spec: try SamplePage.spec(), playbook: try SamplePage.compiled())
    return builder.section(
      report: try SamplePage.report(),
      rows: try SamplePage.rows(planted: planted),
      tally: try SamplePage.tally(planted: planted),
      follow: follow
    )
  }

  private func page(planted: Bool) throws -> String {
    HTMLPage.render(PageModel(title: .init(zh: "演示", en: "Demo"), sections: [try section(planted: planted)]))
  }

  @Test("What is planted is claimed: the broken days, the best channel, the cooling community")
  func planted() throws {
    let section = try section(planted: true)
    #expect(section.findings.map(\.kind) == [.brokenStep, .bestPart, .cooling])
    #expect(section.findings.map(\.about) == [["joined", "2026-03-11", "2026-03-12"], ["qr"], ["c2"]])
    let days = section.findings[0].about.dropFirst().compactMap { LocalDate(text: $0)?.daysSinceEpoch }
    #expect(days.count == 2)
    #expect(section.path?.broken[1] == Set(days))
    let page = try page(planted: true)
    #expect(page.contains("断点：关注 → 入群") && page.contains("Broken step: Followed → Joined"))
    #expect(page.contains("最佳渠道：二维码") && page.contains("Best channel: QR code"))
    #expect(page.contains("120/300 (40.0 %)") && page.contains("降温的社群：c2"))
  }

  @Test("Where nothing is planted the page claims nothing, and says so")
  func nothingPlanted() throws {
    let section = try section(planted: false)
    #expect(section.findings.isEmpty && section.comparisons.made > 50)
    let page = try page(planted: false)
    #expect(page.contains("没有通过界限的结论") && page.contains("Nothing passes the bound"))
    #expect(!page.contains("断点：关注") && !page.contains("class=\"findings\""))
  }

  @Test("A tag alone is no claim, and a difference without the tag is none either")
  func bothMustHold() throws {
    let builder = try PageBuilder(spec: try SamplePage.spec(), playbook: try SamplePage.compiled())
    for (rows, tally) in [(true, false), (false, true)] {
      let section = builder.section(
        report: try SamplePage.report(),
        rows: try SamplePage.rows(planted: rows),
        tally: try SamplePage.tally(planted: tally)
      )
      #expect(!section.findings.contains { $0.kind == .cooling })
    }
  }

  @Test("The page stands alone: no script, nothing fetched, data escaped, every element closed")
  func standsAlone() throws {
    let page = try page(planted: true)
    for unwanted in ["<script", "http:", "https:", "src=", "url(", "@import", "\u{1B}"] {
      #expect(!page.contains(unwanted), "\(unwanted)")
    }
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("class=\"badge simulated\""))
    var open: [Substring] = []
    let empty: Set<Substring> = ["meta", "line", "input"]
    for tag in page.matches(of: /<(\/?)([a-z0-9]+)[^>]*>/) where !empty.contains(tag.output.2) {
      if tag.output.1.isEmpty { open.append(tag.output.2) } else { #expect(open.popLast() == tag.output.2) }
    }
    #expect(open.isEmpty)
  }

  @Test("The figures are JSON by tenant: heat map, parts, money, and the findings")
  func json() throws {
    let model = PageModel(title: .init(zh: "演示", en: "Demo"), sections: [try section(planted: true)])
    let object = try JSONSerialization.jsonObject(with: Data(PageJSON.render(model))) as? [String: Any]
    let tenant = try #require((object?["tenants"] as? [String: Any])?["shop"] as? [String: Any])
    #expect(tenant["provenance"] as? String == "simulated")
    #expect((tenant["parts"] as? [String: [Int]])?["qr"] == [300, 120, 120])
    let exposed = try #require(tenant["exposed"] as? [String: Int])
    #expect(exposed == ["ad": 9000, "qr": 4000])
    #expect((tenant["rfm"] as? [String: [Any]])?["555"]?.first as? Int == 10)
    let heat = try #require(tenant["heat"] as? [[Int]])
    let weight: Int = heat.joined().reduce(0, +)
    #expect(weight == 1085)
    let active = try #require(tenant["active"] as? [String: [Int]])
    #expect(active["c2"] == [35, 210])
  }

  // MARK: Counting events

  @Test("A heat map is by the tenant's wall clock, weighed by a field where one is named")
  func heatMap() throws {
    var spec = try SamplePage.spec()
    spec.heat?.weigh = "messages"
    let zone = try SamplePage.compiled().zone
    let end = try #require(Instant(text: "2026-03-31T16:00:00Z"))
    var tally = EventTally(section: spec, until: end, zone: zone)
    // Sunday evening in UTC is Monday morning in Shanghai.
    let time = try #require(Instant(text: "2026-03-29T23:30:00Z"))
    tally.read(SamplePage.event("message.posted", "m", time, data: [.init("messages", .whole(12))]))
    tally.read(SamplePage.event("message.posted", "m", time))
    tally.read(SamplePage.event("message.posted", "m", end + .seconds(1), data: [.init("messages", .whole(5))]))
    #expect(tally.weights[0][7] == 12)
    let weight: Int = tally.weights.joined().reduce(0, +)
    #expect(weight == 12)
    #expect(tally.heatEvents == 1)
  }

  // MARK: One member

  @Test("A member's moments follow each other, and the touch that was held back is named with its reason")
  func follow() throws {
    let start = try #require(Instant(text: "2026-03-10T02:00:00Z"))
    var story = MemberStory(member: "m1", tags: [], lines: [], total: 3)
    story.moments = [
      .init(at: start, kind: .tag("nickname", "糖豆"), text: "n", reason: ""),
      .init(at: start, kind: .tag("silent", "true"), text: "too early", reason: ""),
      .init(at: start + .days(1), kind: .event("order.paid"), text: "paid", reason: ""),
      .init(at: start + .days(8), kind: .tag("silent", "true"), text: "silent", reason: "time passed"),
    ]
    let touch = ReportRows.Touch(
      source: "journey/recall",
      step: 0,
      subject: "member/m1",
      template: "recall",
      channel: "file",
      status: "dropped",
      reason: "quiet_hours",
      dueAt: start + .days(9),
      decidedAt: start + .days(9),
      delivery: nil,
      deliveredAt: nil
    )
    let quiet = (from: TimeSpan.hours(23), to: TimeSpan.hours(8))
    let view = FollowedMember(spec: try #require(try SamplePage.spec().follow)).view(
      story,
      touches: [touch],
      texts: [:],
      quiet: quiet
    )
    #expect(view.moments.map(\.text) == ["paid", "silent", ""])
    let section = try section(planted: false, follow: view)
    let held = try #require(section.findings.first)
    #expect(held.kind == .held && held.about == ["m1", "journey/recall", "quiet_hours"])
    #expect(held.title.zh == "为什么没有给 糖豆 (m1) 发消息" && held.sentence.en.contains("Quiet hours (23:00–08:00)"))
    // A decision is no statistical claim: the page still says that nothing passes.
    let page = HTMLPage.render(PageModel(title: .init(zh: "演示", en: "Demo"), sections: [section]))
    #expect(page.contains("没有通过界限的结论") && page.contains("糖豆"))
  }
}
