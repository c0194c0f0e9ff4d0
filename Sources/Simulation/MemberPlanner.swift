import EventModel

/// Decides the lives of all members.
struct MemberPlanner {
  let settings: SimulationSettings
  let period: SimulatedPeriod
  let communities: [BrandCommunity]
  let campaigns: [BrandCampaign]
  let planted: PlantedPlan

  /// Of 100 members: who was there before.
  static let stockShare = 30
  private static let superShareOfStock = 22
  private static let silencePerDay = 11_000
  private static let leavingPerDay = 2_500
  private static let leavingAtOnce = 35_000
  private static let programmeShare = 56
  private static let behaviourShare = 45
  private static let checkinChance = 880_000
  private static let programmeEnds = 55_000
  static let programmeDaysMax = 21

  private var superUsers: [Int] { communities.indices.filter { communities[$0].kind == .superUser } }
  private var standing: [Int] { communities.indices.filter { communities[$0].kind == .member } }

  /// Number of members who were there before.
  var stock: Int { settings.members * Self.stockShare / 100 }

  func plans(exposures: ChannelExposures) -> [MemberPlan] {
    var plans = (0..<settings.members).map { index in
      index < stock ? stockPlan(index) : arrivalPlan(index, exposures)
    }
    if plans.indices.contains(stock) { plans[stock] = FollowedMember.plan(self, index: stock) }
    for index in plans.indices where index != stock { decideLife(of: &plans[index]) }
    return plans
  }

  static func id(of index: Int) -> String {
    let digits = String(index + 1)
    return "m" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  // MARK: How she came

  private func stockPlan(_ index: Int) -> MemberPlan {
    var stream = RandomStream(seed: settings.seed, .path, index)
    var plan = MemberPlan(
      index: index,
      id: Self.id(of: index),
      profile: Profile(seed: settings.seed, index: index),
      channel: nil,
      arrivalDay: -1
    )
    let isSuper = stream.chance(percent: Self.superShareOfStock)
    let choice = isSuper ? superUsers : standing
    plan.community = choice[stream.below(choice.count)]
    plan.joinedAt = period.instant(day: -1, second: 18 * 3600 + stream.below(3 * 3600))
    return plan
  }

  private func arrivalPlan(_ index: Int, _ exposures: ChannelExposures) -> MemberPlan {
    var stream = RandomStream(seed: settings.seed, .path, index)
    var place = RandomStream(seed: settings.seed, .arrival, index)
    let (channel, day) = exposures.place(below: place.below(exposures.total))
    let profile = Profile(seed: settings.seed, index: index)
    var plan = MemberPlan(
      index: index,
      id: Self.id(of: index),
      profile: profile,
      channel: channel,
      arrivalDay: day
    )
    let followed = period.instant(day: day, second: arrivalSecond(&stream))
    plan.followedAt = followed
    let isContact = stream.chance(perMillion: planted.contactChance(day: day))
    let contact = followed + .seconds(Int64(stream.between(40...2400)))
    let joins = stream.chance(perMillion: planted.joinedChance(day: day))
    let joined = contact + .seconds(Int64(stream.between(60...3000)))
    let community = standing[stream.below(standing.count)]
    guard isContact else { return plan }
    plan.contactAt = contact
    if stream.chance(perMillion: 40_000) { plan.deletesContactAt = contact + .hours(Int64(stream.between(30...400))) }
    guard joins else { return plan }
    plan.joinedAt = joined
    plan.community = community
    return plan
  }

  /// Between 8 and 22 h, so that a path's first steps stand on one day.
  private func arrivalSecond(_ stream: inout RandomStream) -> Int {
    let hours = [20, 40, 60, 70, 80, 60, 50, 60, 60, 60, 60, 80, 90, 60]
    return (8 + stream.weighted(hours)) * 3600 + stream.below(3600)
  }

  // MARK: How she lives

  private func decideLife(of plan: inout MemberPlan) {
    guard let joinedAt = plan.joinedAt else { return }
    var stream = RandomStream(seed: settings.seed, .presence, plan.index)
    let first = period.day(of: joinedAt)
    plan.talkRate = Self.talkRate(&stream)
    plan.satisfaction = 500 + stream.below(260) + stream.below(260)
    if first >= 0, stream.chance(perMillion: Self.leavingAtOnce) {
      plan.leavesAt = joinedAt + .seconds(Int64(stream.between(600...80_000)))
    }
    for day in max(0, first + 2)..<max(settings.days, first + 3) {
      let second = stream.below(86_400)
      if plan.leavesAt == nil, stream.chance(perMillion: Self.leavingPerDay) {
        plan.leavesAt = period.instant(day: day, second: second)
      }
      if plan.silentFrom == .distantFuture, stream.chance(perMillion: Self.silencePerDay) {
        plan.silentFrom = period.instant(day: day, second: second)
      }
    }
    plan.programme = programme(of: plan, from: first)
    plan.orders = orders(of: plan, from: first)
  }

  /// Some say little, a few hold the talk together.
  private static func talkRate(_ stream: inout RandomStream) -> Int {
    let (low, high) = [(60_000, 220_000), (500_000, 1_200_000), (2_400_000, 4_200_000), (7_000_000, 10_000_000)][
      stream.weighted([44, 41, 13, 2])
    ]
    return stream.between(low...high)
  }

  private func programme(of plan: MemberPlan, from first: Int) -> MemberPlan.ProgrammePlan? {
    var stream = RandomStream(seed: settings.seed, .programme, plan.index)
    let takesPart = stream.chance(percent: Self.programmeShare)
    let start = plan.channel == nil ? stream.below(9) : first + stream.between(1...3)
    let second = second(of: plan.profile.persona, &stream, from: 7, to: 23)
    let behaviours = PlantedPlan.Behaviour.allCases.filter { _ in stream.chance(percent: Self.behaviourShare) }
    guard takesPart, start < settings.days, plan.isHeard(at: period.instant(day: start, second: second)) else {
      return nil
    }
    var days = [start]
    for day in start + 1..<start + Self.programmeDaysMax {
      let ends = stream.chance(perMillion: Self.programmeEnds)
      let isDone = stream.chance(perMillion: Self.checkinChance)
      if ends || !plan.isHeard(at: period.instant(day: day, second: second)) { break }
      if isDone { days.append(day) }
    }
    return MemberPlan.ProgrammePlan(days: days, second: second, behaviours: Set(behaviours))
  }

  private func orders(of plan: MemberPlan, from first: Int) -> [MemberPlan.OrderPlan] {
    var stream = RandomStream(seed: settings.seed, .orders, plan.index)
    var orders: [MemberPlan.OrderPlan] = []
    for day in max(0, first)..<max(settings.days, first + 1) {
      let hasBegun = plan.programme.map { $0.days[0] <= day } ?? false
      var chance = planted.orderChance(
        channel: plan.channel,
        behaviours: hasBegun ? plan.programme?.behaviours ?? [] : []
      )
      chance = chance * period.liveliness(of: day) / 1000
      if campaigns.contains(where: { $0.day == day }) { chance *= 2 }
      if plan.community.map({ communities[$0].kind == .superUser }) ?? false { chance = chance * 3 / 2 }
      let isOrder = stream.chance(perMillion: chance)
      let at = period.instant(day: day, second: second(of: plan.profile.persona, &stream, from: 0, to: 24))
      let goods = Goods.allCases[stream.weighted(plan.profile.persona.goods)]
      let yuan = stream.between(goods.prices)
      let usesCoupon = stream.chance(percent: 60)
      guard isOrder, plan.isHeard(at: at) else { continue }
      orders.append(MemberPlan.OrderPlan(at: at, goods: goods, yuan: yuan, usesCoupon: usesCoupon))
    }
    return orders
  }

  /// A second of the day at which a persona has time, within `from` ..< `to` o'clock.
  func second(of persona: Persona, _ stream: inout RandomStream, from: Int, to: Int) -> Int {
    let hour = from + stream.weighted(Array(persona.hours[from..<to]))
    return hour * 3600 + stream.below(3600)
  }
}
