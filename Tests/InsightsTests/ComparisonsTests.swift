import Insights
import PipelineTestSupport
import Testing

@Suite("What a page may claim")
struct ComparisonsTests {
  @Test("Two proportions give the z and p of a worked example")
  func worked() throws {
    // 45 of 100 against 30 of 100: pooled 0.375, z = 0.15 / sqrt(0.375 · 0.625 · 0.02).
    let test = try #require(TwoProportions(Proportion(45, of: 100), Proportion(30, of: 100)))
    #expect(abs(test.z - 2.1908902300206643) < 1e-12)
    #expect(abs(test.p - 0.028459736916310637) < 1e-12)
    let back = try #require(TwoProportions(Proportion(30, of: 100), Proportion(45, of: 100)))
    #expect(back.z == -test.z && back.p == test.p)
  }

  @Test("Too little to go by gives no test")
  func tooLittle() {
    #expect(TwoProportions(Proportion(2, of: 3), Proportion(500, of: 1000)) == nil)
    #expect(TwoProportions(Proportion(0, of: 100), Proportion(0, of: 100)) == nil)
    #expect(TwoProportions(Proportion(100, of: 100), Proportion(50, of: 50)) == nil)
    #expect(TwoProportions(Proportion(0, of: 0), Proportion(5, of: 50)) == nil)
  }

  private func days(broken: Set<Int>, _ generator: inout SeededGenerator) -> [Comparisons.StepDay] {
    (1...4).flatMap { step in
      (0..<30).map { day in
        let rate = step == 3 && broken.contains(day) ? 0.05 : 0.6
        let whole = Int.random(in: 40...70, using: &generator)
        let moved = (0..<whole).filter { _ in Double.random(in: 0..<1, using: &generator) < rate }.count
        return .init(step: step, day: day, moved: Proportion(moved, of: whole))
      }
    }
  }

  @Test("Three broken days of one step are named, and nothing else", arguments: 1...20)
  func brokenDays(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var comparisons = Comparisons()
    comparisons.compareDays(days(broken: [11, 12, 13], &generator))
    #expect(comparisons.made == 120)
    let broken = comparisons.brokenDays
    #expect(broken.map(\.step) == [3], "seed \(seed)")
    #expect(broken.first?.findings.map(Comparisons.day(of:)) == [11, 12, 13], "seed \(seed)")
  }

  @Test("Where nothing is planted nothing is claimed, in 300 sections at most 6 times")
  func nothingPlanted() {
    var claimed = 0
    for seed in 1...300 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var comparisons = Comparisons()
      comparisons.compareDays(days(broken: [], &generator))
      claimed += comparisons.claims.isEmpty ? 0 : 1
    }
    // Bonferroni allows 3 of 300; the tests' own counts are discrete.
    #expect(claimed <= 6, "claimed in \(claimed) of 300")
  }

  @Test("The best part must beat the others together, and the next best by itself")
  func bestPart() throws {
    let clear: [Comparisons.Part] = [
      .init(value: "ad", converted: Proportion(100, of: 500)), .init(value: "qr", converted: Proportion(220, of: 500)),
      .init(value: "tiny", converted: Proportion(9, of: 10)), .init(value: "post", converted: Proportion(110, of: 500)),
    ]
    var comparisons = Comparisons()
    comparisons.compareParts("path", clear)
    #expect(comparisons.made == 3)
    let best = try #require(comparisons.bestPart(of: "path", clear))
    #expect(best.finding.question == .part(funnel: "path", value: "qr"))
    #expect(best.finding.second == Proportion(210, of: 1000))
    #expect(best.next.value == "post")

    // Two that are about as good: both beat the others together, neither is the best.
    var level = clear
    level[3].converted = Proportion(215, of: 500)
    var again = Comparisons()
    again.compareParts("path", level)
    #expect(again.bestPart(of: "path", level) == nil)
  }

  @Test("Of two parts there is one test, and the worse is never the best")
  func twoParts() throws {
    let parts: [Comparisons.Part] = [
      .init(value: "false", converted: Proportion(200, of: 400)),
      .init(value: "true", converted: Proportion(90, of: 400)),
    ]
    var comparisons = Comparisons()
    comparisons.compareParts("f", parts)
    #expect(comparisons.made == 1)
    #expect(try #require(comparisons.bestPart(of: "f", parts)).finding.question == .part(funnel: "f", value: "false"))
  }

  @Test("Channels that do not differ give no best one, in 300 sections at most 6 times")
  func noBestPart() {
    var claimed = 0
    for seed in 1...300 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let parts = (1...6).map { channel in
        let paid = (0..<200).filter { _ in Double.random(in: 0..<1, using: &generator) < 0.18 }.count
        return Comparisons.Part(value: "\(channel)", converted: Proportion(paid, of: 200))
      }
      var comparisons = Comparisons()
      comparisons.compareParts("path", parts)
      claimed += comparisons.bestPart(of: "path", parts) == nil ? 0 : 1
    }
    #expect(claimed <= 6, "claimed in \(claimed) of 300")
  }

  @Test("A community cools against the others, not with them")
  func cooling() {
    let steady = (1...11).map { Comparisons.Activity(community: "c\($0)", now: 60 + $0, before: 62) }
    var comparisons = Comparisons()
    comparisons.compareActivity(steady + [.init(community: "cold", now: 12, before: 70)])
    #expect(comparisons.coolingCommunities.map(\.question) == [.community("cold")])

    var together = Comparisons()
    together.compareActivity((1...12).map { .init(community: "c\($0)", now: 20, before: 70) })
    #expect(together.coolingCommunities.isEmpty)
  }

  @Test("More tests ask more of each")
  func bound() {
    var comparisons = Comparisons()
    #expect(comparisons.bound == 0.01)
    for index in 0..<50 {
      comparisons.compare(.community("\(index)"), Proportion(30, of: 60), Proportion(300, of: 600))
    }
    #expect(comparisons.bound == 0.01 / 50)
    #expect(comparisons.claims.isEmpty)
  }
}
