import EventModel

/// What a report asks of a tenant's tables, by the names of its playbook.
package struct ReportQuestion: Sendable {
  package var tenant: String
  /// Tags that are counted by value: booleans, enums, strings.
  package var memberTags: [String]
  package var communityTags: [String]
  /// Boolean community tags whose communities are named.
  package var communityFlags: [String]
  /// Scores with their cuts, as decimal texts.
  package var scores: [(name: String, cut: String)]
  /// The scores of the quadrants' axes.
  package var axes: (x: String, y: String)?
  /// Decimal metrics of members that are added up.
  package var sums: [String]

  package init(
    tenant: String,
    memberTags: [String],
    communityTags: [String],
    communityFlags: [String],
    scores: [(name: String, cut: String)],
    axes: (x: String, y: String)?,
    sums: [String]
  ) {
    self.tenant = tenant
    self.memberTags = memberTags
    self.communityTags = communityTags
    self.communityFlags = communityFlags
    self.scores = scores
    self.axes = axes
    self.sums = sums
  }
}

/// The answers, all of one instant of the store.
package struct ReportRows: Sendable {
  package struct TagCount: Sendable {
    package var tag: String
    /// Nil where the tag has no value.
    package var value: String?
    package var subjects: Int
  }

  package struct MetricSum: Sendable {
    package var metric: String
    /// Decimal text without trailing zeros.
    package var sum: String
    /// Members whose metric is over 0.
    package var positive: Int
  }

  package struct Score: Sendable {
    package var name: String
    package var sum: String
    package var atOrOverCut: Int
    package var unknown: Int
  }

  /// Members by their two scores, cells of 5 points (the last holds 100 too).
  package struct Cell: Sendable {
    package var x: Int
    package var y: Int
    package var members: Int
  }

  package struct Segment: Sendable {
    package var name: String
    package var members: Int
  }

  /// The newest cut of a population segment.
  package struct PopulationCut: Sendable {
    package var segment: String
    package var asOf: Instant
  }

  /// Entries of one funnel, level, status, breakdown value and month.
  package struct Entries: Sendable {
    package var funnel: String
    package var level: Int
    package var status: String
    package var breakdown: String?
    /// First day of the month of the entry's day.
    package var month: LocalDate
    package var entries: Int
  }

  /// Members by the best level they reached.
  package struct BestLevel: Sendable {
    package var funnel: String
    package var level: Int
    package var members: Int
  }

  /// How long entries took from step 1 to this one.
  package struct StepTime: Sendable {
    package var funnel: String
    /// 2 or more.
    package var step: Int
    package var median: TimeSpan
  }

  package struct TouchCount: Sendable {
    package var source: String
    package var status: String
    package var reason: String
    package var touches: Int
  }

  package struct Touch: Sendable {
    package var source: String
    package var step: Int
    package var subject: String
    package var template: String
    package var channel: String
    package var status: String
    package var reason: String
    package var dueAt: Instant
    package var decidedAt: Instant
    /// Of its delivery; nil where there was none.
    package var delivery: String?
    package var deliveredAt: Instant?

    package init(
      source: String,
      step: Int,
      subject: String,
      template: String,
      channel: String,
      status: String,
      reason: String,
      dueAt: Instant,
      decidedAt: Instant,
      delivery: String?,
      deliveredAt: Instant?
    ) {
      self.source = source
      self.step = step
      self.subject = subject
      self.template = template
      self.channel = channel
      self.status = status
      self.reason = reason
      self.dueAt = dueAt
      self.decidedAt = decidedAt
      self.delivery = delivery
      self.deliveredAt = deliveredAt
    }
  }

  /// A community for which a boolean tag holds.
  package struct FlaggedCommunity: Sendable {
    package var tag: String
    package var id: String
    package var since: Instant?
    /// Metrics, a JSON object.
    package var metrics: [UInt8]
  }

  package var members = 0
  package var communities = 0
  package var sums: [MetricSum] = []
  package var memberTags: [TagCount] = []
  package var communityTags: [TagCount] = []
  package var scores: [Score] = []
  package var cells: [Cell] = []
  package var segments: [Segment] = []
  package var cuts: [PopulationCut] = []
  package var entries: [Entries] = []
  package var bestLevels: [BestLevel] = []
  package var stepTimes: [StepTime] = []
  package var touchCounts: [TouchCount] = []
  package var deliveries: [(status: String, touches: Int)] = []
  package var lastTouches: [Touch] = []
  package var flagged: [FlaggedCommunity] = []
  /// Time of the last event of the newest import.
  package var lastImported: Instant?

  package init() {}
}
