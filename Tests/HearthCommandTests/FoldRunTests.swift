import EventModel
import Folding
import HearthCommand
import Playbook
import Testing

@Suite("Folding a file of events")
struct FoldRunTests {
  private static let playbook = """
    playbook: shop
    zone: UTC
    clock: log
    metrics:
      member:
        orders: {count: order.paid}
        orders_1d: {count: order.paid, window: 1d}
    tags:
      member:
        busy: {label: {zh: 忙, en: Busy}, rule: orders_1d >= 1}
    """

  private func run(until: String? = nil, _ lines: [String]) throws -> FoldRun {
    let compiled = try PlaybookCompiler.compile([PlaybookFile(name: "p.yaml", text: Self.playbook)]).playbook
    let fold = FileFold(program: try FoldProgram(playbook: compiled), emission: .changes)
    let end = try until.map { try #require(Instant(text: $0)) }
    var run = FoldRun(fold: fold, until: end)
    for line in lines { run.read(Array(line.utf8)) }
    run.fold.finish(until: end)
    return run
  }

  private func event(
    _ id: String,
    at time: String = "2026-03-05T10:00:00Z",
    received: String? = nil,
    tenant: String = "t",
    data: String = "{}"
  ) -> String {
    #"{"specversion":"1.0","id":"\#(id)","source":"shop","type":"order.paid","time":"\#(time)","tenant":"\#(tenant)","#
      + #""receivedat":"\#(received ?? time)","subject":"member/900","data":\#(data)}"#
  }

  private func tick(_ time: String) -> String {
    #"{"control":"tick","source":"s","tenant":"t","time":"\#(time)"}"#
  }

  private func changes(_ run: FoldRun) -> [String] {
    run.fold.changes.map { line in
      let text = String(decoding: line, as: UTF8.self)
      return text.contains(#""value":true"#) ? "on" : "off"
    }
  }

  @Test("what is not accepted is counted by class, its neighbours are folded")
  func rejects() throws {
    let run = try run([
      event("a"), "", "{", event("b", tenant: "other"), event("c", received: "2026-03-09T10:00:00Z"),
      event("d", at: "2026-03-05T11:00:00Z", received: "2026-03-05T10:00:00Z"), event("e", data: #"{"x":1e12}"#),
      event("f", data: #"{"x":"\u0000"}"#), event("g"),
    ])
    #expect(run.rejected == [.json: 1, .tenant: 1, .late: 1, .future: 1, .number: 1, .encoding: 1])
    #expect(run.fold.accepted == 2)
  }

  @Test("control records of a dumped log move the clock and are no events")
  func control() throws {
    let lines = [
      event("a"), #"{"control":"activate","tenant":"t","version":"1"}"#,
      #"{"as_of":"2026-03-05T10:00:00.000Z","control":"population","cut":1,"last_member":"9","segment":"s","tenant":"t"}"#,
    ]
    #expect(try run(lines).rejected.isEmpty)
    #expect(changes(try run(lines)) == ["on"])
    let ticked = try run(lines + [tick("2026-03-07T00:00:00.000Z")])
    #expect(ticked.rejected.isEmpty)
    #expect(changes(ticked) == ["on", "off"])
  }

  @Test("nothing received or ticked after `until` is read, and the clock ends there")
  func until() throws {
    let lines = [event("a"), event("b", at: "2026-03-05T12:00:00Z"), tick("2026-03-09T00:00:00.000Z")]
    let early = try run(until: "2026-03-05T11:00:00Z", lines)
    #expect(early.fold.accepted == 1)
    #expect(changes(early) == ["on"])
    let later = try run(until: "2026-03-06T11:00:00Z", [lines[0]])
    #expect(changes(later) == ["on", "off"])
  }
}
