extension EventCatalogue {
  /// The public catalogue of event types (DOMAIN "Event catalogue"), data only.
  package static let standard = EventCatalogue(
    types: acquisition + talk + programme + trade + operations + identity
  )

  private static func type(_ name: String, _ fields: [String: ValueKind]) -> EventType {
    EventType(name: name, fields: fields)
  }

  private static func aggregate(_ name: String, _ fields: [String: ValueKind]) -> EventType {
    EventType(name: name, fields: fields, isAggregate: true)
  }

  private static let acquisition: [EventType] = [
    aggregate("channel.exposed", ["day": .string, "count": .decimal, "campaign": .string]),
    aggregate("channel.spent", ["day": .string, "amount": .decimal, "currency": .string, "campaign": .string]),
    type("account.followed", ["account": .string, "campaign": .string, "scene": .string]),
    type(
      "contact.added",
      ["way": .string, "campaign": .string, "scene": .string, "hook": .string, "script": .string]
    ),
    type("contact.deleted", ["by": .string, "reason": .string]),
    type(
      "community.joined",
      [
        "mode": .string, "script": .string, "hook": .string, "inviter": .string, "welcome": .string,
        "campaign": .string, "scene": .string,
      ]
    ),
    type("community.left", ["reason": .string, "by": .string]),
    type("application.made", ["application_id": .string, "gate": .string, "note": .string]),
    type("application.decided", ["application_id": .string, "outcome": .string, "reason": .string]),
  ]

  private static let talk: [EventType] = [
    type(
      "message.posted",
      [
        "message_id": .string, "kind": .string, "length": .decimal, "reply_to": .string, "mentions": .list,
        "keywords": .list, "advertisement": .boolean, "text": .string, "topic": .string, "column": .string,
      ]
    ),
    type("message.mentioned_all", ["message_id": .string, "purpose": .string]),
    type("red_packet.sent", ["packet_id": .string, "amount": .decimal, "currency": .string, "people": .decimal]),
    type("red_packet.taken", ["packet_id": .string, "amount": .decimal, "currency": .string]),
    type("keyword.sent", ["keyword": .string, "region": .string]),
    type("question.asked", ["question_id": .string, "topic": .string]),
    type("question.answered", ["question_id": .string, "topic": .string, "solved": .boolean]),
    type("thanks.given", ["to": .string]),
    type("content.shared", ["content_id": .string, "kind": .string, "target": .string]),
    type("page.viewed", ["page": .string, "category": .string, "referrer": .string, "seconds": .decimal]),
    type("search.done", ["query": .string, "results": .decimal]),
    type("live.attended", ["live_id": .string, "seconds": .decimal]),
  ]

  private static let programme: [EventType] = [
    type("checkin.done", ["programme": .string, "task": .string, "day": .decimal]),
    type("lesson.attended", ["programme": .string, "lesson": .string, "seconds": .decimal, "completed": .boolean]),
    type("homework.submitted", ["programme": .string, "homework": .string, "score": .decimal]),
    type("activity.invited", ["activity": .string, "kind": .string]),
    type("activity.replied", ["activity": .string, "kind": .string, "answer": .string]),
    type("activity.signed_up", ["activity": .string, "kind": .string]),
    type("activity.attended", ["activity": .string, "kind": .string, "seconds": .decimal]),
    type("survey.answered", ["survey": .string, "question": .string, "score": .decimal, "answer": .string]),
    type("wish.made", ["wish": .string, "category": .string]),
  ]

  private static let order: [String: ValueKind] = [
    "order_id": .string, "amount": .decimal, "currency": .string, "category": .string, "store": .string,
    "items": .decimal, "discount": .decimal, "coupon_discount": .decimal, "coupon_id": .string, "campaign": .string,
    "product": .string, "payment": .string, "lines": .decimal,
  ]

  private static let coupon: [String: ValueKind] = [
    "coupon_id": .string, "campaign": .string, "kind": .string, "category": .string, "amount": .decimal,
    "currency": .string, "order_id": .string,
  ]

  private static let membership: [String: ValueKind] = [
    "plan": .string, "level": .string, "amount": .decimal, "currency": .string, "until": .string,
  ]

  private static let trade: [EventType] = [
    type("product.viewed", ["product": .string, "category": .string, "price": .decimal, "store": .string]),
    type("order.placed", order),
    type("order.paid", order),
    type("order.refunded", order.merging(["reason": .string]) { $1 }),
    type("order.ready", ["order_id": .string, "store": .string]),
    type("order.shown", ["order_id": .string, "kind": .string, "rating": .decimal]),
    type("coupon.granted", coupon),
    type("coupon.transferred", coupon.merging(["to": .string]) { $1 }),
    type("coupon.redeemed", coupon),
    type("card.charged", ["card_id": .string, "amount": .decimal, "balance": .decimal, "currency": .string]),
    type("membership.bought", membership),
    type("membership.renewed", membership),
    type("membership.expired", membership),
    type("referral.invited", ["invitee": .string, "campaign": .string]),
    type("referral.succeeded", ["invitee": .string, "campaign": .string, "reward": .decimal, "currency": .string]),
  ]

  private static let community: [String: ValueKind] = [
    "name": .string, "kind": .string, "theme": .string, "capacity": .decimal, "series": .string, "region": .string,
    "goal": .string, "number": .decimal,
  ]

  private static let touch: [String: ValueKind] = [
    "touch": .string, "delivery": .string, "campaign": .string, "kind": .string, "template": .string,
    "journey": .string, "calendar": .string, "step": .decimal,
  ]

  private static let operations: [EventType] = [
    type("community.created", community),
    type("community.renamed", ["name": .string, "was": .string]),
    type("community.full", ["members": .decimal, "capacity": .decimal]),
    type("community.dissolved", ["reason": .string, "members": .decimal]),
    type("member.removed", ["reason": .string, "by": .string]),
    type("task.done", ["task": .string, "kind": .string, "outcome": .string]),
    type(
      "touch.delivered",
      touch.merging(["campaign_type": .string, "start_date": .string, "end_date": .string]) { $1 }
    ),
    type("touch.opened", touch),
    type("touch.clicked", touch.merging(["link": .string]) { $1 }),
    type("touch.bounced", touch.merging(["reason": .string]) { $1 }),
    type("touch.opted_out", touch.merging(["reason": .string]) { $1 }),
  ]

  private static let identity: [EventType] = [
    EventType(
      name: "member.identified",
      fields: [
        "nickname": .string, "city": .string, "province": .string, "region": .string, "country": .string,
        "gender": .string, "birthday": .string, "age": .decimal, "income": .decimal, "occupation": .string,
        "language": .string, "zone": .string, "level": .string, "source": .string, "persona": .string,
        "age_band": .string, "income_band": .string, "home_ownership": .string, "marital_status": .string,
        "household_size": .string, "household_comp": .string, "kids_count": .string,
      ],
      isOpen: true
    ),
    type("member.aliased", ["previous": .string]),
    type("member.erased", ["request_id": .string]),
    type("consent.changed", ["purpose": .string, "granted": .boolean]),
  ]
}
