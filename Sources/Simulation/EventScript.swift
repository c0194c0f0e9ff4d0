import EventModel

/// Writes the events of a brand whose members' lives are decided; one extension for each part of that life.
struct EventScript {
  let settings: SimulationSettings
  let period: SimulatedPeriod
  let communities: [BrandCommunity]
  let campaigns: [BrandCampaign]
  let planted: PlantedPlan
  let exposures: ChannelExposures
  let plans: [MemberPlan]
  /// Who brought a member, by indices.
  let inviters: [Int: Int]
  var drafts: EventDrafts

  /// Everything, by time.
  mutating func events() -> [Event] {
    writeCommunities()
    writeChannels()
    writePaths()
    writeReferrals()
    writeProgramme()
    writeTalk()
    writeCampaigns()
    writeTrade()
    writeBrowsing()
    writeSurveys()
    return drafts.sorted()
  }

  func stream(_ purpose: RandomStream.Purpose, _ index: Int) -> RandomStream {
    RandomStream(seed: settings.seed, purpose, index)
  }

  func communityID(of plan: MemberPlan) -> String? { plan.community.map { communities[$0].id } }

  /// Days on which a member may be heard: from her first in the community to the period's last or her silence.
  func days(of plan: MemberPlan) -> Range<Int> {
    guard let joinedAt = plan.joinedAt else { return 0..<0 }
    let first = max(0, period.day(of: joinedAt))
    let last = period.day(of: min(plan.silentFrom, plan.leavesAt ?? .distantFuture, period.end))
    return first..<max(first, min(settings.days, last + 1))
  }
}
