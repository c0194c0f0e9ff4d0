import EventModel

/// A brand that does not exist: its communities, its members' lives, and what was planted in them. A function of its
/// settings alone.
package struct SimulatedBrand: Sendable {
  package let settings: SimulationSettings
  package let period: SimulatedPeriod
  package let communities: [BrandCommunity]
  let campaigns: [BrandCampaign]
  let planted: PlantedPlan
  private let exposures: ChannelExposures
  let plans: [MemberPlan]

  /// Decides everything that is not an event yet.
  package init(settings: SimulationSettings) {
    let period = SimulatedPeriod(start: settings.start, days: settings.days)
    let (communities, campaigns) = BrandCommunity.all(count: settings.communities, days: settings.days)
    let planted = PlantedPlan(settings: settings, communities: communities)
    let planner = MemberPlanner(
      settings: settings,
      period: period,
      communities: communities,
      campaigns: campaigns,
      planted: planted
    )
    let exposures = ChannelExposures(
      settings: settings,
      period: period,
      campaigns: campaigns,
      followers: settings.members - planner.stock
    )
    self.settings = settings
    self.period = period
    self.communities = communities
    self.campaigns = campaigns
    self.planted = planted
    self.exposures = exposures
    plans = planner.plans(exposures: exposures)
  }

  /// All events, by (time, id), each valid against `schemas/events`; `receivedAt` is `time`.
  package func events() -> [Event] {
    var script = EventScript(
      settings: settings,
      period: period,
      communities: communities,
      campaigns: campaigns,
      planted: planted,
      exposures: exposures,
      plans: plans,
      inviters: ReferralPlanner(settings: settings, plans: plans).inviters(),
      drafts: EventDrafts(tenant: settings.tenant, end: period.end)
    )
    return script.events()
  }
}
