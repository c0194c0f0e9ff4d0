import EventCodec
import EventModel
import Testing

@Suite("Messages, control records, batches")
struct MessageTests {
  @Test("a message is a canonical envelope that reads back as an event")
  func message() throws {
    let subject = Subject(tenant: "t", kind: .member, id: "a\"b")
    let bytes = MessageWriter.cloudEvent(
      id: "1-2",
      source: "tagger",
      type: "tag.changed",
      time: Instant(milliseconds: 1000),
      subject: subject,
      data: .object([.init(name: "tag", value: .string("active")), .init(name: "a", value: .null)])
    )
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"data":{"a":null,"tag":"active"},"id":"1-2","source":"tagger","specversion":"1.0","#
        + #""subject":"member/a\"b","tenant":"t","time":"1970-01-01T00:00:01.000Z","type":"tag.changed"}"#
    )
    let event = try EventCodec.decode(bytes, limits: .message)
    #expect(event.subject == subject)
    #expect(event.data["tag"] == .string("active"))
    let raw = MessageWriter.cloudEvent(
      id: "1-2",
      source: "tagger",
      type: "tag.changed",
      time: Instant(milliseconds: 1000),
      subject: subject,
      dataJSON: Array(#"{"a":null,"tag":"active"}"#.utf8)
    )
    #expect(raw == bytes)
  }

  @Test(
    "control records survive the way there and back",
    arguments: [
      ControlRecord.tick(
        tenant: "*",
        time: Instant(milliseconds: 1_700_000_000_250),
        source: "hearth.events.v1",
        ends: false
      ),
      .tick(tenant: "mengbao", time: Instant(milliseconds: 0), source: "hearth.events.v1", ends: true),
      .activate(tenant: "mengbao", version: 9_007_199_254_740_993),
      .population(
        tenant: "mengbao",
        segment: "super",
        asOf: Instant(milliseconds: 77),
        cut: .number(FixedDecimal(12)!),
        lastMember: "社/9"
      ),
    ]
  )
  func control(_ record: ControlRecord) throws {
    #expect(try ControlCodec.decode(ControlCodec.encode(record)) == record)
  }

  @Test("a control record of another kind is refused by name")
  func unknownControl() {
    #expect(
      throws: DecodeFailure(.envelope, path: "/control", expected: "tick, activate or population", found: "other")
    ) {
      try ControlCodec.decode(Array(#"{"control":"x","tenant":"*"}"#.utf8))
    }
  }

  private func cut(_ text: String, itemsMax: Int = 10) throws -> [String] {
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { buffer in
      try BatchSplitter.elements(of: buffer, itemsMax: itemsMax).map { String(decoding: buffer[$0], as: UTF8.self) }
    }
  }

  @Test("an array is cut into its elements, whatever stands in their strings")
  func elements() throws {
    #expect(try cut(" [ ] ") == [])
    #expect(try cut(#"[{"a":"],\"["}, [1,2],x,]"#) == [#"{"a":"],\"["}"#, "[1,2]", "x", ""])
    #expect(throws: DecodeFailure.self) { try cut("[1") }
    #expect(throws: DecodeFailure.self) { try cut("[1]]") }
    #expect(throws: DecodeFailure.self) { try cut(#"["\"]"#) }
    #expect(throws: DecodeFailure.self) { try cut("{}") }
    #expect(throws: DecodeFailure.self) { try cut("[1,2,3]", itemsMax: 2) }
  }

  @Test("lines are cut at line ends, blank ones left out")
  func lines() throws {
    let bytes = Array("{}\r\n\n  \n[1]\nx".utf8)
    let items = try bytes.withUnsafeBufferPointer { buffer in
      try BatchSplitter.lines(of: buffer, itemsMax: 3).map { String(decoding: buffer[$0], as: UTF8.self) }
    }
    #expect(items == ["{}", "[1]", "x"])
  }

  @Test("an event at a bound of acceptance is taken, one millisecond past it is not")
  func acceptance() throws {
    var event = try EventCodec.decode(Array(plainEvent.utf8))
    event.receivedAt = event.time + .hours(72)
    #expect(Acceptance.failure(of: event) == nil)
    event.receivedAt = event.receivedAt + TimeSpan(milliseconds: 1)
    #expect(Acceptance.failure(of: event)?.failureClass == .late)
    event.receivedAt = event.time - .minutes(5)
    #expect(Acceptance.failure(of: event) == nil)
    event.receivedAt = event.receivedAt - TimeSpan(milliseconds: 1)
    #expect(
      Acceptance.failure(of: event)?.description
        == "future at /time: expected at most 5 min after it was received, found 300001 ms"
    )
  }
}
