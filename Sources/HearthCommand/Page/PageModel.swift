import EventModel
import Insights
import PostgresStores

/// A page of several tenants, counted and named; the renderers only lay it out.
package struct PageModel: Sendable {
  package var title: ReportLabel
  package var sections: [PageSection]

  package init(title: ReportLabel, sections: [PageSection]) {
    self.title = title
    self.sections = sections
  }
}

/// One tenant on a page.
package struct PageSection: Sendable {
  package var spec: PageSpec.Section
  package var report: ReportModel
  /// The tests behind the findings.
  package var comparisons = Comparisons()
  /// What may be claimed; nothing where nothing passes the bound.
  package var findings: [PageFinding] = []
  package var path: PathView?
  package var behaviours: [BehaviourView] = []
  package var heat: HeatView?
  package var communities: [CommunityView] = []
  package var rfm: [PageRows.RFMCell] = []
  package var ranking: RankingView?
  package var ratings: RatingsView?
  package var follow: FollowView?

  package init(spec: PageSpec.Section, report: ReportModel) {
    self.spec = spec
    self.report = report
  }

  /// A value of the data by its name on the page.
  func named(_ value: String) -> ReportLabel { spec.values[value] ?? ReportLabel(zh: value, en: value) }
}

/// Something the page claims, with what it rests on.
package struct PageFinding: Hashable, Sendable {
  package enum Kind: String, Sendable {
    case brokenStep = "broken_step"
    case bestPart = "best_part"
    case cooling
    case behaviour
    /// No test: a decision that stands in the store.
    case held
  }
  package var kind: Kind
  /// What it is about, as the data names it: a step and days, a channel, a community, a member.
  package var about: [String]
  package var title: ReportLabel
  package var sentence: ReportLabel
  package var evidence: ReportLabel
}

extension PageSection {
  /// The path: node 0 and its parts beside the report's funnel.
  package struct PathView: Sendable {
    package var funnel: ReportModel.Funnel
    /// Label and sum of node 0; nil without one.
    package var node: (label: ReportLabel, count: Int)?
    package var days: [Comparisons.StepDay]
    package var parts: [Part]
    /// The step that counts as success, from 0.
    package var goal: Int
    /// Sum of node 0 by part.
    package var exposures: [String: Int]
    /// Steps (from 1) and days that a claim is about.
    package var broken: [Int: Set<Int>]
  }

  /// Members of one breakdown value, by the steps they reached.
  package struct Part: Sendable {
    package var value: String?
    /// Members with at least that step, from step 1.
    package var reached: [Int]
    /// The step that counts as success, from 0.
    package var goal: Int

    package init(value: String?, reached: [Int], goal: Int) {
      self.value = value
      self.reached = reached
      self.goal = goal
    }

    package var converted: Proportion {
      Proportion(reached.indices.contains(goal) ? reached[goal] : 0, of: reached.first ?? 0)
    }
  }

  package struct BehaviourView: Sendable {
    package var spec: PageSpec.Behaviour
    package var parts: [Part]
  }

  package struct HeatView: Sendable {
    package var weights: [[Int]]
    package var events: Int
    package var total: Int { weights.joined().reduce(0, +) }
    /// Row and column of the largest; nil where there is nothing.
    package var peak: (day: Int, hour: Int)?
  }

  package struct CommunityView: Sendable {
    package var id: String
    package var name: String
    /// In the order of the spec's `show`.
    package var shown: [String]
    /// Days of active members in the last period and in the one before.
    package var now: Int
    package var before: Int
    /// Whether its tag holds, and since when.
    package var isTagged: Bool
    package var since: Instant?
    package var isClaimed: Bool
  }

  package struct RankingView: Sendable {
    package var rows: [(member: String, values: [String])]
    /// What the shown members have of all members' sum, 0 to 1,000 tenths of a percent; nil where there is nothing.
    package var shareTenths: Int?
    package var sum: String
  }

  package struct RatingsView: Sendable {
    package var count: String
    /// Further counts.
    package var also: [(name: String, count: String)]
    package var means: [(name: String, mean: String)]
  }

  /// One member, followed.
  package struct FollowView: Sendable {
    package var story: MemberStory
    /// Her name; nil: her id stands for it.
    package var name: String?
    package var touches: [ReportRows.Touch]
    /// What the file channels wrote, by `source/step`.
    package var texts: [String: String]
    package var moments: [(label: ReportLabel, at: Instant, text: String, reason: String)]
    /// The touch that was held back, if there is one.
    package var held: ReportRows.Touch?
    package var quiet: (from: TimeSpan, to: TimeSpan)?

    var shownName: String { name.map { "\($0) (\(story.member))" } ?? story.member }
  }
}
