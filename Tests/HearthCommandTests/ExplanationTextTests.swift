import EventModel
import Folding
import HearthCommand
import Playbook
import Testing

@Suite("Why a tag is what it is, in words")
struct ExplanationTextTests {
  private static let playbook = """
    playbook: demo
    label: {zh: 示例, en: Demo}
    zone: Asia/Shanghai
    clock: log
    metrics:
      member:
        big_7d: {sum: order.paid.amount, window: 7d, where: amount >= 10}
        seen: {last: [order.paid, checkin.done]}
    tags:
      member:
        city: {label: {zh: 城市, en: City}, fact: member.identified.city}
        stage:
          label: {zh: 阶段, en: Stage}
          cases: [{when: big_7d > 100, value: gold}, {when: exists(seen), value: some}, {else: none}]
        away: {label: {zh: 失联, en: Away}, rule: elapsed(seen) >= 36h}
    """

  private func explanation() throws -> (SubjectExplanation, CalendarZone) {
    let outcome = try PlaybookCompiler.compile([PlaybookFile(name: "demo.yaml", text: Self.playbook)])
    let program = try FoldProgram(playbook: outcome.playbook)
    let subject = Subject(tenant: "demo", kind: .member, id: "9")
    let at = try #require(Instant(text: "2026-03-02T10:00:00.250Z"))
    let order = Event(
      id: "o",
      source: "test",
      tenant: "demo",
      type: "order.paid",
      time: at,
      receivedAt: at,
      actor: .member,
      subject: subject,
      data: .object([.init("amount", .number(try #require(FixedDecimal(millionths: Int64(120_500_000)))))])
    )
    var fold = SubjectFold(subject: subject)
    _ = fold.tagging.apply(order, program: program.member)
    let told = try #require(SubjectExplanation(of: fold, at: nil, program: program))
    return (told, outcome.playbook.zone)
  }

  @Test("in English")
  func english() throws {
    let (told, zone) = try explanation()
    #expect(
      ExplanationText(language: .en, zone: zone).lines(told).joined(separator: "\n") == """
        member/9, as of 2026-03-02 18:00:00.250 (Asia/Shanghai)

        Away (away): no, since 2026-03-02 18:00:00.250
          rule     elapsed(seen) >= 36h
          because  seen = 2026-03-02 18:00:00.250 (last order.paid, checkin.done)
          next     yes at 2026-03-04 06:00:00.250, if nothing comes before

        City (city): none, since 2026-03-02 18:00:00.250
          rule     the newest value of member.identified.city
          next     stays until an event comes

        Stage (stage): gold, since 2026-03-02 18:00:00.250
          rule     big_7d > 100 → gold
                   exists(seen) → some
                   else → none
          because  big_7d = 120.5 (sum of order.paid.amount in the last 7d where amount >= 10)
          next     some at 2026-03-09 18:00:00.250, if nothing comes before
        """
    )
  }

  @Test("in Chinese")
  func chinese() throws {
    let (told, zone) = try explanation()
    #expect(
      ExplanationText(language: .zh, zone: zone).lines(told).joined(separator: "\n") == """
        member/9，截至 2026-03-02 18:00:00.250（Asia/Shanghai）

        失联 (away)：否，自 2026-03-02 18:00:00.250 起
          规则     elapsed(seen) >= 36h
          依据     seen = 2026-03-02 18:00:00.250（order.paid、checkin.done 的最近一次）
          接下来   若无新事件，2026-03-04 06:00:00.250 变为 是

        城市 (city)：无，自 2026-03-02 18:00:00.250 起
          规则     member.identified.city 的最新非空值
          接下来   没有新事件就不变

        阶段 (stage)：gold，自 2026-03-02 18:00:00.250 起
          规则     big_7d > 100 → gold
                   exists(seen) → some
                   else → none
          依据     big_7d = 120.5（近 7d order.paid.amount 的合计，条件 amount >= 10）
          接下来   若无新事件，2026-03-09 18:00:00.250 变为 some
        """
    )
  }
}
