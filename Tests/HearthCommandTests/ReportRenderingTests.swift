import EventModel
import Foundation
import HearthCommand
import Testing

/// `HEARTH_UPDATE_GOLDEN=1 swift test --filter ReportRendering` writes the golden files anew; read the difference.
@Suite("Rendering a report")
struct ReportRenderingTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Golden").path

  private func compare(_ bytes: [UInt8], with name: String) throws {
    let path = Self.folder + "/" + name
    if ProcessInfo.processInfo.environment["HEARTH_UPDATE_GOLDEN"] != nil {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return
    }
    let golden = try Data(contentsOf: URL(fileURLWithPath: path))
    let ours = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let theirs = String(decoding: golden, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, pair) in zip(ours, theirs).enumerated() {
      try #require(pair.0 == pair.1, "\(name), line \(number + 1)")
    }
    #expect(ours.count == theirs.count)
  }

  @Test("The terminal's text is the golden one, and without colour it holds no escape sequence")
  func terminal() throws {
    let text = TerminalReport.render(try SampleReport.model(), style: TerminalStyle(hasColor: false))
    #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    try compare(Array(text.utf8), with: "report.txt")
  }

  @Test("With colour the same text stands between escape sequences, none of them from the data")
  func color() throws {
    let model = try SampleReport.model()
    let plain = TerminalReport.render(model, style: TerminalStyle(hasColor: false))
    let colored = TerminalReport.render(model, style: TerminalStyle(hasColor: true))
    #expect(colored.contains("\u{1B}[1m"))
    #expect(colored.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
  }

  @Test("The page is the golden one")
  func page() throws { try compare(Array(HTMLReport.render(try SampleReport.model()).utf8), with: "report.html") }

  @Test("The page stands alone: no script, nothing fetched, data escaped, every element closed")
  func pageStandsAlone() throws {
    let page = HTMLReport.render(try SampleReport.model())
    for unwanted in ["<script", "http:", "https:", "src=", "url(", "@import", "\u{1B}"] {
      #expect(!page.contains(unwanted), "\(unwanted)")
    }
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("prefers-color-scheme:dark"))
    #expect(page.contains("name=\"viewport\""))
    var open: [Substring] = []
    let empty: Set<Substring> = ["meta", "rect", "line", "path"]
    for tag in page.matches(of: /<(\/?)([a-z0-9]+)[^>]*>/) where !empty.contains(tag.output.2) {
      if tag.output.1.isEmpty { open.append(tag.output.2) } else { #expect(open.popLast() == tag.output.2) }
    }
    #expect(open.isEmpty)
  }

  @Test("Every figure of the report stands on the page and in the text")
  func figures() throws {
    let model = try SampleReport.model()
    let page = HTMLReport.render(model)
    let text = TerminalReport.render(model, style: TerminalStyle(hasColor: false))
    for figure in ["1,234", "155,848", "4,596,039.58", "6,589", "1,152", "1,559", "410", "17.5 %", "26.3 %", "未分类"] {
      #expect(page.contains(figure), "page: \(figure)")
      #expect(text.contains(figure), "text: \(figure)")
    }
  }

  @Test("The JSON is the golden one")
  func json() throws { try compare(ReportJSON.render(try SampleReport.model()), with: "report.json") }

  @Test("A report of a tenant without anything renders")
  func nothing() throws {
    let zone = try #require(CalendarZone(identifier: "UTC"))
    let model = ReportModel(tenant: "new", title: .init(zh: "new", en: "new"), asOf: nil, zone: zone)
    #expect(TerminalReport.render(model, style: TerminalStyle(hasColor: false)).contains("new"))
    #expect(HTMLReport.render(model).hasSuffix("</html>\n"))
    #expect(ReportJSON.render(model).last == 10)
  }

  @Test(
    "Columns count wide characters twice and marks not at all",
    arguments: [
      ("abc", 3), ("超市", 4), ("e\u{301}", 1), ("ー", 2), ("🙂", 2), ("", 0),
    ]
  )
  func columns(_ text: String, _ expected: Int) {
    #expect(TerminalText.columns(text) == expected)
  }

  @Test("A fitted text takes exactly its columns, whatever is in it", arguments: 1...12)
  func fitted(_ width: Int) {
    for text in ["", "a", "超市会员标签", "ab超c", "e\u{301}e\u{301}", "\u{1B}[31mred"] {
      #expect(TerminalText.columns(TerminalText.fitted(text, width)) == width)
    }
  }

  @Test("Bars grow with the value, fill their width and never vanish")
  func bars() {
    #expect(TerminalText.bar(0, of: 10, width: 8).isEmpty)
    #expect(TerminalText.bar(1, of: 100_000, width: 8) == "▏")
    #expect(TerminalText.bar(10, of: 10, width: 8) == "████████")
    #expect(TerminalText.bar(5, of: 10, width: 8) == "████")
  }

  @Test("Numbers, shares and spans read as people write them")
  func words() {
    #expect(ReportText.number(1_234_567) == "1,234,567")
    #expect(ReportText.number(-1234) == "-1,234")
    #expect(ReportText.grouped("1000.5") == "1,000.5")
    #expect(ReportText.share(1, of: 3) == "33.3 %")
    #expect(ReportText.share(0, of: 0) == "–")
    #expect(ReportText.span(.seconds(90)) == "1 min 30 s")
    #expect(ReportText.span(.days(60)) == "60 d")
    #expect(ReportText.span(TimeSpan(milliseconds: 0)) == "0 s")
  }
}
