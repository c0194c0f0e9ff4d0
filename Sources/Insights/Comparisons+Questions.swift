/// The questions that a section asks, and how large a difference must be to be worth a word.
extension Comparisons {
  /// Those of a step on one day.
  package struct StepDay: Hashable, Sendable {
    /// From 1.
    package var step: Int
    /// Any number that orders days, for instance days since 1970.
    package var day: Int
    /// Of those who reached the step that day, those who came to the next in time.
    package var moved: Proportion

    package init(step: Int, day: Int, moved: Proportion) {
      self.step = step
      self.day = day
      self.moved = moved
    }
  }

  /// A part of a breakdown: those who began, and those of them who came to the end.
  package struct Part: Hashable, Sendable {
    package var value: String
    package var converted: Proportion

    package init(value: String, converted: Proportion) {
      self.value = value
      self.converted = converted
    }
  }

  /// A community's days of active members in two periods of one length.
  package struct Activity: Hashable, Sendable {
    package var community: String
    package var now: Int
    package var before: Int

    package init(community: String, now: Int, before: Int) {
      self.community = community
      self.now = now
      self.before = before
    }
  }

  /// A day is broken only when at most half of the other days' share came on.
  package static let brokenRateMax = 0.5
  /// A community cools only when its activity fell to at most seven tenths of what the others' course would be.
  package static let coolingRatioMax = 0.7
  /// Parts with fewer beginners are not compared.
  package static let partMin = 30

  // MARK: Asking

  /// Each day of each step against all other days of that step.
  package mutating func compareDays(_ days: [StepDay]) {
    for (step, days) in Dictionary(grouping: days, by: \.step).sorted(by: { $0.key < $1.key }) {
      let all = days.reduce(Proportion(0, of: 0)) { $0 + $1.moved }
      for day in days.sorted(by: { $0.day < $1.day }) {
        compare(.day(step: step, day: day.day), day.moved, all - day.moved)
      }
    }
  }

  /// Each part against all others together; two parts only once, as it is the same test.
  package mutating func compareParts(_ funnel: String, _ parts: [Part]) {
    let ranked = Self.ranked(parts)
    let all = ranked.reduce(Proportion(0, of: 0)) { $0 + $1.converted }
    for part in ranked.count == 2 ? ranked.prefix(1) : ranked[...] {
      compare(.part(funnel: funnel, value: part.value), part.converted, all - part.converted)
    }
  }

  /// Each community's share of "now" in its two periods against that of all others together: when all lose the same,
  /// none is said to cool.
  package mutating func compareActivity(_ communities: [Activity]) {
    let all = communities.reduce(Proportion(0, of: 0)) { $0 + Self.share($1) }
    for one in communities { compare(.community(one.community), Self.share(one), all - Self.share(one)) }
  }

  // MARK: Claiming

  /// The days on which a step lost more than it may, by step; ask after all tests.
  package var brokenDays: [(step: Int, findings: [Finding])] {
    var found: [Int: [Finding]] = [:]
    for finding in claims where finding.first.rate <= Self.brokenRateMax * finding.second.rate {
      if case .day(let step, _) = finding.question { found[step, default: []].append(finding) }
    }
    return found.sorted { $0.key < $1.key }.map { step, findings in
      (step, findings.sorted { Self.day(of: $0) < Self.day(of: $1) })
    }
  }

  /// The part with the largest rate, when it passes the bound against all others together and also beats the next best
  /// one by itself; nil when two are about as good.
  ///
  /// The second test is not counted among the section's: it can only withhold a claim.
  package func bestPart(of funnel: String, _ parts: [Part]) -> (finding: Finding, next: Part)? {
    let ranked = Self.ranked(parts)
    guard ranked.count > 1, let best = ranked.first,
      let finding = claims.first(where: { $0.question == .part(funnel: funnel, value: best.value) }),
      let against = TwoProportions(best.converted, ranked[1].converted), against.p < Self.errorMax,
      finding.test.z > 0, against.z > 0
    else { return nil }
    return (finding, ranked[1])
  }

  /// Communities that lost more of their activity than the others did.
  package var coolingCommunities: [Finding] {
    claims.filter { finding in
      guard case .community = finding.question else { return false }
      return Self.ratio(finding.first) <= Self.coolingRatioMax * Self.ratio(finding.second)
    }
  }

  // MARK: Helpers

  /// The day of a finding about one; 0 for others.
  package static func day(of finding: Finding) -> Int {
    if case .day(_, let day) = finding.question { day } else { 0 }
  }

  private static func share(_ activity: Activity) -> Proportion {
    Proportion(activity.now, of: activity.now + activity.before)
  }

  /// Now ÷ before, of a share of now.
  private static func ratio(_ share: Proportion) -> Double {
    share.of > share.count ? Double(share.count) / Double(share.of - share.count) : .infinity
  }

  private static func ranked(_ parts: [Part]) -> [Part] {
    parts.filter { $0.converted.of >= partMin }.sorted {
      ($0.converted.rate, $1.value) > ($1.converted.rate, $0.value)
    }
  }
}
