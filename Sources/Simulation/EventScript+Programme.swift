import EventModel

/// The check-in programme: introduction, lessons, check-ins, homework, the coupon for seven days in a row.
extension EventScript {
  private static let programme = Value.string("twenty_one_days")
  /// Seconds by which check-ins stand about their usual time.
  private static let jitter = 1500

  mutating func writeProgramme() {
    for plan in plans {
      guard let part = plan.programme, let community = communityID(of: plan), let first = part.days.first else {
        continue
      }
      var stream = stream(.programme, -plan.index - 1)
      let begins = period.instant(day: first, second: part.second)
      writeBeginning(of: plan, part, community: community, begins: begins, &stream)
      for (position, day) in part.days.enumerated() {
        // The first stands exactly, as what was done before it was placed by it.
        let shift = position == 0 || plan.isTold ? 0 : stream.below(Self.jitter)
        let at = period.instant(day: day, second: min(part.second + shift, 86_399))
        guard plan.isHeard(at: at) else { break }
        writeCheckin(of: plan, number: position + 1, at: at, community: community, &stream)
      }
      writeLessons(of: plan, part, community: community, &stream)
      if let day = part.streakDay {
        drafts.add(
          "coupon.granted",
          at: period.instant(day: day + 1, hour: 10),
          of: .member(plan.id),
          actor: .system,
          community: community,
          Coupon.streak.granted(to: plan.id)
        )
      }
    }
  }

  private mutating func writeBeginning(
    of plan: MemberPlan,
    _ part: MemberPlan.ProgrammePlan,
    community: String,
    begins: Instant,
    _ stream: inout RandomStream
  ) {
    let introduction = begins - .seconds(Int64(stream.between(300...1200)))
    let lesson = begins - .seconds(Int64(stream.between(2400...5400)))
    if part.behaviours.contains(.introduced) {
      drafts.add(
        "keyword.sent",
        at: introduction,
        of: .member(plan.id),
        community: community,
        [("keyword", .string("报到"))]
      )
    }
    if part.behaviours.contains(.tookLesson) {
      writeLesson("opening", of: plan, at: lesson, community: community, &stream)
    }
  }

  private mutating func writeCheckin(
    of plan: MemberPlan,
    number: Int,
    at: Instant,
    community: String,
    _ stream: inout RandomStream
  ) {
    let task = ["reading", "food_diary", "sleep_log", "play"][stream.below(4)]
    drafts.add(
      "checkin.done",
      at: at,
      of: .member(plan.id),
      community: community,
      [("day", .count(number)), ("programme", Self.programme), ("task", .string(task))]
    )
    let submitted = at + .seconds(Int64(stream.between(120...1200)))
    guard number % 7 == 0, stream.chance(percent: 60), plan.isHeard(at: submitted) else { return }
    drafts.add(
      "homework.submitted",
      at: submitted,
      of: .member(plan.id),
      community: community,
      [
        ("homework", .string("week_\(number / 7)")), ("programme", Self.programme),
        ("score", .count(stream.between(60...100))),
      ]
    )
  }

  /// A lesson on each Thursday at eight, while she takes part.
  private mutating func writeLessons(
    of plan: MemberPlan,
    _ part: MemberPlan.ProgrammePlan,
    community: String,
    _ stream: inout RandomStream
  ) {
    guard let first = part.days.first, let last = part.days.last, !plan.isTold else { return }
    for day in first...last where period.date(of: day).isoWeekday == 4 && day > first {
      let at = period.instant(day: day, second: 20 * 3600 + stream.below(600))
      guard stream.chance(percent: 45), plan.isHeard(at: at) else { continue }
      writeLesson("week_\((day - first) / 7 + 1)", of: plan, at: at, community: community, &stream)
    }
  }

  private mutating func writeLesson(
    _ lesson: String,
    of plan: MemberPlan,
    at: Instant,
    community: String,
    _ stream: inout RandomStream
  ) {
    let seconds = stream.between(240...1800)
    drafts.add(
      "lesson.attended",
      at: at,
      of: .member(plan.id),
      community: community,
      [
        ("completed", .bool(seconds > 900)), ("lesson", .string(lesson)), ("programme", Self.programme),
        ("seconds", .count(seconds)),
      ]
    )
  }
}
