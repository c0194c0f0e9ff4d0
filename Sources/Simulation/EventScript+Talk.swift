import EventModel

/// What members say to each other: who, when, what kind, in answer to what; never the words.
extension EventScript {
  /// One message before it is known what it answers.
  private struct Message {
    var at: Instant
    var member: Int
    var id: String
    var topic: String
    var isQuestion: Bool
  }

  /// A message may start a small burst.
  private static let burstChance = 26
  private static let questionChance = 5
  /// Of the messages before it that are young enough, one of the last so many is answered.
  private static let repliesReach = 5
  private static let repliesWithin = TimeSpan.minutes(40)

  mutating func writeTalk() {
    for index in communities.indices {
      var messages: [Message] = []
      for plan in plans where !plan.isTold {
        if plan.community == index { messages += talk(of: plan, in: index) }
      }
      if communities[index].kind == .flash { messages += flashTalk(in: index) }
      messages.sort { ($0.at, $0.id) < ($1.at, $1.id) }
      write(messages, in: index)
    }
  }

  private func talk(of plan: MemberPlan, in community: Int) -> [Message] {
    var stream = stream(.talk, plan.index)
    var messages: [Message] = []
    let hours = plan.profile.persona.hours
    let sum = hours.reduce(0, +)
    for day in days(of: plan) {
      let left = planted.talk(community: community, day: day)
      for (hour, weight) in hours.enumerated() {
        let chance = plan.talkRate / 1000 * period.liveliness(of: day) / sum * weight
        // What is not said in a cooling community is drawn all the same, so that the rest stays as it was.
        for at in moments(chance, day: day, hour: hour, &stream) {
          let isSaid = stream.below(1000) < left
          let message = message(of: plan, at: at, number: messages.count, &stream)
          if isSaid, plan.isHeard(at: at) { messages.append(message) }
        }
      }
    }
    return messages
  }

  /// The moments of one hour at which somebody speaks, with their bursts.
  private func moments(_ chance: Int, day: Int, hour: Int, _ stream: inout RandomStream) -> [Instant] {
    var moments: [Instant] = []
    let trials = chance / 400_000 + 1
    for _ in 0..<trials where stream.chance(perMillion: chance / trials) {
      var at = period.instant(day: day, second: hour * 3600 + stream.below(3600))
      moments.append(at)
      while stream.chance(percent: Self.burstChance) {
        at = at + .seconds(Int64(stream.between(8...150)))
        moments.append(at)
      }
    }
    return moments
  }

  private func message(of plan: MemberPlan, at: Instant, number: Int, _ stream: inout RandomStream) -> Message {
    let goods = Goods.allCases[stream.weighted(plan.profile.persona.goods)]
    let isAboutGoods = stream.chance(percent: 45)
    let topic = isAboutGoods ? goods.rawValue : ["睡眠", "发烧", "早教", "带娃日常", "情绪"][stream.below(5)]
    return Message(
      at: at,
      member: plan.index,
      id: "\(plan.id)-\(number + 1)",
      topic: topic,
      isQuestion: stream.chance(percent: Self.questionChance)
    )
  }

  /// Visitors of a flash community talk on the eve and on the day.
  private func flashTalk(in community: Int) -> [Message] {
    guard let campaign = communities[community].campaign else { return [] }
    return visitors(of: communities[community]).flatMap { visitor in
      var stream = stream(.campaign, visitor.plan.index * 100 + community)
      return (0..<stream.below(4)).compactMap { number in
        let day = campaign.day - (stream.chance(percent: 30) ? 1 : 0)
        let second = stream.between(9...22) * 3600 + stream.below(3600)
        let at = max(period.instant(day: day, second: second), visitor.joinedAt + .seconds(Int64(60 + number)))
        let message = message(of: visitor.plan, at: at, number: 10_000 + community * 10 + number, &stream)
        return visitor.plan.isHeard(at: at) ? message : nil
      }
    }
  }

  private mutating func write(_ messages: [Message], in index: Int) {
    var stream = stream(.replies, index)
    let community = communities[index]
    for (position, message) in messages.enumerated() {
      let kind = ["text", "image", "sticker", "voice", "link", "video"][stream.weighted([700, 120, 85, 50, 25, 20])]
      let length = kind == "text" ? 2 + stream.below(1 + stream.below(80)) : 0
      var data: [(String, Value)] = [
        ("kind", .string(kind)), ("length", .count(length)), ("message_id", .string(message.id)),
        ("topic", .string(message.topic)),
      ]
      let back = 1 + stream.below(Self.repliesReach)
      if stream.chance(percent: 38), position >= back {
        let answered = messages[position - back]
        if answered.member != message.member, message.at - answered.at < Self.repliesWithin {
          data.append(("reply_to", .string(answered.id)))
        }
      }
      drafts.add(
        "message.posted",
        at: message.at,
        of: .member(plans[message.member].id),
        community: community.id,
        data
      )
      if message.isQuestion { writeQuestion(message, in: community, &stream) }
    }
  }

  private mutating func writeQuestion(
    _ message: Message,
    in community: BrandCommunity,
    _ stream: inout RandomStream
  ) {
    let asker = plans[message.member].id
    let question: [(String, Value)] = [("question_id", .string(message.id)), ("topic", .string(message.topic))]
    drafts.add("question.asked", at: message.at, of: .member(asker), community: community.id, question)
    let isAnswered = stream.chance(percent: 88)
    let isSolved = stream.chance(percent: 80)
    let answered = message.at + .seconds(Int64(stream.between(240...5400)))
    guard isAnswered else { return }
    drafts.add(
      "question.answered",
      at: answered,
      of: .operator(community.operatorID),
      community: community.id,
      operator: community.operatorID,
      question + [("solved", .bool(isSolved))]
    )
    let thanked = answered + .seconds(Int64(stream.between(20...600)))
    guard isSolved, stream.chance(percent: 45), plans[message.member].isHeard(at: thanked) else { return }
    drafts.add(
      "thanks.given",
      at: thanked,
      of: .member(asker),
      community: community.id,
      [("to", .string(community.operatorID))]
    )
  }
}
