import EventModel
import PipelineTestSupport
import Playbook

/// A small playbook drawn from a seed, in the operators' language: every kind of metric, tag, segment, funnel, calendar
/// and journey comes up over the seeds.
struct RandomPlaybook {
  static let tenant = "sim"
  static let version: Int64 = 1

  let text: String
  let playbook: CompiledPlaybook
  /// First instant of the story: shortly before the zone changes its clocks, where it does.
  let start: Instant

  private static let zones = [
    ("America/New_York", "2017-03-08"), ("Europe/London", "2017-10-25"), ("Asia/Shanghai", "2017-05-01"),
    ("America/Sao_Paulo", "2017-10-11"), ("Pacific/Apia", "2011-12-26"), ("Australia/Lord_Howe", "2017-03-29"),
    ("UTC", "2016-02-26"), ("Asia/Kolkata", "2017-12-28"),
  ]
  private static let spans = ["30m", "1h", "6h", "12h", "1d", "36h", "2d", "3d", "7d"]

  private static let refreshes = ["1h", "6h", "1d"]
  static let types = [
    "order.paid", "message.posted", "checkin.done", "survey.answered", "page.viewed", "coupon.redeemed",
    "account.followed", "contact.added", "community.joined",
  ]

  /// - Throws: when the text does not compile, which would be this generator's fault.
  init(seed: UInt64, clock: TenantClock) throws {
    var random = SeededGenerator(seed: seed)
    let (zone, date) = random.pick(Self.zones)
    start = (Instant(text: date + "T00:00:00Z") ?? .distantPast) + .minutes(Int64(random.below(48)) * 30)
    var draft = Draft(random: random)
    text = draft.playbook(zone: zone, clock: clock.rawValue)
    do {
      playbook = try PlaybookCompiler.compile([PlaybookFile(name: "playbook.yaml", text: text)]).playbook
    } catch {
      throw Failure(text: error.faults.map(\.text).joined(separator: "\n") + "\n" + text)
    }
  }

  struct Failure: Error { let text: String }

  /// Draws section by section and remembers what later expressions may name.
  private struct Draft {
    var random: SeededGenerator
    var numbers = ["everything"]
    var times: [String] = []
    var texts: [String] = []
    var flags: [String] = []

    mutating func playbook(zone: String, clock: String) -> String {
      var lines = ["playbook: simulated", "label: simulated", "zone: \(zone)", "clock: \(clock)", "metrics:"]
      lines += metrics()
      lines += ["tags:"] + memberTags() + communityTags()
      if random.chance(60) { lines += scores() }
      lines += segments() + funnels() + touches()
      return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Metrics

    private mutating func metrics() -> [String] {
      var lines = ["  member:", "    everything: {count: [\(everyType)], actor: any}"]
      for index in 0..<(3 + random.below(5)) { lines.append("    " + metric("m\(index)")) }
      lines += [
        "    seen: {last: [order.paid, checkin.done, message.posted]}", "  community:",
        "    everything: {count: [\(everyType)], actor: any}",
        "    posts: {count: message.posted, window: \(random.pick(spans))}", "    spoke: {last: message.posted}",
        "    speakers: {distinct: message.posted.member, window: \(random.pick(spans))}",
      ]
      times.append("seen")
      return lines
    }

    private var everyType: String { (types + ["touch.delivered", "member.identified"]).joined(separator: ", ") }
    private var types: [String] { RandomPlaybook.types }
    private var spans: [String] { RandomPlaybook.spans }

    private mutating func metric(_ name: String) -> String {
      var body: String
      switch random.below(9) {
      case 0, 1:
        body = "count: [\(random.some(of: types, least: 1).joined(separator: ", "))]"
        numbers.append(name)
      case 2:
        body = "\(random.pick(["sum", "min", "max", "mean"])): order.paid.amount"
        numbers.append(name)
      case 3:
        body = "distinct: \(random.pick(["order.paid.category", "page.viewed.page"]))"
        numbers.append(name)
      case 4:
        body = "\(random.pick(["first", "last"])): [order.paid, page.viewed, coupon.redeemed]"
        times.append(name)
      case 5:
        body = "\(random.pick(["first", "last"])): \(random.pick(["order.paid.category", "page.viewed.page"]))"
        texts.append(name)
      case 6:
        numbers.append(name)
        return "\(name): {streak: \(random.pick(["checkin.done", "message.posted"]))}"
      case 7:
        body = "sum: survey.answered.score"
        numbers.append(name)
      default:
        body = "count: order.paid, where: \(random.pick(["amount > 10", #"category == "tea""#]))"
        numbers.append(name)
      }
      switch random.below(8) {
      case 0..<4: body += ", window: \(random.pick(spans))"
      case 4: body += ", window: \(random.pick(["today", "this_week", "this_month"]))"
      case 5: body += ", window: {between: [\(random.pick(["2d", "3d", "7d"])), \(random.pick(["1h", "12h", "1d"]))]}"
      default: break
      }
      if random.chance(15) { body += ", actor: any" }
      return "\(name): {\(body)}"
    }

    // MARK: Expressions

    private mutating func number() -> String {
      switch random.below(8) {
      case 0: "\(random.pick(numbers)) + \(random.pick(numbers)) * 2"
      case 1: "\(random.pick(numbers)) / 3"
      case 2: "coalesce(\(random.pick(numbers)), 1)"
      case 3: "floor(elapsed(\(random.pick(times))) / \(random.pick(["1h", "12h", "1d"])))"
      default: random.pick(numbers)
      }
    }

    private mutating func flag(_ depth: Int = 2) -> String {
      switch random.below(depth > 0 ? 9 : 5) {
      case 0 where !flags.isEmpty: return random.pick(flags)
      case 1 where !texts.isEmpty: return #"\#(random.pick(texts)) == "tea""#
      case 0, 1, 2:
        return "elapsed(\(random.pick(times))) \(random.pick([">", ">=", "<", "<="])) \(random.pick(spans))"
      case 3, 4:
        return "\(number()) \(random.pick([">", ">=", "<", "<=", "=="])) \(random.pick(["0", "1", "2", "3", "5"]))"
      case 5: return "not (\(flag(depth - 1)))"
      case 6: return "(\(flag(depth - 1)) or \(flag(depth - 1)))"
      default: return "\(flag(depth - 1)) and \(flag(depth - 1))"
      }
    }

    // MARK: Tags

    private mutating func memberTags() -> [String] {
      var lines = ["  member:", "    city: {label: city, fact: member.identified.city}"]
      texts.append("city")
      for index in 0..<(2 + random.below(3)) {
        let name = "t\(index)"
        switch random.below(4) {
        case 0:
          lines.append("    \(name): {label: \(name), value: \"\(number())\"}")
          numbers.append(name)
        case 1:
          let cases = "[{when: '\(flag(1))', value: tea}, {when: '\(flag(1))', value: cup}, {else: rest}]"
          lines.append("    \(name): {label: \(name), cases: \(cases)}")
          texts.append(name)
        default:
          lines.append("    \(name): {label: \(name), rule: '\(flag())'}")
          flags.append(name)
        }
      }
      return lines
    }

    private mutating func communityTags() -> [String] {
      let rule = random.pick(["elapsed(spoke) > 1d", "posts >= 2", "speakers < 2 and elapsed(spoke) < 12h"])
      return ["  community:", "    warm: {label: warm, rule: '\(rule)'}"]
    }

    private mutating func scores() -> [String] {
      [
        "scores:", "  loyalty: {label: l, value: '10 * (\(random.pick(numbers)))', cut: 20}",
        "  content: {label: c, value: '\(random.pick(numbers)) * 20', cut: 50}", "quadrants:", "  x: content",
        "  y: loyalty", "  labels:",
        "    - {id: both, label: both, when: loyalty >= loyalty.cut and content >= content.cut}",
        "    - {id: loyal, label: loyal, when: loyalty >= loyalty.cut}",
      ]
    }

    // MARK: Segments, funnels

    private mutating func segments() -> [String] {
      [
        "segments:", "  s0: {label: s, rule: '\(flag())'}", "  s1: {label: s, rule: '\(flag(1))'}",
        "  top: {label: t, top: \(random.pick(["30%", "50%"])), by: \(random.pick(numbers)), "
          + "refresh: \(random.pick(RandomPlaybook.refreshes))}",
      ]
    }

    private mutating func funnels() -> [String] {
      var lines = ["funnels:"]
      for index in 0..<(1 + random.below(2)) {
        let order = random.pick(["ordered", "ordered", "strict", "any"])
        lines += [
          "  f\(index):", "    label: f", "    window: \(random.pick(Array(spans.dropFirst(2))))",
          "    order: \(order)",
        ]
        let steps = random.some(of: types, least: 2).shuffled(using: &random).prefix(2 + random.below(2))
        lines.append("    steps:")
        for (step, type) in steps.enumerated() { lines.append("      - {name: p\(step), label: p, event: \(type)}") }
        if order != "any", random.chance(40) {
          lines.append("    exclude: [{event: \(random.pick(types)), from: p0, to: p1}]")
        }
        if random.chance(60) {
          lines.append("    breakdown: {by: \(random.pick(["channel", "city"]))}")
        }
      }
      return lines
    }

    // MARK: Touches

    private mutating func touches() -> [String] {
      var lines = ["courtesy:"]
      if random.chance(60) { lines.append("  quiet_hours: {from: 22:00, to: \(random.pick(["06:00", "08:00"]))}") }
      lines.append("  caps: [{touches: \(1 + random.below(4)), per: \(random.pick(["1d", "3d"]))}]")
      lines += [
        "templates:", "  hello: {kind: promotion, text: '{{city}}'}", "  note: {kind: service, text: note}",
        "calendars:",
      ]
      let every = random.pick(["{day: 09:00}", "{week: [monday, thursday], at: 20:00}", "{day: 02:30}"])
      let to = random.pick(["all", "{community_tag: warm}", "{community_kind: member}"])
      lines.append(
        "  c0: {label: c, every: \(every), to: \(to), template: note, misfire: \(random.pick(["skip", "once", "all"]))}"
      )
      lines.append("journeys:")
      for index in 0..<(1 + random.below(2)) {
        lines += ["  j\(index):", "    start: {segment: s\(index), on_entered: true}"]
        if random.chance(80) { lines.append("    again_after: \(random.pick(spans))") }
        if random.chance(50) { lines.append("    priority: \(random.below(3))") }
        lines += ["    steps:", "      - {send: hello, channel: hook, expires: \(random.pick(["12h", "2d"]))}"]
        let wait = "{for: \(random.pick(types)), at_most: \(random.pick(spans))}"
        lines += ["      - {wait: \(wait)}", "      - {delay: \(random.pick(spans))}"]
        lines.append("      - {send: note, channel: \(random.pick(["hook", "paper"])), expires: 1d}")
      }
      lines += ["channels:", "  hook: {webhook: https://example.com/hook, secret: hook}", "  paper: {file: paper}"]
      return lines
    }
  }
}
