import EventModel
import Folding
import Playbook
import Testing

/// The projection is written name by name; the canonical writer over the same members is the judge.
@Suite("What queries read of a subject")
struct SubjectProjectionTests {
  private static let playbook = """
    playbook: demo
    label: {zh: 示例, en: Demo}
    zone: Asia/Shanghai
    clock: log
    metrics:
      member:
        zeta: {count: order.paid, window: 7d}
        alpha: {sum: order.paid.amount}
        middle: {last: order.paid.channel}
      community:
        orders: {count: order.paid}
    tags:
      member:
        regular: {label: {zh: 常客, en: Regular}, rule: zeta >= 2}
        buyer: {label: {zh: 买家, en: Buyer}, rule: alpha > 0}
    """

  private let program: FoldProgram

  init() throws {
    let outcome = try PlaybookCompiler.compile([PlaybookFile(name: "demo.yaml", text: Self.playbook)])
    program = try FoldProgram(playbook: outcome.playbook)
  }

  private func order(_ id: String, _ time: Int64, channel: String) throws -> Event {
    let at = Instant(milliseconds: time)
    return Event(
      id: id,
      source: "test",
      tenant: "demo",
      type: "order.paid",
      time: at,
      receivedAt: at,
      actor: .member,
      subject: Subject(tenant: "demo", kind: .member, id: "9"),
      channel: channel,
      data: .object([.init("amount", .number(try #require(FixedDecimal(millionths: Int64(12_500_000)))))])
    )
  }

  private func canonical(_ fold: SubjectFold) -> String {
    let members = SubjectProjection.members(of: fold, program: program)
    let value = Value.object(members + [.init("sequence", .whole(fold.tagSequence))])
    return String(decoding: value.canonicalJSON, as: UTF8.self)
  }

  private func projection(_ fold: SubjectFold) -> String {
    String(decoding: SubjectProjection.json(of: fold, program: program), as: UTF8.self)
  }

  @Test("before, between and after events it is the canonical JSON of its members")
  func equalsCanonicalJSON() throws {
    var fold = SubjectFold(subject: Subject(tenant: "demo", kind: .member, id: "9"))
    #expect(projection(fold) == canonical(fold))
    #expect(projection(fold).hasPrefix(#"{"metrics":{"alpha":0,"middle":null,"zeta":0},"sequence":0,"tags":{"buyer":"#))
    let base: Int64 = 1_700_000_000_000
    for (index, channel) in ["wecom", "店 \"A\"\n", "wecom"].enumerated() {
      let event = try order("o\(index)", base + Int64(index) * 86_400_000, channel: channel)
      let outcome = fold.tagging.apply(event, program: program.member)
      fold.tagSequence += Int64(outcome.tags.count)
      #expect(projection(fold) == canonical(fold))
    }
    #expect(projection(fold).contains(#""alpha":37.5,"middle":"wecom","zeta":3"#))
    _ = fold.tagging.advance(through: Instant(milliseconds: base + 60 * 86_400_000), program: program.member)
    #expect(projection(fold) == canonical(fold))
    #expect(projection(fold).contains(#""zeta":0"#))
  }

  @Test("a community is written with its own names")
  func communityHasItsOwnNames() {
    let fold = SubjectFold(subject: Subject(tenant: "demo", kind: .community, id: "g1"))
    #expect(projection(fold) == #"{"metrics":{"orders":0},"sequence":0,"tags":{}}"#)
    #expect(projection(fold) == canonical(fold))
  }
}
