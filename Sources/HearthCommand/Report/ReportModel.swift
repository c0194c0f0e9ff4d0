import Drawings
import EventModel

/// A name in Chinese and English; the same text twice where the playbook gives only one.
package struct ReportLabel: Hashable, Sendable {
  package var zh: String
  package var en: String

  package init(zh: String, en: String) {
    self.zh = zh
    self.en = en
  }

  /// Both, once where they are the same.
  package var both: String { zh == en ? zh : "\(zh) \(en)" }

  var caption: Caption { Caption(zh: zh, en: en) }
}

/// Everything a report shows, counted and named; the renderers only lay it out.
package struct ReportModel: Sendable {
  package var tenant: String
  package var title: ReportLabel
  /// The instant the report is of: as told, else the last event of the newest import.
  package var asOf: Instant?
  /// In which times are written.
  package var zone: CalendarZone
  package var members: Int
  package var communities: Int
  /// Members with an order; nil where the playbook counts none.
  package var membersWithOrders: Int?
  package var orders: Int?
  /// Exact decimal text.
  package var revenue: String?
  package var memberTags: [TagTable] = []
  package var communityTags: [TagTable] = []
  package var scores: [Score] = []
  package var quadrants: Quadrants?
  package var segments: [Segment] = []
  package var funnels: [Funnel] = []
  package var touches: Touches = .init()
  package var flagged: [FlaggedCommunities] = []
  package var story: MemberStory?

  package init(
    tenant: String,
    title: ReportLabel,
    asOf: Instant?,
    zone: CalendarZone,
    members: Int = 0,
    communities: Int = 0
  ) {
    self.tenant = tenant
    self.title = title
    self.asOf = asOf
    self.zone = zone
    self.members = members
    self.communities = communities
  }
}

extension ReportModel {
  /// One tag, its subjects counted by value.
  package struct TagTable: Sendable {
    package var name: String
    package var label: ReportLabel
    package var category: String?
    /// Largest first.
    package var values: [Count]

    package init(name: String, label: ReportLabel, category: String?, values: [Count]) {
      self.name = name
      self.label = label
      self.category = category
      self.values = values
    }

    /// `value` is nil where the subject has none.
    package struct Count: Hashable, Sendable {
      package var value: String?
      package var subjects: Int
      package init(value: String?, subjects: Int) {
        self.value = value
        self.subjects = subjects
      }
    }
  }

  /// A score over all members, as exact decimal texts.
  package struct Score: Sendable {
    package var name: String
    package var label: ReportLabel
    package var cut: String
    package var sum: String
    package var atOrOverCut: Int
    package var unknown: Int

    package init(name: String, label: ReportLabel, cut: String, sum: String, atOrOverCut: Int, unknown: Int) {
      self.name = name
      self.label = label
      self.cut = cut
      self.sum = sum
      self.atOrOverCut = atOrOverCut
      self.unknown = unknown
    }
  }

  /// The 2×2 of two scores.
  package struct Quadrants: Sendable {
    package var x: Axis
    package var y: Axis
    package var labels: [Place]
    package var unclassified: Int
    /// Members by both scores, in cells of 5 points.
    package var cells: [Cell]

    package init(x: Axis, y: Axis, labels: [Place], unclassified: Int, cells: [Cell]) {
      self.x = x
      self.y = y
      self.labels = labels
      self.unclassified = unclassified
      self.cells = cells
    }

    package struct Axis: Sendable {
      package var name: String
      package var label: ReportLabel
      package var cut: String
      package init(name: String, label: ReportLabel, cut: String) {
        self.name = name
        self.label = label
        self.cut = cut
      }
    }

    /// A label and the quadrant it holds in; both false: it holds in none of the four, or only in part.
    package struct Place: Sendable {
      package var value: String
      package var label: ReportLabel
      package var strategy: String?
      package var members: Int
      /// Quadrants by (x at or over its cut, y at or over its cut).
      package var corner: Corner?
      package init(value: String, label: ReportLabel, strategy: String?, members: Int, corner: Corner?) {
        self.value = value
        self.label = label
        self.strategy = strategy
        self.members = members
        self.corner = corner
      }
    }

    package struct Corner: Hashable, Sendable {
      package var xHigh: Bool
      package var yHigh: Bool
      package init(xHigh: Bool, yHigh: Bool) {
        self.xHigh = xHigh
        self.yHigh = yHigh
      }
    }

    /// `x` and `y` count cells of 5 points from 0 to 19.
    package struct Cell: Hashable, Sendable {
      package var x: Int
      package var y: Int
      package var members: Int
      package init(x: Int, y: Int, members: Int) {
        self.x = x
        self.y = y
        self.members = members
      }
    }
  }

  package struct Segment: Sendable {
    package var name: String
    package var label: ReportLabel
    package var members: Int
    /// When a population was last cut; nil for rules.
    package var cutAt: Instant?
    package init(name: String, label: ReportLabel, members: Int, cutAt: Instant?) {
      self.name = name
      self.label = label
      self.members = members
      self.cutAt = cutAt
    }
  }

  /// A funnel, counted both ways: entries, and members once with their best level.
  package struct Funnel: Sendable {
    package var name: String
    package var label: ReportLabel
    package var window: TimeSpan
    package var steps: [Step]
    /// Entries by status.
    package var converted: Int
    package var open: Int
    package var dropped: Int
    /// What it is broken down by; nil without.
    package var breakdownBy: String?
    /// Most entries first.
    package var breakdown: [Part]
    package var months: [Month]

    package init(
      name: String,
      label: ReportLabel,
      window: TimeSpan,
      steps: [Step],
      converted: Int,
      open: Int,
      dropped: Int,
      breakdownBy: String?,
      breakdown: [Part],
      months: [Month]
    ) {
      self.name = name
      self.label = label
      self.window = window
      self.steps = steps
      self.converted = converted
      self.open = open
      self.dropped = dropped
      self.breakdownBy = breakdownBy
      self.breakdown = breakdown
      self.months = months
    }

    package struct Step: Sendable {
      package var name: String
      package var label: ReportLabel
      package var entries: Int
      package var members: Int
      /// From step 1; nil for step 1 and where nobody came.
      package var medianTime: TimeSpan?
      package init(name: String, label: ReportLabel, entries: Int, members: Int, medianTime: TimeSpan?) {
        self.name = name
        self.label = label
        self.entries = entries
        self.members = members
        self.medianTime = medianTime
      }
    }

    /// Entries of one breakdown value that reached each step.
    package struct Part: Sendable {
      package var value: String?
      package var reached: [Int]
      package init(value: String?, reached: [Int]) {
        self.value = value
        self.reached = reached
      }
    }

    /// Entries by the month of their day.
    package struct Month: Sendable {
      package var first: LocalDate
      package var entries: Int
      package var converted: Int
      package init(first: LocalDate, entries: Int, converted: Int) {
        self.first = first
        self.entries = entries
        self.converted = converted
      }
    }
  }

  package struct Touches: Sendable {
    package var counts: [Count] = []
    /// Deliveries by status.
    package var deliveries: [TagTable.Count] = []
    /// Newest first.
    package var last: [Touch] = []

    package init() {}

    package struct Count: Sendable {
      package var source: String
      package var label: ReportLabel
      package var status: String
      package var reason: String
      package var touches: Int
      package init(source: String, label: ReportLabel, status: String, reason: String, touches: Int) {
        self.source = source
        self.label = label
        self.status = status
        self.reason = reason
        self.touches = touches
      }
    }

    package struct Touch: Sendable {
      package var at: Instant
      package var source: String
      package var subject: String
      package var template: String
      package var channel: String
      package var status: String
      package var reason: String
      /// Of its delivery; nil where there was none.
      package var delivery: String?
      package init(
        at: Instant,
        source: String,
        subject: String,
        template: String,
        channel: String,
        status: String,
        reason: String,
        delivery: String?
      ) {
        self.at = at
        self.source = source
        self.subject = subject
        self.template = template
        self.channel = channel
        self.status = status
        self.reason = reason
        self.delivery = delivery
      }
    }
  }

  /// The communities for which a boolean tag holds, with the metrics its rule reads.
  package struct FlaggedCommunities: Sendable {
    package var tag: String
    package var label: ReportLabel
    package var metrics: [String]
    package var rows: [Row]
    package init(tag: String, label: ReportLabel, metrics: [String], rows: [Row]) {
      self.tag = tag
      self.label = label
      self.metrics = metrics
      self.rows = rows
    }

    package struct Row: Sendable {
      package var id: String
      package var since: Instant?
      /// In the order of `metrics`.
      package var values: [String]
      package init(id: String, since: Instant?, values: [String]) {
        self.id = id
        self.since = since
        self.values = values
      }
    }
  }
}
