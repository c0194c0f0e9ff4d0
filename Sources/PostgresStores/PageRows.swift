import EventModel

/// What a page asks of one tenant's tables beyond a report.
package struct PageQuestion: Sendable {
  package var tenant: String
  /// The instant the page is of.
  package var until: Instant
  /// IANA name, for the days of steps.
  package var zone: String
  /// The path: its funnel, its number of steps, and how long a step may take to count for its day (nil: no days).
  package var path: (funnel: String, steps: Int, within: TimeSpan?)?
  /// Types of aggregate events, node 0 of the path.
  package var totals: [String] = []
  /// Funnels of which parts are wanted.
  package var partedFunnels: [String] = []
  /// Whether communities are wanted.
  package var wantsCommunities = false
  /// Three metrics: a time, and two decimals.
  package var rfm: (recency: String, frequency: String, money: String)?
  /// A decimal metric of members, and how many of them.
  package var ranking: (by: String, top: Int)?

  package init(tenant: String, until: Instant, zone: String) {
    self.tenant = tenant
    self.until = until
    self.zone = zone
  }
}

/// The answers, all of one instant of the store.
package struct PageRows: Sendable {
  /// Members who reached a step on a local day, and those of them who came to the next in time.
  package struct StepDay: Sendable {
    /// From 1.
    package var step: Int
    package var day: LocalDate
    package var reached: Int
    package var moved: Int

    package init(step: Int, day: LocalDate, reached: Int, moved: Int) {
      self.step = step
      self.day = day
      self.reached = reached
      self.moved = moved
    }
  }

  /// Members by their best level and that entry's breakdown value.
  package struct PartLevel: Sendable {
    package var funnel: String
    package var value: String?
    package var level: Int
    package var members: Int

    package init(funnel: String, value: String?, level: Int, members: Int) {
      self.funnel = funnel
      self.value = value
      self.level = level
      self.members = members
    }
  }

  package struct Community: Sendable {
    package var id: String
    /// `{"tags": …, "metrics": …}`.
    package var projection: [UInt8]

    package init(id: String, projection: [UInt8]) {
      self.id = id
      self.projection = projection
    }
  }

  /// Members with the same three scores, 1 (least) to 5.
  package struct RFMCell: Hashable, Sendable {
    package var recency: Int
    package var frequency: Int
    package var money: Int
    package var members: Int
    /// Of the money metric: exact decimal text.
    package var sum: String

    package init(recency: Int, frequency: Int, money: Int, members: Int, sum: String) {
      self.recency = recency
      self.frequency = frequency
      self.money = money
      self.members = members
      self.sum = sum
    }
  }

  package struct Ranked: Sendable {
    package var member: String
    /// Metrics, a JSON object.
    package var metrics: [UInt8]

    package init(member: String, metrics: [UInt8]) {
      self.member = member
      self.metrics = metrics
    }
  }

  /// A channel's or campaign's aggregate events, added up.
  package struct Total: Sendable {
    package var id: String
    package var sum: Int

    package init(id: String, sum: Int) {
      self.id = id
      self.sum = sum
    }
  }

  package var totals: [Total] = []
  package var stepDays: [StepDay] = []
  package var partLevels: [PartLevel] = []
  package var communities: [Community] = []
  package var rfm: [RFMCell] = []
  package var ranked: [Ranked] = []
  /// Of the ranking's metric over all members: exact decimal text.
  package var rankedSum = "0"

  package init() {}
}
