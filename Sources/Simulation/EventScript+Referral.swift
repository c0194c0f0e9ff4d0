import EventModel

/// Members who bring members.
extension EventScript {
  private static let rewardFen = 1000

  mutating func writeReferrals() {
    for plan in plans {
      guard let inviter = inviters[plan.index], let followedAt = plan.followedAt else { continue }
      var stream = stream(.referral, -plan.index - 1)
      let community = communityID(of: plans[inviter])
      drafts.add(
        "referral.invited",
        at: followedAt - .seconds(Int64(stream.between(120...3000))),
        of: .member(plans[inviter].id),
        community: community,
        [("campaign", .string("bring_a_friend")), ("invitee", .string(plan.id))]
      )
      guard let joinedAt = plan.joinedAt else { continue }
      drafts.add(
        "referral.succeeded",
        at: joinedAt + .seconds(30),
        of: .member(plans[inviter].id),
        community: community,
        [
          ("campaign", .string("bring_a_friend")), ("currency", .string("CNY")), ("invitee", .string(plan.id)),
          ("reward", .fen(Self.rewardFen)),
        ]
      )
    }
  }
}
