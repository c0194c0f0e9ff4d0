import EventModel
import Playbook
import Testing

@Suite("Compilation")
struct CompilationTests {
  @Test("does not depend on how definitions are split into files or ordered")
  func files() throws {
    let parts = [
      heading, "metrics:\n  member:\n    b: {count: order.paid}\n", "metrics:\n  member:\n    a: {count: order.paid}\n",
      "tags:\n  member:\n    y: {rule: z}\n    z: {rule: a > b}\n", "tags:\n  member:\n    c: {rule: y}\n",
    ]
    let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]]
    var results: Set<String> = []
    for order in orders {
      let files = order.map { PlaybookFile(name: "\($0).yaml", text: parts[$0]) }
      let playbook = try PlaybookCompiler.compile(files).playbook
      results.insert("\(playbook.member)")
    }
    #expect(results.count == 1)
  }

  @Test("names the file of each fault, and where a doubled name stood first")
  func faultsOfFiles() {
    let files = [
      PlaybookFile(name: "metrics.yaml", text: heading + "metrics:\n  member:\n    a: {count: order.paid}\n"),
      PlaybookFile(name: "more.yaml", text: "metrics:\n  member:\n    a: {count: order.paid}\nzone: UTC\n"),
    ]
    do throws(PlaybookRejection) {
      _ = try PlaybookCompiler.compile(files)
      Issue.record("no fault")
    } catch {
      #expect(
        error.faults.map(\.text) == [
          """
          error: doubled name at more.yaml:3:5: expected each name once, got `a` again
          hint: the first one is in metrics.yaml on line 5
          """,
          """
          error: doubled name at more.yaml:4:1: expected each name once, got `zone` again
          hint: the first one is in metrics.yaml on line 2
          """,
        ]
      )
      #expect(error.faults[0].text(next: "hearth playbook validate p").hasSuffix("\nnext: hearth playbook validate p"))
    }
  }

  @Test("orders tags as a slow reading of the rule does", arguments: [UInt64(31), 32, 33])
  func order(seed: UInt64) throws {
    var generator = Generator(seed: seed)
    for round in 0..<20 {
      let names = (0..<generator.number(1...14)).map { "t\($0)" }
      let ranked = names.shuffled(using: &generator)
      var reads: [String: Set<String>] = [:]
      for (index, name) in ranked.enumerated() {
        reads[name] = Set(ranked[..<index].filter { _ in generator.chance(25) })
      }
      var text = heading + "tags:\n  member:\n"
      for name in names.shuffled(using: &generator) {
        text += "    \(name): {rule: \((["true"] + (reads[name] ?? []).sorted()).joined(separator: " and "))}\n"
      }
      var expected: [String] = []
      while expected.count < names.count {
        let ready = names.filter { !expected.contains($0) && (reads[$0] ?? []).isSubset(of: expected) }
        expected.append(ready.sorted()[0])
      }
      let found = try compiled(text).playbook.member.tags.map(\.name)
      #expect(found == expected, "seed \(seed) round \(round)")
    }
  }

  @Test("finds every circle of tags once")
  func circles() {
    let text =
      heading + """
        tags:
          member:
            a: {rule: b}
            b: {rule: c}
            c: {rule: a}
            d: {rule: d}
            e: {rule: a and f}
            f: {rule: e or d}
            g: {rule: a}
        """
    #expect(
      faults(text) == [
        "error: tags in a circle at playbook.yaml:5:5: expected no tag that reads itself, got a → b → c → a",
        "error: tags in a circle at playbook.yaml:8:5: expected no tag that reads itself, got d → d",
        "error: tags in a circle at playbook.yaml:9:5: expected no tag that reads itself, got e → f → e",
      ]
    )
  }

  @Test("resolves names to their places, cuts to literals, and shares to decimals")
  func names() throws {
    let playbook = try compiled(ExamplePlaybook.text).playbook
    let program = playbook.member
    func index(_ tag: String) throws -> Int { try #require(program.tags.firstIndex { $0.name == tag }) }
    guard case .quadrant(let quadrant) = program.tags[try index("quadrant")].rule else { throw Unexpected() }
    #expect(quadrant.labels.map(\.value) == ["忠实型", "羊毛型", "需求型", "低需求"])
    #expect(
      quadrant.labels[1].condition
        == .compare(.greaterOrEqual, .tag(try index("loyalty")), .literal(try number("60")))
    )
    #expect(program.signals.map(\.name) == ["silent_vip", "super"])
    guard case .top(let share, let refresh) = playbook.segments[1].rule else { throw Unexpected() }
    #expect(share == FixedDecimal(millionths: Int64(300_000)))
    #expect(refresh == .hours(1))
  }

  @Test("reads windows, paths and folds of the example")
  func metrics() throws {
    let metrics = try compiled(ExamplePlaybook.text).playbook.member.metrics
    func metric(_ name: String) throws -> MetricDefinition { try #require(metrics.first { $0.name == name }) }
    #expect(try metric("orders_before").window == .between(from: .days(60), to: .days(30)))
    #expect(try metric("today_checkins").window == .today)
    // Midnight in Shanghai is 16:00 UTC of the day before.
    let june = try #require(Instant(text: "2026-05-31T16:00:00Z"))
    #expect(try metric("orders_june").window == .absolute(from: june, to: june + .days(30)))
    #expect(try metric("last_active").kind == .time)
    #expect(try metric("last_active").sources.count == 3)
    #expect(try metric("last_channel").kind == .string)
    #expect(try metric("last_channel").sources == [EventSelector(type: "community.joined", field: "channel")])
    #expect(try metric("orders_30d").filter == .compare(.greater, .field("amount"), .literal(.number(.zero))))
  }

  @Test("reads the funnel, the courtesy and the touches of the example")
  func touches() throws {
    let playbook = try compiled(ExamplePlaybook.text).playbook
    let funnel = playbook.funnels[0]
    #expect(funnel.total?.types == ["channel.exposed"])
    #expect(funnel.steps.map(\.name) == ["followed", "contact", "joined", "paid"])
    #expect(funnel.exclusions.map { [$0.from, $0.to] } == [[2, 4]])
    #expect(funnel.breakdown?.attribution == .first)
    #expect(playbook.courtesy.quietHours == Courtesy.QuietHours(from: .hours(23), to: .hours(8)))
    #expect(playbook.courtesy.caps.map(\.kind) == [nil, "promotion"])
    #expect(playbook.calendars[0].slot == .weekly(days: [2], at: .hours(20)))
    #expect(playbook.calendars[0].audience == .communityKind("member"))
    #expect(
      playbook.journeys[0].steps == [
        .send(template: "recall", channel: "shop_hook", expires: .days(2)),
        .wait(types: ["order.paid"], atMost: .days(7)), .end,
      ]
    )
    #expect(
      playbook.channels.map(\.kind) == [.webhook(url: "https://example.com/hook", secret: "shop_hook_secret")]
    )
  }

  @Test(
    "reads every form of a slot",
    arguments: [
      ("{day: \"09:30\"}", CalendarDefinition.Slot.daily(at: .minutes(570))),
      ("day, at: 10:00", .daily(at: .hours(10))),
      ("{week: [sunday, monday], at: 08:00}", .weekly(days: [1, 7], at: .hours(8))),
      ("{month: [18, 1], at: 00:00}", .monthly(days: [1, 18], at: .hours(0))),
      ("{month: 31}, at: 23:59", .monthly(days: [31], at: .minutes(1439))),
    ]
  )
  func slots(_ form: String, _ slot: CalendarDefinition.Slot) throws {
    let text =
      heading + """
        templates: {t: {kind: care, text: hello}}
        channels: {f: {file: outbox}}
        calendars: {c: {every: \(form), to: all, template: t, channel: f}}
        """
    let calendar = try compiled(text).playbook.calendars[0]
    #expect(calendar.slot == slot)
    #expect(calendar.channel == "f")
    #expect(calendar.misfire == .once)
  }

  @Test("takes declared events, open traits and fields of unknown kind")
  func events() throws {
    let text =
      heading + """
        events: {shelf.scanned: {code: string, weight: decimal}, order.paid: {gift: boolean}}
        metrics:
          member:
            weight: {sum: shelf.scanned.weight, where: "starts_with(code, \\"x\\")"}
            gifts: {count: order.paid, where: gift}
            dogs: {last: member.identified.dogs, actor: any}
        tags:
          member:
            dogs_tag: {fact: member.identified.dogs}
            many: {rule: dogs_tag > 3 or dogs == "many"}
        """
    let playbook = try compiled(text).playbook
    #expect(playbook.member.metrics.first { $0.name == "dogs" }?.kind == .unknown)
    #expect(playbook.member.metrics.first { $0.name == "dogs" }?.actors == .any)
  }

  @Test("warns of steps that can never follow, and of comparisons with null")
  func warnings() throws {
    let text =
      heading + """
        tags: {member: {a: {rule: null == 1}}}
        funnels:
          f:
            window: 7d
            order: strict
            steps: [{name: a, event: order.paid}, {name: b, event: touch.opened}, {name: c, event: order.shown}]
            exclude: [{event: touch.opened, from: a, to: c}]
        """
    #expect(
      try compiled(text).warnings.map(\.text) == [
        """
        warning: comparison with null at playbook.yaml:3:27: expected `exists(x)` or `not exists(x)`, got a \
        comparison that never holds
        """,
        """
        warning: step that can never follow another at playbook.yaml:8:60: expected behaviour of the member in a \
        strict funnel, got `touch.opened`
        """,
        """
        warning: step that can never follow another at playbook.yaml:8:92: expected an exclusion that leaves the \
        steps between out, got `c` after the excluded `b`
        """,
      ]
    )
  }

  @Test("takes a fallback in a template's place, and warns of places that nothing fills")
  func templatePlaces() throws {
    let text =
      heading + """
        metrics: {member: {orders: {count: order.paid}}}
        tags: {member: {nickname: {fact: member.identified.nickname}}, community: {topic: {rule: 1 == 1}}}
        templates:
          a: {kind: care, text: "{{nickname}} {{ nickname | 朋友 }} {{member}} {{community}} {{topic}}"}
          b: {kind: care, text: "{{orders}} {{orders|0}} {{nicknam | 朋友}} {{sender}}"}
        """
    let outcome = try compiled(text)
    #expect(outcome.playbook.templates.map(\.text)[0].contains("{{ nickname | 朋友 }}"))
    #expect(
      outcome.warnings.map(\.text) == [
        """
        warning: nothing fills a place at playbook.yaml:7:26: expected a tag, `member` or `community`, got the metric \
        `orders`
        hint: show it by a tag: {value: orders}
        """,
        """
        warning: nothing fills a place at playbook.yaml:7:50: expected a tag, `member` or `community`, got `nicknam`
        hint: did you mean `nickname`?
        """,
        "warning: nothing fills a place at playbook.yaml:7:67: expected a tag, `member` or `community`, got `sender`",
      ]
    )
  }

  @Test("warns of a text that an enum tag never has")
  func enumValues() throws {
    let text =
      heading + """
        tags:
          member:
            stage: {cases: [{when: true, value: active}, {else: silent}]}
            a: {rule: stage == "actve"}
            b: {rule: "stage in [\\"active\\", \\"gone\\"]"}
            c: {rule: stage == "silent"}
        """
    #expect(
      try compiled(text).warnings.map(\.text) == [
        """
        warning: value that `stage` never has at playbook.yaml:6:24: expected active, silent, got `actve`
        hint: did you mean `active`?
        """,
        "warning: value that `stage` never has at playbook.yaml:7:38: expected active, silent, got `gone`",
      ]
    )
  }

  @Test("reads a journey's priority, 0 without one")
  func priority() throws {
    let text =
      heading + """
        segments: {s: {rule: true}}
        templates: {t: {kind: care, text: hello}}
        channels: {f: {file: outbox}}
        journeys:
          high: {start: {segment: s}, priority: 7, steps: [{delay: 90s}, {send: t, channel: f, expires: 1h}]}
          plain: {start: {segment: s}, steps: [{end: true}]}
        """
    let journeys = try compiled(text).playbook.journeys
    #expect(journeys.map(\.priority) == [7, 0])
    #expect(journeys[0].steps == [.delay(.seconds(90)), .send(template: "t", channel: "f", expires: .hours(1))])
    #expect(journeys[0].againAfter == nil)
    #expect(
      faults(text.replacing("priority: 7", with: "priority: 1001")) == [
        "error: priority out of bounds at playbook.yaml:7:41: expected a whole number from 0 to 1000, got `1001`"
      ]
    )
  }
}
