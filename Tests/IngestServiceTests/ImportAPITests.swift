import EventCodec
import EventModel
import IngestService
import PipelinePorts
import Testing

@Suite("Imports")
struct ImportAPITests {
  private let id = String(repeating: "ab", count: 32)

  private func opening(first: String = "2017-01-01T00:00:00Z", total: Int = 3) -> String {
    let digest = String(repeating: "0f", count: 32)
    return #"{"id":"\#(id)","files_sha256":"\#(digest)","mapping_sha256":"\#(digest)","total":\#(total),"#
      + #""first_time":"\#(first)","last_time":"2017-12-31T00:00:00Z"}"#
  }

  private func rows(_ times: [String]) -> String {
    times.enumerated().map { event("e-\($0.element)", time: $0.element + "T00:00:00Z") }.joined(separator: "\n")
  }

  @Test("an import is opened, fed in order, closed with a tick in every partition, and then known")
  func life() async throws {
    let ingest = try Ingest()
    let (id, opening) = (id, opening())
    let (first, second) = (rows(["2017-01-01", "2017-01-02"]), rows(["2017-01-02", "2017-01-04"]))
    try await ingest.serve { server in
      let start = try await server.post(opening, to: "/v1/imports")
      #expect(start.body == #"{"done":0,"id":"\#(id)","state":"new","total":3}"#)
      let path = "/v1/imports/\(id)/events"
      let fed = try await server.post(first, to: path + "?row=0", type: "application/x-ndjson")
      #expect(fed.body == #"{"accepted":2,"done":2,"items":[],"rejected":0}"#)
      #expect(try await server.post(second, to: path + "?row=3").status == 409)
      let early = try await server.post("", to: "/v1/imports/\(id)/finish")
      #expect(early.body == #"{"code":"unfinished","message":"2 of 3 rows are done"}"#)
      let again = try await server.post(opening, to: "/v1/imports")
      #expect(again.body == #"{"done":2,"id":"\#(id)","state":"resumable","total":3}"#)
      let repeated = try await server.post(second, to: path + "?row=1")
      #expect(repeated.body == #"{"accepted":1,"done":3,"items":[],"rejected":0}"#)
      #expect(try await server.post(second, to: path + "?row=1").body.contains(#""accepted":0,"done":3"#))
      let until = #"{"until":"2018-01-01T00:00:00Z"}"#
      #expect(try await server.post(until, to: "/v1/imports/\(id)/finish").body.contains(#""state":"finished""#))
      #expect(try await server.post(until, to: "/v1/imports/\(id)/finish").status == 200)
      #expect(try await server.post(opening, to: "/v1/imports").body.contains(#""state":"finished""#))
      #expect(try await server.post(first, to: path + "?row=0").status == 409)
    }
    let events = try ingest.sink.of(Topic.events).filter { $0.headers.isEmpty }.map {
      try EventCodec.decode(try #require($0.value))
    }
    #expect(events.map(\.id) == ["e-2017-01-01", "e-2017-01-02", "e-2017-01-04"])
    #expect(events.allSatisfy { $0.receivedAt == $0.time })
    let controls = try ingest.sink.records.filter { !$0.headers.isEmpty }.map {
      ($0, try ControlCodec.decode(try #require($0.value)))
    }
    let onTheWay = controls.filter { $0.0.topic == Topic.events && $0.0.partition == 0 }.map(\.1)
    #expect(
      onTheWay.dropLast().map { tick in
        guard case .tick("mengbao", let time, _, ends: false) = tick else { return "" }
        return time.text
      } == ["2017-01-01T00:00:00.000Z", "2017-01-02T00:00:00.000Z"]
    )
    let ticks = controls.suffix(5).map(\.0)
    #expect(
      ticks.map { "\($0.topic)/\($0.partition ?? -1)" } == [
        "hearth.community-events.v1/0", "hearth.community-events.v1/1", "hearth.events.v1/0", "hearth.events.v1/1",
        "hearth.events.v1/2",
      ]
    )
    #expect(ticks[2].headers == [LogHeader(name: Topic.controlHeader, value: Array("tick".utf8))])
    let tick = try ControlCodec.decode(try #require(ticks[2].value))
    let time = try #require(Instant(text: "2018-01-01T00:00:00.500Z"))
    #expect(tick == .tick(tenant: "mengbao", time: time, source: Topic.events, ends: true))
  }

  @Test("an import that begins too far behind the tenant's clock is refused")
  func behind() async throws {
    let ingest = try Ingest()
    let (early, late) = (opening(first: "2017-06-27T00:00:00Z"), opening(first: "2017-06-27T00:00:00.001Z"))
    ingest.imports.set(clock: Instant(text: "2017-06-30T00:00:00.001Z"))
    try await ingest.serve { server in
      let refused = try await server.post(early, to: "/v1/imports")
      #expect(refused.status == 409)
      #expect(refused.body.contains(#""code":"behind_clock""#))
      #expect(try await server.post(late, to: "/v1/imports").status == 200)
    }
  }

  @Test("rows out of order, out of range or of an unknown import are refused whole")
  func order() async throws {
    let ingest = try Ingest()
    let (id, opening) = (id, opening())
    let (falling, outside) = (rows(["2017-02-01", "2017-01-01"]), rows(["2018-01-01"]))
    let wide = rows(["2017-01-01", "2017-01-04"])
    try await ingest.serve { server in
      let path = "/v1/imports/\(id)/events?row=0"
      #expect(try await server.post(falling, to: path).status == 404)
      _ = try await server.post(opening, to: "/v1/imports")
      #expect(try await server.post(falling, to: path).body.contains("line 2 is earlier"))
      #expect(try await server.post(outside, to: path).status == 400)
      #expect(try await server.post(wide, to: path).body.contains("a batch spans at most 48 h"))
      #expect(try await server.post(falling, to: "/v1/imports/\(id)/events").status == 400)
      #expect(try await server.post(#"{"id":"x"}"#, to: "/v1/imports").body.contains("`id`"))
      ingest.sink.fail(AdapterFailure(code: "_TIMED_OUT", reason: "no broker", disposition: .retriable))
      #expect(try await server.post(event("a", time: "2017-03-01T00:00:00Z"), to: path).status == 503)
      let again = try await server.post(opening, to: "/v1/imports")
      #expect(again.body.contains(#""state":"new""#))
    }
  }

  @Test("a refused row counts as done and becomes a dead letter")
  func rejected() async throws {
    let ingest = try Ingest(schemas: EventCatalogue(files: [:]))
    let (id, opening) = (id, opening())
    try await ingest.serve { server in
      _ = try await server.post(opening, to: "/v1/imports")
      let body = event("a", time: "2017-03-01T00:00:00Z") + "\n{"
      let answer = try await server.post(body, to: "/v1/imports/\(id)/events?row=0")
      #expect(answer.body.contains(#""done":2"#))
      #expect(answer.body.contains(#"{"class":"json","id":null,"index":1,"#))
    }
    #expect(ingest.sink.of(Topic.deadLetter).count == 2)
  }
}
