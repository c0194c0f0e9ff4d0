import EventModel
import Folding
import Playbook
import Testing

@Suite("Why a tag is what it is")
struct SubjectExplanationTests {
  private static let playbook = """
    playbook: demo
    label: {zh: 示例, en: Demo}
    zone: Asia/Shanghai
    clock: log
    metrics:
      member:
        orders_7d: {count: order.paid, window: 7d}
        seen: {last: order.paid}
    tags:
      member:
        regular: {label: {zh: 常客, en: Regular}, rule: orders_7d >= 2 and not (elapsed(seen) > 3d)}
        stage:
          label: {zh: 阶段, en: Stage}
          cases: [{when: orders_7d >= 3, value: top}, {when: orders_7d >= 1, value: some}, {else: none}]
    """

  private let program: FoldProgram
  private let subject = Subject(tenant: "demo", kind: .member, id: "9")
  private let start = Instant(text: "2026-03-02T10:00:00Z") ?? .distantPast

  init() throws {
    let outcome = try PlaybookCompiler.compile([PlaybookFile(name: "demo.yaml", text: Self.playbook)])
    program = try FoldProgram(playbook: outcome.playbook)
  }

  /// Orders so many hours after `start`, each received at once.
  private func folded(_ hours: [Int64]) -> SubjectFold {
    var fold = SubjectFold(subject: subject)
    for (index, hour) in hours.enumerated() {
      let at = start + .hours(hour)
      let event = Event(
        id: "o\(index)",
        source: "test",
        tenant: "demo",
        type: "order.paid",
        time: at,
        receivedAt: at,
        actor: .member,
        subject: subject,
        data: .object([])
      )
      _ = fold.tagging.advance(through: at, program: program.member)
      _ = fold.tagging.apply(event, program: program.member)
    }
    return fold
  }

  @Test("says the value, the rule as written, what it read, and the exact instant of its end")
  func present() throws {
    let told = try #require(SubjectExplanation(of: folded([0, 24]), at: nil, program: program))
    #expect(told.asOf == start + .hours(24))
    let regular = try #require(told.tags.first { $0.definition.name == "regular" })
    #expect(regular.standing.value == .bool(true))
    #expect(regular.standing.since == start + .hours(24))
    #expect(regular.rules.map(\.text) == ["orders_7d >= 2 and not elapsed(seen) > 3d"])
    #expect(regular.readings.map(\.value.name) == ["orders_7d", "seen"])
    #expect(
      regular.next == TagExplanation.Next(at: start + .hours(96) + TimeSpan(milliseconds: 1), value: .bool(false))
    )
    let stage = try #require(told.tags.first { $0.definition.name == "stage" })
    #expect(stage.rules.map(\.text) == ["orders_7d >= 3", "orders_7d >= 1", "else"])
    #expect(stage.rules.map(\.gives) == [.string("top"), .string("some"), .string("none")])
    #expect(stage.next == TagExplanation.Next(at: start + .hours(192), value: .string("none")))
  }

  @Test("of an instant before, as things stood then; of one to come, as they will stand")
  func otherInstants() throws {
    let fold = folded([0, 24, 30])
    let past = try #require(SubjectExplanation(of: fold, at: start + .hours(23), program: program))
    #expect(past.tags.map(\.standing.value) == [.bool(false), .string("some")])
    // What is known to have come later does not come there.
    #expect(past.tags.map(\.next?.at) == [nil, start + .hours(168)])
    let future = try #require(SubjectExplanation(of: fold, at: start + .days(60), program: program))
    #expect(future.tags.map(\.standing.value) == [.bool(false), .string("none")])
    #expect(future.tags.map(\.next) == [nil, nil])
  }

  @Test("nothing of a time before the first event, past what can be replayed, or too far ahead")
  func untellable() {
    #expect(SubjectExplanation(of: folded([0]), at: start - .hours(1), program: program) == nil)
    #expect(SubjectExplanation(of: folded([0, 200, 400]), at: start + .hours(1), program: program) == nil)
    #expect(SubjectExplanation(of: SubjectFold(subject: subject), at: nil, program: program) == nil)
    #expect(SubjectExplanation(of: folded([0]), at: start + .days(400), program: program) != nil)
    #expect(SubjectExplanation(of: folded([0]), at: start + .days(401), program: program) == nil)
  }

  @Test("one tag alone, as it is told among all")
  func one() throws {
    let fold = folded([0, 24])
    let index = try #require(program.definitions(of: .member).tags.firstIndex { $0.name == "stage" })
    let told = try #require(SubjectExplanation(of: fold, at: nil, only: index, program: program))
    #expect(told.tags.map(\.definition.name) == ["stage"])
  }
}
