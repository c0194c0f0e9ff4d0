import EventModel
import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

@Suite("What the state store keeps")
struct StateStoreContentTests {
  @Test("subjects are upserted over several batches and partitions, and read back by key")
  func subjects() async throws {
    let store = try await TestDatabase.make().store()
    let claims = try await store.claim(group: "tagger", partitions: [place(0), place(1)])
    let first = claims.map { claim in
      claim.flush(
        to: 1,
        subjects: (0..<6_001).map { write("t/member/\(claim.partition.partition)-\($0)", "a\($0)", projection: "{}") }
      )
    }
    #expect(try await store.commit(group: "tagger", first) == .committed)
    let second = claims[0].flush(to: 2, flushesDone: 1, subjects: [write("t/member/0-6000", "b")])
    #expect(try await store.commit(group: "tagger", [second]) == .committed)
    let keys = (0..<6_001).map { Array("t/member/0-\($0)".utf8) } + [Array("t/member/none".utf8)]
    let found = try await store.subjects(group: "tagger", keys: keys)
    #expect(found.count == 6_001)
    let states = Dictionary(uniqueKeysWithValues: found.map { ($0.key, String(decoding: $0.state, as: UTF8.self)) })
    #expect(states[Array("t/member/0-17".utf8)] == "a17")
    #expect(states[Array("t/member/0-6000".utf8)] == "b")
    #expect(try await store.subjects(group: "other", keys: keys).isEmpty)
    #expect(try await store.subjects(group: "tagger", keys: []).isEmpty)
  }

  @Test("timers come back in order, and a nil due takes one away")
  func timers() async throws {
    let store = try await TestDatabase.make().store()
    let claims = try await store.claim(group: "tagger", partitions: [place(0), place(1)])
    let flushes = [
      claims[0].flush(
        to: 1,
        subjects: [write("t/member/a", "", due: 900), write("t/member/b", "", due: -5), write("t/member/c", "")]
      ),
      claims[1].flush(to: 1, subjects: [write("t/member/d", "", due: 1)]),
    ]
    #expect(try await store.commit(group: "tagger", flushes) == .committed)
    let timers = try await store.timers(group: "tagger", partition: place(0))
    #expect(timers.map { String(decoding: $0.key, as: UTF8.self) } == ["t/member/b", "t/member/a"])
    #expect(timers.map(\.due.milliseconds) == [-5, 900])
    let cleared = claims[0].flush(to: 2, flushesDone: 1, subjects: [write("t/member/b", "")])
    #expect(try await store.commit(group: "tagger", [cleared]) == .committed)
    #expect(try await store.timers(group: "tagger", partition: place(0)).count == 1)
  }

  @Test("the views split the subject and show tags and memberships; a nil projection leaves what is there")
  func views() async throws {
    let database = try await TestDatabase.make()
    let store = database.store()
    let tagger = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let tags =
      #"{"tags":{"activity":{"value":"high","since":"2017-01-01T11:53:26.123Z"},"#
      + #""vip":{"value":true,"since":"2017-01-02T00:00:00.000Z"}},"metrics":{},"sequence":7}"#
    let flush = tagger.flush(to: 1, subjects: [write("acme/member/a/b", "1", projection: tags)])
    #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    let again = tagger.flush(to: 2, flushesDone: 1, subjects: [write("acme/member/a/b", "2")])
    #expect(try await store.commit(group: "tagger", [again]) == .committed)
    let segmenter = try await store.claim(group: "segmenter", partitions: [place(0)])[0]
    let segments = #"{"segments":{"silent_vip":{"since":"2017-02-01T00:00:00Z"}}}"#
    let member = segmenter.flush(to: 1, subjects: [write("acme/member/a/b", "1", projection: segments)])
    #expect(try await store.commit(group: "segmenter", [member]) == .committed)
    let connection = try database.connection()
    let shown = try await connection.query(
      "SELECT tenant, kind, id, tag, value, since, sequence FROM tags ORDER BY tag"
    )
    #expect(shown.count == 2)
    #expect(try shown[0].text(0) == "acme")
    #expect(try shown[0].text(1) == "member")
    #expect(try shown[0].text(2) == "a/b")
    #expect(try shown[0].text(3) == "activity")
    #expect(try shown[0].bytes(4) == Array(#""high""#.utf8))
    #expect(try shown[0].microseconds(5) == 1_483_271_606_123_000)
    #expect(try shown[0].int8(6) == 7)
    #expect(try shown[1].bytes(4) == Array("true".utf8))
    let members = try await connection.query("SELECT tenant, segment, member, since FROM memberships")
    #expect(members.count == 1)
    #expect(try members[0].text(1) == "silent_vip")
    #expect(try members[0].text(2) == "a/b")
  }

  @Test("NUL in a value does not stop a partition: it is stored as U+FFFD")
  func nul() async throws {
    let database = try await TestDatabase.make()
    let store = database.store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let projection = #"{"tags":{"x":{"value":"a\u0000b\\u0000","since":"2017-02-01T00:00:00Z"}}}"#
    let row = DeliveryRow(
      tenant: "t",
      touch: "1",
      channel: "wecom",
      status: "sent",
      attempts: 1,
      reason: "a\0b",
      updatedAt: Instant(milliseconds: 0)
    )
    let flush = claim.flush(
      to: 1,
      subjects: [write("t/member/1", "a\0", projection: projection)],
      rows: [.delivery(row)]
    )
    #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    let result = try await database.connection().query(
      "SELECT value #>> '{}', (SELECT reason FROM deliveries) FROM tags"
    )
    #expect(try result[0].text(0) == #"a�b\u0000"#)
    #expect(try result[0].text(1) == "a�b")
    #expect(try await store.state("t/member/1") == "a\0")
  }

  @Test("a newer total of a channel and day replaces the older one")
  func totals() async throws {
    let database = try await TestDatabase.make()
    let store = database.store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let day = try #require(LocalDate(text: "2026-03-02"))
    let subject = Subject(tenant: "t", kind: .channel, id: "二维码")
    func row(_ millionths: Int64) throws -> TableRow {
      let value = try #require(FixedDecimal(millionths: millionths))
      return .aggregate(AggregateRow(subject: subject, type: "channel.exposed", day: day, value: value))
    }
    let first = claim.flush(to: 1, rows: [try row(12_000_000), try row(34_500_000)])
    #expect(try await store.commit(group: "tagger", [first]) == .committed)
    let connection = try database.connection()
    let found = try await connection.query("SELECT id || ' ' || day || ' ' || value FROM aggregates")
    #expect(try found.rows.map { try $0.text(0) } == ["二维码 2026-03-02 34.5"])
  }

  @Test("rows of the services are upserted by their natural keys; of several with one key the last counts")
  func rows() async throws {
    let database = try await TestDatabase.make()
    let store = database.store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let day = try #require(LocalDate(text: "2017-01-31"))
    func entry(_ level: Int, _ revision: Int64) -> TableRow {
      .funnelEntry(
        FunnelEntryRow(
          tenant: "t",
          funnel: "f",
          member: "1",
          day: day,
          level: level,
          status: "open",
          times: [Instant(milliseconds: 1_485_000_000_001), nil, nil],
          breakdown: revision > 2 ? "群,{A}" : nil,
          revision: revision
        )
      )
    }
    func touch(_ status: String, due: Instant) -> TableRow {
      .touch(
        TouchRow(
          id: "id",
          tenant: "t",
          source: "journey/a",
          step: 1,
          subject: "member/1",
          occurrence: "o",
          template: "x",
          channel: "wecom",
          status: status,
          reason: "r",
          dueAt: due,
          decidedAt: Instant(milliseconds: 5)
        )
      )
    }
    func delivery(_ status: String) -> TableRow {
      .delivery(
        DeliveryRow(
          tenant: "t",
          touch: "id",
          channel: "wecom",
          status: status,
          attempts: 1,
          reason: "",
          updatedAt: Instant(milliseconds: 9)
        )
      )
    }
    let first = claim.flush(
      to: 1,
      rows: [
        entry(1, 1), entry(2, 2), touch("deferred", due: .distantFuture), delivery("pending"), delivery("attempting"),
      ]
    )
    #expect(try await store.commit(group: "tagger", [first]) == .committed)
    let second = claim.flush(
      to: 2,
      flushesDone: 1,
      rows: [entry(3, 3), touch("decided", due: Instant(milliseconds: 1_500)), delivery("sent")]
    )
    #expect(try await store.commit(group: "tagger", [second]) == .committed)
    let connection = try database.connection()
    let entries = try await connection.query(
      "SELECT day, level, times::text[], breakdown, revision FROM funnel_entries"
    )
    #expect(entries.count == 1)
    #expect(try entries[0].days(0) == Int32(day.daysSinceEpoch))
    #expect(try entries[0].int4(1) == 3)
    #expect(try entries[0].textArray(2) == ["2017-01-21 12:00:00.001+00", nil, nil])
    #expect(try entries[0].text(3) == "群,{A}")
    #expect(try entries[0].int8(4) == 3)
    let touches = try await connection.query("SELECT status, due_at FROM touches")
    #expect(touches.count == 1)
    #expect(try touches[0].text(0) == "decided")
    #expect(try touches[0].microseconds(1) == 1_500_000)
    let deliveries = try await connection.query("SELECT status FROM deliveries")
    #expect(deliveries.count == 1)
    #expect(try deliveries[0].text(0) == "sent")
  }
}
