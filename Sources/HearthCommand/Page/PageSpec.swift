import EventModel

/// What a page of several tenants shows: `hearth report --page FILE`. Read by `PageSpecReader`.
package struct PageSpec: Sendable {
  package static let bytesMax = 262_144
  package static let sectionsMax = 16
  /// Entries of any list in it.
  package static let entriesMax = 64

  package var title: ReportLabel
  /// In the order shown; tenants and ids occur once.
  package var sections: [Section]

  package init(title: ReportLabel, sections: [Section]) {
    self.title = title
    self.sections = sections
  }

  /// Where a tenant's events come from; stands on the page wherever the tenant does.
  package enum Provenance: String, Sendable { case simulated, real }

  /// One tenant.
  package struct Section: Sendable {
    package var tenant: String
    /// The anchor: small letters, digits and `-`.
    package var id: String
    package var provenance: Provenance
    package var source: ReportLabel
    /// What the data cannot say.
    package var limits: [ReportLabel] = []
    /// The instant it is of; nil: the last event of the newest import.
    package var until: Instant?
    /// File of its events, relative to `--events-dir`; nil: nothing is counted from events.
    package var events: String?
    /// Names of values, for instance of channels: what is not named stands as it is.
    package var values: [String: ReportLabel] = [:]
    package var path: Path?
    /// Funnels whose parts are compared, each a behaviour that may go with the last step.
    package var behaviours: [Behaviour] = []
    package var heat: Heat?
    package var health: Health?
    package var rfm: RFM?
    package var ranking: Ranking?
    package var ratings: Ratings?
    package var follow: Follow?

    package init(tenant: String, id: String, provenance: Provenance, source: ReportLabel) {
      self.tenant = tenant
      self.id = id
      self.provenance = provenance
      self.source = source
    }
  }

  /// A funnel as the section's path.
  package struct Path: Sendable {
    package var funnel: String
    /// The step that counts as success; nil: the last.
    package var to: String?
    /// How long a member may take from a step to the next and still count for its day; nil: days are not compared.
    package var within: TimeSpan?
    /// What its parts are called, for instance channels; nil: they are not compared.
    package var parts: ReportLabel?
  }

  /// A funnel split by what members had done before it.
  package struct Behaviour: Sendable {
    package var funnel: String
    package var label: ReportLabel
  }

  /// Events by weekday and hour of the tenant's zone.
  package struct Heat: Sendable {
    package var label: ReportLabel
    package var events: [String]
    /// A field whose number an event counts for; nil: each counts once.
    package var weigh: String?
  }

  /// Communities side by side.
  package struct Health: Sendable {
    /// A boolean tag that says a community cools.
    package var tag: String
    /// Events that make a member active in a community on a day.
    package var events: [String]
    /// The two periods that are compared, each this long, the second ending where the report does.
    package var period: TimeSpan
    /// The tag that names a community; nil: its id does.
    package var name: String?
    /// Tags and metrics that are shown.
    package var show: [String]
  }

  /// Recency, frequency and money: three metrics of members, the first a time.
  package struct RFM: Sendable {
    package var recency: String
    package var frequency: String
    package var money: String
  }

  /// The members with the most of a metric.
  package struct Ranking: Sendable {
    package var label: ReportLabel
    package var by: String
    package var show: [String]
    /// 1 to 50.
    package var top: Int
  }

  /// Means of ratings, metrics of one community.
  package struct Ratings: Sendable {
    package var community: String
    package var count: String
    /// Further counts of the community that are told beside.
    package var also: [String]
    package var scores: [String]
    package var note: ReportLabel?
  }

  /// One member followed from event to touch.
  package struct Follow: Sendable {
    /// Nil: the one whose touches tell most.
    package var member: String?
    /// The tag that names her; nil: her id does.
    package var name: String?
    package var moments: [Moment]

    /// The first moment of that kind after the one before.
    package struct Moment: Sendable {
      package enum Kind: Hashable, Sendable {
        case event(String)
        /// A tag's change to a value, as plain text.
        case tag(String, String)
        /// A touch of `journey/NAME` or `calendar/NAME` that was decided.
        case touch(String)
        /// A touch that was dropped or had to wait.
        case held
      }
      package var label: ReportLabel
      package var kind: Kind
    }
  }
}
