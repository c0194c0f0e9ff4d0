import Digests
import EventCodec
import EventModel
import IngestService
import PipelinePorts
import Testing

func event(
  _ id: String,
  type: String = "order.paid",
  time: String = "2026-03-05T10:00:00Z",
  subject: String = "member/900",
  extra: String = "",
  data: String = #"{"amount":5}"#
) -> String {
  #"{"specversion":"1.0","id":"\#(id)","source":"shop","type":"\#(type)","time":"\#(time)","#
    + #""subject":"\#(subject)"\#(extra),"data":\#(data)}"#
}

@Suite("POST /v1/events")
struct EventAPITests {
  private static let orderSchema = Array(
    #"{"type":"object","required":["amount"],"properties":{"amount":{"type":"number","minimum":0}}}"#.utf8
  )

  @Test("accepted events are keyed by subject and copied under their community's key")
  func accepted() async throws {
    let ingest = try Ingest()
    try await ingest.serve { server in
      let body = "[\(event("a", extra: #","community":"g1""#)),\(event("b")),\(event("c", subject: "community/g2"))]"
      let answer = try await server.post(body)
      #expect(answer.status == 200)
      #expect(
        answer.body
          == #"{"accepted":3,"items":[{"id":"a","status":"accepted"},{"id":"b","status":"accepted"},"#
          + #"{"id":"c","status":"accepted"}],"rejected":0}"#
      )
      let events = ingest.sink.of(Topic.events)
      #expect(
        events.map { String(decoding: $0.key, as: UTF8.self) } == [
          "mengbao/member/900", "mengbao/member/900", "mengbao/community/g2",
        ]
      )
      let copies = ingest.sink.of(Topic.communityEvents)
      #expect(
        copies.map { String(decoding: $0.key, as: UTF8.self) } == [
          "mengbao/community/g1", "mengbao/community/g2",
        ]
      )
      #expect(copies[0].value == events[0].value)
      let first = try EventCodec.decode(try #require(events[0].value))
      #expect(first.receivedAt == ingest.clock.now())
      #expect(first.tenant == "mengbao")
      #expect(ingest.observer.accepted == 3)
    }
  }

  @Test("every bad item is told its class and becomes one dead letter, its neighbours are untouched")
  func verdicts() async throws {
    let catalogue = try EventCatalogue(files: ["order.paid": Self.orderSchema])
    let ingest = try Ingest(schemas: catalogue)
    try await ingest.serve { server in
      let big = String(repeating: "x", count: 1 << 20)
      let items = [
        event("good"), event("type", type: "order.lost"), event("schema", data: #"{"amount":-1}"#),
        event("missing", data: "{}"), event("late", time: "2026-03-02T10:00:00.999Z"),
        event("future", time: "2026-03-05T10:05:01.001Z"), event("number", data: #"{"amount":1e12}"#),
        event("tenant", extra: #","tenant":"other""#), #"{"id":"broken",}"#, event("size", data: #"{"x":"\#(big)"}"#),
        event("nul", data: #"{"x":"\u0000"}"#), event("edge", time: "2026-03-02T10:00:01Z"),
      ]
      let answer = try await server.post("[" + items.joined(separator: ",\n") + "]")
      #expect(answer.status == 200)
      let parsed = try JSONReader.parse(Array(answer.body.utf8))
      guard case .list(let verdicts)? = parsed["items"] else {
        Issue.record("no items")
        return
      }
      let classes = verdicts.map { verdict -> String in
        guard case .string(let text)? = verdict["class"] else { return "-" }
        return text
      }
      #expect(
        classes == [
          "-", "type", "schema", "schema", "late", "future", "number", "tenant", "json", "size", "encoding", "-",
        ]
      )
      #expect(verdicts[2]["path"] == .string("/data/amount"))
      #expect(verdicts[2]["message"] == .string("expected at least 0, found a smaller number"))
      #expect(verdicts[8]["id"] == .null)
      #expect(ingest.sink.of(Topic.events).count == 2)
      #expect(ingest.sink.of(Topic.deadLetter).count == 10)
      #expect(ingest.observer.rejected[.schema] == 2)
    }
  }

  @Test("a dead letter holds the payload in base64 and an id that repeats with it")
  func deadLetter() async throws {
    let ingest = try Ingest(limits: IngestLimits(deadLetterPayloadBytesMax: 10))
    try await ingest.serve { server in
      for _ in 0..<2 { _ = try await server.post("[{\"broken\":\"}]") }
      for _ in 0..<2 { _ = try await server.post("[{\"also broken\"}]") }
    }
    let letters = try ingest.sink.of(Topic.deadLetter).map {
      try EventCodec.decode(try #require($0.value), limits: .message)
    }
    #expect(letters.count == 2)
    #expect(letters[0].id == letters[1].id)
    #expect(letters[0].id.utf8.count == 64)
    #expect(letters[0].type == "hearth.deadletter")
    #expect(letters[0].data["class"] == .string("json"))
    #expect(letters[0].data["payload"] == .string(base64Encode(Array(#"{"also bro"#.utf8))))
    #expect(letters[0].data["truncated"] == .bool(true))
    #expect(letters[0].subject.key == "mengbao/channel/ingest")
  }

  @Test("lines and single events are taken by their content type")
  func forms() async throws {
    let ingest = try Ingest()
    try await ingest.serve { server in
      let lines = try await server.post(
        event("a") + "\n\n{\n" + event("b"),
        type: "application/x-ndjson; charset=utf-8"
      )
      #expect(lines.body.contains(#""accepted":2"#))
      #expect(lines.body.contains(#""rejected":1"#))
      let single = try await server.post(event("c"), type: "application/cloudevents+json")
      #expect(single.body == #"{"accepted":1,"items":[{"id":"c","status":"accepted"}],"rejected":0}"#)
      #expect(try await server.post(event("c"), type: "text/plain").status == 415)
    }
  }

  @Test("a request is refused whole without a good key, and says so in code and message")
  func keys() async throws {
    let ingest = try Ingest()
    try await ingest.serve { server in
      let body = "[\(event("a"))]"
      let none = try await server.post(body, authorization: "Digest x")
      #expect(none.status == 401)
      #expect(none.body == #"{"code":"no_key","message":"a write key is needed, as Basic user or as Bearer token"}"#)
      #expect(none.head.contains("www-authenticate: basic"))
      let other = String(server.key.dropLast()) + "0"
      #expect(try await server.post(body, authorization: "Bearer \(other)").status == 401)
      let basic = base64Encode(Array("\(server.key):".utf8))
      #expect(try await server.post(body, authorization: "Basic \(basic)").status == 200)
      #expect(ingest.keys.asked == 1)
      ingest.keys.revoke(ingest.key.id)
      #expect(try await server.post(body).status == 200)
      ingest.clock.advance(.seconds(31))
      #expect(try await server.post(body).status == 401)
      ingest.clock.advance(.seconds(31))
      ingest.keys.fail(true)
      #expect(try await server.post(body).status == 503)
    }
    let reader = try Ingest(scope: .read)
    try await reader.serve { server in
      let answer = try await server.post("[\(event("a"))]")
      #expect(answer.status == 403)
    }
  }

  @Test("a key tells whose it is, and only to its holder")
  func whose() async throws {
    let ingest = try Ingest()
    try await ingest.serve { server in
      for (key, status) in [(server.key, 200), (String(server.key.dropLast()) + "0", 401)] {
        let head = "GET /v1/key HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer \(key)\r\n\r\n"
        let answer = await server.send(Array(head.utf8))
        #expect(answer.status == status)
        #expect((answer.body == #"{"scope":"write","tenant":"mengbao"}"#) == (status == 200))
      }
    }
  }

  @Test("no 200 while the broker has not acknowledged")
  func unacknowledged() async throws {
    let journal = MemoryJournal()
    let ingest = try Ingest(journal: journal)
    try await ingest.serve { server in
      ingest.sink.fail(AdapterFailure(code: "_MSG_TIMED_OUT", reason: "no broker", disposition: .retriable))
      let answer = try await server.post("[\(event("a"))]")
      #expect(answer.status == 503)
      #expect(answer.head.contains("retry-after: 2"))
      #expect(journal.batches.count == 1)
      #expect(journal.notes.isEmpty)
      ingest.sink.fail(AdapterFailure(code: "_QUEUE_FULL", reason: "queue", disposition: .retriable))
      #expect(try await server.post("[\(event("a"))]").status == 429)
      ingest.sink.fail(nil)
      #expect(try await server.post("[\(event("a"))]").status == 200)
      #expect(journal.notes == [3])
      journal.fail(AdapterFailure(code: "ENOSPC", reason: "full", disposition: .retriable))
      #expect(try await server.post("[\(event("b"))]").status == 503)
      #expect(ingest.sink.records.count == 1)
    }
  }

  @Test("bodies, counts and bytes in flight are bounded")
  func bounds() async throws {
    let ingest = try Ingest(limits: IngestLimits(bodyBytesMax: 2000, eventsMax: 3, inFlightBytesMax: 1500))
    try await ingest.serve { server in
      #expect(try await server.post(String(repeating: " ", count: 2001)).status == 413)
      #expect(try await server.post("[1,2,3,4]").status == 413)
      #expect(try await server.post(String(repeating: " ", count: 1800)).status == 503)
      #expect(try await server.post("").status == 400)
      #expect(try await server.post("[]").status == 400)
      #expect(try await server.post("[{]").status == 400)
      #expect(try await server.post("[]", headers: ["Content-Encoding: gzip"]).status == 415)
      let chunk = "5DC\r\n" + String(repeating: " ", count: 1500) + "\r\n"
      let chunked = try await server.post(chunk + chunk + "0\r\n\r\n", headers: ["Transfer-Encoding: chunked"])
      #expect(chunked.status == 413 || chunked.status == 503)
      #expect(try await server.post("[\(event("a"))]").status == 200)
    }
    #expect(ingest.observer.refused.count == 8)
    #expect(ingest.sink.records.count == 1)
  }

  @Test("a refused sender that writes its whole body first still reads the answer")
  func refusedEarly() async throws {
    let ingest = try Ingest()
    try await ingest.serve { (server) async throws -> Void in
      // More than the sockets' buffers hold; the test's client says `Connection: close`.
      let body = String(repeating: " ", count: 12 << 20)
      let tooLarge = try await server.post(body)
      #expect(tooLarge.status == 413)
      #expect(try await server.post(body, authorization: "Bearer none").status == 401)
      #expect(try await server.post(body, type: "text/plain").status == 415)
      #expect(try await server.post("[\(event("a"))]").status == 200)
    }
  }

  @Test("one subject's events are limited by the hour")
  func rate() async throws {
    let ingest = try Ingest(limits: IngestLimits(subjectEventsPerHourMax: 2))
    try await ingest.serve { server in
      let answer = try await server.post(
        "[\(event("a")),\(event("b")),\(event("c")),\(event("d", subject: "member/1"))]"
      )
      #expect(answer.body.contains(#""accepted":3"#))
      #expect(ingest.observer.rejected == [.rate: 1])
      ingest.clock.advance(.hours(1))
      #expect(try await server.post("[\(event("c"))]").body.contains(#""accepted":1"#))
    }
  }
}

@Suite("Keys")
struct KeyRingTests {
  @Test("trying unknown ids neither crowds out a good key nor asks the store twice for one id")
  func unknownIDs() async throws {
    let clock = StandingClock("2026-03-05T10:00:01Z")
    let key = try #require(WriteKey(random: Array(1...40)))
    let keys = MemoryKeys([StoredKey(id: key.id, tenant: "t", scope: .write, secretDigest: key.secretDigest)])
    let ring = KeyRing(store: keys, clock: clock, limits: IngestLimits(keysCachedMax: 3))
    #expect(try await ring.verify(key)?.tenant == "t")
    for byte in UInt8(100)..<UInt8(120) {
      let other = try #require(WriteKey(random: [UInt8](repeating: byte, count: 40)))
      for _ in 0..<2 { #expect(try await ring.verify(other) == nil) }
    }
    #expect(keys.asked == 21)
    #expect(try await ring.verify(key)?.tenant == "t")
    #expect(keys.asked == 21)
  }

  @Test("a key's text reads back, and text of another form is none")
  func forms() throws {
    let key = try #require(WriteKey(random: Array(1...22)))
    #expect(WriteKey(key.text)?.secretDigest == key.secretDigest)
    #expect(key.secretDigest == sha256(Array(key.text.utf8.dropFirst(16))))
    #expect(WriteKey(random: Array(1...21)) == nil)
    for text in [
      "", "hk_", "hk_abcd_short", "xx" + key.text.dropFirst(2), key.text + " ", "hk_ABCD" + key.text.dropFirst(7),
    ] {
      #expect(WriteKey(text) == nil, "\(text)")
    }
  }
}
