import EventModel

/// Orders, coupons, refunds, and what was looked at.
extension EventScript {
  mutating func writeTrade() {
    for plan in plans {
      guard let community = communityID(of: plan) else { continue }
      var stream = stream(.trade, plan.index)
      var coupons = coupons(of: plan)
      for (number, order) in plan.orders.enumerated() {
        let id = "order-\(plan.id)-\(number + 1)"
        let usable = order.usesCoupon ? coupons.firstIndex { $0.from < order.at && order.at < $0.until } : nil
        let coupon = usable.map { coupons.remove(at: $0).coupon }
        write(order, id: id, coupon: coupon, of: plan, community: community, &stream)
      }
      writeConsent(of: plan)
    }
  }

  /// Coupons by worth, the dearer first.
  private func coupons(of plan: MemberPlan) -> [(coupon: Coupon, from: Instant, until: Instant)] {
    var coupons: [(coupon: Coupon, from: Instant, until: Instant)] = []
    if let day = plan.programme?.streakDay {
      let from = period.instant(day: day + 1, hour: 10)
      coupons.append((.streak, from, from + .days(Coupon.streak.days)))
    }
    if plan.channel != nil, let joinedAt = plan.joinedAt {
      coupons.append((.newcomer, joinedAt + .seconds(5), joinedAt + .days(Coupon.newcomer.days)))
    }
    return coupons
  }

  private mutating func write(
    _ order: MemberPlan.OrderPlan,
    id: String,
    coupon: Coupon?,
    of plan: MemberPlan,
    community: String,
    _ stream: inout RandomStream
  ) {
    let data = data(of: order, id: id, coupon: coupon, plan, &stream)
    view(order.goods, yuan: order.yuan, at: order.at - .seconds(Int64(stream.between(240...900))), by: plan)
    let placed = order.at - .seconds(Int64(stream.between(20...180)))
    drafts.add("order.placed", at: placed, of: .member(plan.id), community: community, data)
    drafts.add("order.paid", at: order.at, of: .member(plan.id), community: community, data)
    if let coupon {
      drafts.add(
        "coupon.redeemed",
        at: order.at,
        of: .member(plan.id),
        community: community,
        coupon.granted(to: plan.id) + [("order_id", .string(id))]
      )
    }
    writeAfterwards(of: order, id: id, data, plan, community: community, &stream)
  }

  private func data(
    of order: MemberPlan.OrderPlan,
    id: String,
    coupon: Coupon?,
    _ plan: MemberPlan,
    _ stream: inout RandomStream
  ) -> [(String, Value)] {
    let payment = ["wechat", "wechat", "wechat", "card"][stream.below(4)]
    let product = stream.between(1...12)
    var data: [(String, Value)] = [
      ("amount", .fen(order.yuan * 100 - (coupon?.yuan ?? 0) * 100)), ("category", .string(order.goods.rawValue)),
      ("currency", .string("CNY")), ("items", .count(stream.between(1...3))), ("lines", .count(1)),
      ("order_id", .string(id)), ("payment", .string(payment)),
      ("product", .string("\(order.goods.rawValue)-\(twoDigits(product))")),
    ]
    if let coupon {
      data.append(("coupon_id", .string(coupon.id(of: plan.id))))
      data.append(("coupon_discount", .fen(coupon.yuan * 100)))
    }
    return data
  }

  private mutating func writeAfterwards(
    of order: MemberPlan.OrderPlan,
    id: String,
    _ data: [(String, Value)],
    _ plan: MemberPlan,
    community: String,
    _ stream: inout RandomStream
  ) {
    let isRefunded = stream.chance(percent: 4)
    let refunded = order.at + .hours(Int64(stream.between(30...140)))
    let isShown = stream.chance(percent: 12)
    let shown = order.at + .hours(Int64(stream.between(60...200)))
    let rating = stream.between(6...10)
    guard !plan.isTold else { return }
    if isRefunded {
      drafts.add(
        "order.refunded",
        at: refunded,
        of: .member(plan.id),
        actor: .system,
        community: community,
        data + [("reason", .string("changed_mind"))]
      )
    } else if isShown, plan.isHeard(at: shown) {
      drafts.add(
        "order.shown",
        at: shown,
        of: .member(plan.id),
        community: community,
        [("kind", .string("image")), ("order_id", .string(id)), ("rating", .count(rating))]
      )
    }
  }

  /// One member in a hundred refuses promotions.
  private mutating func writeConsent(of plan: MemberPlan) {
    var stream = stream(.trade, -plan.index - 1)
    guard let joinedAt = plan.joinedAt, stream.chance(percent: 1), !plan.isTold else { return }
    drafts.add(
      "consent.changed",
      at: joinedAt + .hours(Int64(stream.between(20...200))),
      of: .member(plan.id),
      [("granted", .bool(false)), ("purpose", .string("promotion"))]
    )
  }

  mutating func view(_ goods: Goods, yuan: Int, at: Instant, by plan: MemberPlan) {
    drafts.add(
      "product.viewed",
      at: at,
      of: .member(plan.id),
      [
        ("category", .string(goods.rawValue)), ("price", .fen(yuan * 100)),
        ("product", .string("\(goods.rawValue)-\(twoDigits(yuan % 12 + 1))")),
      ]
    )
  }
}
