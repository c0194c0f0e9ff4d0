import EventModel

/// `calendars:` and `journeys:`
extension Compilation {
  mutating func compileCalendars(_ section: [YAMLTree.Pair]) -> [CalendarDefinition] {
    var calendars: [CalendarDefinition] = []
    for pair in section where admitDefinition(pair, of: "calendars") {
      let keys = ["label", "every", "to", "template", "channel", "misfire"]
      guard let keyed = keyed(pair.value, "calendar `\(pair.key)`", allowed: keys + ["at"]) else { continue }
      if let calendar = compileCalendar(pair.key, keyed) { calendars.append(calendar) }
    }
    return calendars.sorted { $0.name < $1.name }
  }

  private mutating func compileCalendar(_ name: String, _ keyed: KeyedNode) -> CalendarDefinition? {
    let label = label(keyed, name: name)
    let slot = required("every", in: keyed).flatMap { self.slot($0, at: keyed["at"]) }
    let audience = required("to", in: keyed).flatMap { self.audience($0) }
    let template = required("template", in: keyed).flatMap { reference($0, in: "templates", called: "template") }
    let channel = keyed["channel"].map { reference($0, in: "channels", called: "channel") }
    let policies: [MisfirePolicy] = [.skip, .once, .all]
    let misfire = keyed["misfire"].map { word($0, "misfire", among: policies) } ?? .once
    guard let slot, let audience, let template, let misfire else { return nil }
    return CalendarDefinition(
      name: name,
      label: label,
      slot: slot,
      audience: audience,
      template: template,
      channel: channel ?? nil,
      misfire: misfire
    )
  }

  /// A name of another section; `nil` after a fault.
  private mutating func reference(_ node: YAMLTree, in section: String, called noun: String) -> String? {
    guard let name = text(node, noun), requireWritten(name, in: section, called: noun, at: node) else { return nil }
    return name
  }

  // MARK: - Slots

  /// `day` or `{day: 1, at: 09:00}`, `{week: [tuesday], at: 20:00}`, `{month: [18], at: 10:00}`; `at` may also stand
  /// beside `every`.
  private mutating func slot(_ node: YAMLTree, at outer: YAMLTree?) -> CalendarDefinition.Slot? {
    if case .scalar(let scalar) = node.content {
      guard scalar.text == "day", let outer else {
        fault(
          at: node.position,
          "wrong form of every",
          expected: "{day: HH:MM}, {week: [..], at: HH:MM} or {month: [..], at: HH:MM}",
          found: node.summary
        )
        return nil
      }
      return timeOfDay(outer, "at").map { .daily(at: $0) }
    }
    guard let keyed = keyed(node, "every", allowed: ["day", "week", "month", "at"]) else { return nil }
    guard let (form, days) = only(["day", "week", "month"], in: keyed) else { return nil }
    if form == "day", keyed["at"] == nil, outer == nil { return timeOfDay(days, "day").map { .daily(at: $0) } }
    guard let atNode = keyed["at"] ?? outer ?? required("at", in: keyed), let at = timeOfDay(atNode, "at") else {
      return nil
    }
    switch form {
    case "day":
      fault(at: days.position, "wrong form of every", expected: "`{day: HH:MM}` without `at`", found: days.summary)
      return nil
    case "week": return weekdays(days).map { .weekly(days: $0, at: at) }
    default: return monthDays(days).map { .monthly(days: $0, at: at) }
    }
  }

  private static let weekdayNames = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]

  private mutating func weekdays(_ node: YAMLTree) -> [Int]? {
    guard let texts = texts(node, "week") else { return nil }
    var days: Set<Int> = []
    for (text, node) in texts {
      guard let index = Self.weekdayNames.firstIndex(of: text) else {
        fault(
          at: node.position,
          "unknown weekday",
          expected: Self.weekdayNames.joined(separator: ", "),
          found: "`\(text)`",
          hint: NearestName.hint(for: text, among: Self.weekdayNames)
        )
        return nil
      }
      days.insert(index + 1)
    }
    return days.sorted()
  }

  private mutating func monthDays(_ node: YAMLTree) -> [Int]? {
    guard let texts = texts(node, "month") else { return nil }
    var days: Set<Int> = []
    for (_, node) in texts {
      guard let day = wholeNumber(node, "day of the month", in: 1...31) else { return nil }
      days.insert(day)
    }
    return days.sorted()
  }

  /// `all`, `{community_kind: x}` or `{community_tag: x}`.
  private mutating func audience(_ node: YAMLTree) -> CalendarDefinition.Audience? {
    if case .scalar(let scalar) = node.content, scalar.text == "all" { return .everyCommunity }
    guard case .mapping = node.content else {
      fault(
        at: node.position,
        "wrong form of to",
        expected: "all, {community_kind: ..} or {community_tag: ..}",
        found: node.summary
      )
      return nil
    }
    guard let keyed = keyed(node, "to", allowed: ["community_kind", "community_tag"]) else { return nil }
    switch (keyed["community_kind"], keyed["community_tag"]) {
    case (let kind?, nil): return name(kind, "community kind").map { .communityKind($0) }
    case (nil, let tag?): return communityTag(tag).map { .communityTag($0) }
    default:
      fault(
        at: node.position,
        "wrong form of to",
        expected: "`community_kind` or `community_tag`",
        found: node.summary
      )
      return nil
    }
  }

  private mutating func communityTag(_ node: YAMLTree) -> String? {
    guard let name = text(node, "community tag") else { return nil }
    let bindings = programs[.community]?.scope?.bindings ?? [:]
    let tags = bindings.compactMap { name, binding in if case .tag = binding { name } else { nil } }
    guard case .tag(_, let kind) = bindings[name] else {
      fault(
        at: node.position,
        "unknown tag",
        expected: "a tag of a community",
        found: "`\(name)`",
        hint: NearestName.hint(for: name, among: tags)
      )
      return nil
    }
    guard kind == .boolean || kind == .unknown else {
      fault(
        at: node.position,
        "kinds do not match",
        expected: "a boolean tag",
        found: "\(ExpressionChecker.noun(kind)), `\(name)`"
      )
      return nil
    }
    return name
  }

  // MARK: - Journeys

  mutating func compileJourneys(_ section: [YAMLTree.Pair]) -> [JourneyDefinition] {
    var journeys: [JourneyDefinition] = []
    for pair in section where admitDefinition(pair, of: "journeys") {
      let keys = ["label", "start", "again_after", "priority", "steps"]
      guard let keyed = keyed(pair.value, "journey `\(pair.key)`", allowed: keys) else { continue }
      let label = label(keyed, name: pair.key)
      let start = required("start", in: keyed).flatMap { startSegment($0) }
      let again = keyed["again_after"].map { duration($0, "again_after", in: PlaybookLimits.lengths) }
      let priority = keyed["priority"].map { wholeNumber($0, "priority", in: PlaybookLimits.priorities) } ?? 0
      let steps = required("steps", in: keyed).flatMap { journeySteps($0) }
      guard let start, let steps, let priority else { continue }
      journeys.append(
        JourneyDefinition(
          name: pair.key,
          label: label,
          startSegment: start,
          againAfter: again ?? nil,
          steps: steps,
          priority: priority
        )
      )
    }
    return journeys.sorted { $0.name < $1.name }
  }

  private mutating func startSegment(_ node: YAMLTree) -> String? {
    guard let keyed = keyed(node, "start", allowed: ["segment", "on_entered"]),
      let segment = required("segment", in: keyed)
    else { return nil }
    if let node = keyed["on_entered"], boolean(node, "on_entered") == false {
      fault(
        at: node.position,
        "wrong form of start",
        expected: "true: a journey starts when a member enters",
        found: "`false`"
      )
    }
    return reference(segment, in: "segments", called: "segment")
  }

  private mutating func journeySteps(_ node: YAMLTree) -> [JourneyDefinition.Step]? {
    guard let items = items(node, "steps", of: "send, wait, delay and end") else { return nil }
    guard items.count <= PlaybookLimits.journeyStepsMax else {
      fault(
        at: node.position,
        "too many steps",
        expected: "at most \(PlaybookLimits.journeyStepsMax)",
        found: "\(items.count)"
      )
      return nil
    }
    var steps: [JourneyDefinition.Step] = []
    for (index, item) in items.enumerated() {
      guard let step = journeyStep(item) else { continue }
      steps.append(step)
      if step == .end, index + 1 < items.count {
        warn(
          at: items[index + 1].position,
          "step that can never follow another",
          expected: "`end` as the last step",
          found: "a step after `end`"
        )
      }
    }
    return steps.count == items.count ? steps : nil
  }

  private mutating func journeyStep(_ node: YAMLTree) -> JourneyDefinition.Step? {
    let forms = ["send", "wait", "delay", "end"]
    guard let keyed = keyed(node, "step", allowed: forms + ["channel", "expires"]) else { return nil }
    guard let (form, body) = only(forms, in: keyed) else { return nil }
    if form != "send" {
      for key in ["channel", "expires"] {
        guard let position = keyed.keyPositions[key] else { continue }
        fault(at: position, "wrong form of step", expected: "`\(key)` only beside `send`", found: "`\(key)`")
      }
    }
    switch form {
    case "send": return send(body, keyed)
    case "wait": return wait(body)
    case "delay": return duration(body, "delay", in: PlaybookLimits.lengths).map { .delay($0) }
    default:
      guard boolean(body, "end") != false else {
        fault(at: body.position, "wrong form of step", expected: "`end: true`", found: "`end: false`")
        return nil
      }
      return .end
    }
  }

  private mutating func send(_ body: YAMLTree, _ keyed: KeyedNode) -> JourneyDefinition.Step? {
    let template = reference(body, in: "templates", called: "template")
    let channel = required("channel", in: keyed).flatMap { reference($0, in: "channels", called: "channel") }
    let expires = required("expires", in: keyed).flatMap { duration($0, "expires", in: PlaybookLimits.lengths) }
    guard let template, let channel, let expires else { return nil }
    return .send(template: template, channel: channel, expires: expires)
  }

  private mutating func wait(_ body: YAMLTree) -> JourneyDefinition.Step? {
    guard let keyed = keyed(body, "wait", allowed: ["for", "at_most"]) else { return nil }
    let types = required("for", in: keyed).flatMap { eventTypes($0, "for") }
    let atMost = required("at_most", in: keyed).flatMap { duration($0, "at_most", in: PlaybookLimits.lengths) }
    guard let types, let atMost else { return nil }
    return .wait(types: types.map(\.name), atMost: atMost)
  }
}
