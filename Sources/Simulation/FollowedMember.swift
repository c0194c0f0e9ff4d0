import EventModel

/// One member whose life is told rather than drawn, so that it can be followed from the first code she scanned to the
/// message she did not get:
///
/// joined by the code of a shop → welcomed by name → seven check-ins in a row → coupon → order → silent since 23:40,
/// so that a week later her recall falls into quiet hours.
enum FollowedMember {
  static let followedDay = 2
  static let streakDays = 3...9
  static let orderDay = 11
  static let lastDay = 12
  /// When she was last there: late enough that a week, and ten days, later it is quiet hours.
  static let lastSecond = 23 * 3600 + 40 * 60

  /// Her life; `index` is that of the first member who was not there before.
  static func plan(_ planner: MemberPlanner, index: Int) -> MemberPlan {
    let period = planner.period
    var plan = MemberPlan(
      index: index,
      id: MemberPlanner.id(of: index),
      profile: Profile(nickname: "糖豆妈妈", persona: .newMother, city: "杭州", babyStage: "0-6m"),
      channel: .storeQR,
      arrivalDay: followedDay
    )
    plan.isTold = true
    plan.followedAt = period.instant(day: followedDay, hour: 12, minute: 10)
    plan.contactAt = period.instant(day: followedDay, hour: 12, minute: 14)
    plan.joinedAt = period.instant(day: followedDay, hour: 12, minute: 20)
    plan.community = planner.communities.indices.first {
      planner.communities[$0].kind == .member && $0 != planner.planted.coolingCommunity
    }
    plan.satisfaction = 900
    plan.silentFrom = last(period) + .seconds(1)
    plan.programme = MemberPlan.ProgrammePlan(
      days: Array(streakDays),
      second: 21 * 3600 + 40 * 60,
      behaviours: [.introduced, .tookLesson]
    )
    plan.orders = [
      MemberPlan.OrderPlan(
        at: period.instant(day: orderDay, hour: 21, minute: 20),
        goods: .nappies,
        yuan: 129,
        usesCoupon: true
      )
    ]
    return plan
  }

  static func last(_ period: SimulatedPeriod) -> Instant { period.instant(day: lastDay, second: lastSecond) }
}
