import EventCodec
import EventModel
import IngestService
import Testing

@Suite("Import mapping")
struct ImportMappingTests {
  private let mapping = """
    import: shop
    zone: America/New_York
    sources:
      - file: orders.csv.gz
        event: order.paid
        id: "order-{basket}"
        subject: "member/{who}"
        time: "{time}"
        zone: UTC
        community: "{store}"
        data:
          amount: {column: amount, kind: number}
          first: {column: first, kind: boolean}
          tags: {column: tags, kind: list}
          currency: {constant: USD}
      - file: redeemed.txt
        delimiter: spaces
        columns: [who, day, coupon]
        event: coupon.redeemed
        id: "r-{row}-{{{coupon}}}"
        subject: "member/{who}"
        time: "{day}"
        data:
          coupon: {column: coupon}
      - file: people.ndjson
        event: member.identified
        id: "p-{user.id}"
        subject: "member/{user.id}"
        time: "2017-01-01T00:00:00Z"
        actor: system
        data:
          city: {column: user.city}
          age: {column: age, kind: number}
          born: {column: born, kind: date}
    """

  private func sorted(
    _ files: [String],
    tenant: String = "t"
  ) throws -> (events: [Event], rejected: [RejectedRow], all: SortedImport) {
    let mapping = try ImportMapping(yaml: mapping, file: "shop.yaml")
    var builder = ImportBuilder(mapping: mapping, tenant: tenant)
    var rejected: [RejectedRow] = []
    for (index, file) in files.enumerated() {
      try builder.add(source: index, content: Array(file.utf8)) { rejected.append($0) }
    }
    let all = builder.sorted()
    return (try (0..<all.count).map { try EventCodec.decode(Array(all[$0])) }, rejected, all)
  }

  @Test("rows of several files become events in the order of time and id")
  func merges() throws {
    let (events, rejected, all) = try sorted([
      "\u{FEFF}basket,who,time,store,amount,first,tags\r\n2,900,2017-01-01T11:53:26,s1,0.50,yes,a;b\r\n"
        + "1,900,2017-01-01 11:53:26,,1e2,,\r\n",
      "  900 20170101 X\n\n900   2017-07-01 Y\n",
      #"{"user":{"id":900,"city":"广州"},"age":30,"born":"1990-05-01"}"# + "\n",
    ])
    #expect(rejected == [])
    #expect(events.map(\.id) == ["p-900", "order-1", "order-2", "r-1-{X}", "r-2-{Y}"])
    #expect(
      events.map(\.time.text) == [
        "2017-01-01T00:00:00.000Z", "2017-01-01T11:53:26.000Z", "2017-01-01T11:53:26.000Z", "2017-01-01T17:00:00.000Z",
        "2017-07-01T16:00:00.000Z",
      ]
    )
    #expect(events.allSatisfy { $0.receivedAt == $0.time && $0.tenant == "t" && $0.source == "import/shop" })
    #expect(events[0].actor == .system)
    #expect(
      String(decoding: events[0].data.canonicalJSON, as: UTF8.self) == #"{"age":30,"born":"1990-05-01","city":"广州"}"#
    )
    #expect(
      String(decoding: events[2].data.canonicalJSON, as: UTF8.self)
        == #"{"amount":0.5,"currency":"USD","first":true,"tags":["a","b"]}"#
    )
    #expect(String(decoding: events[1].data.canonicalJSON, as: UTF8.self) == #"{"amount":100,"currency":"USD"}"#)
    #expect(events[2].community == "s1")
    #expect(events[1].community == nil)
    #expect(all.origin(of: 1) == (source: 0, line: 3))
    #expect(all.origin(of: 4) == (source: 1, line: 3))
    #expect(all.firstTime?.text == "2017-01-01T00:00:00.000Z")
  }

  @Test("the order does not depend on the order of rows or of files read")
  func deterministic() throws {
    let rows = (0..<50).map { "\($0 * 7 % 50),900,2017-01-0\($0 % 3 + 1),s,1,," }
    let header = "basket,who,time,store,amount,first,tags\n"
    let forward = try sorted([header + rows.joined(separator: "\n")]).all
    let backward = try sorted([header + rows.reversed().joined(separator: "\n")]).all
    #expect((0..<50).map { Array(forward[$0]) } == (0..<50).map { Array(backward[$0]) })
  }

  @Test("chunks are whole lines within their bounds")
  func chunks() throws {
    let rows = (10..<30).map { "\($0),900,2017-01-01,s,1,," }.joined(separator: "\n")
    let all = try sorted(["basket,who,time,store,amount,first,tags\n" + rows]).all
    var row = 0
    var body: [UInt8] = []
    while row < all.count {
      let chunk = all.chunk(from: row, bytesMax: 1000, eventsMax: 3)
      #expect((1...3).contains(chunk.count) && chunk.body.count <= 1000)
      body += chunk.body
      row += chunk.count
    }
    #expect(body == (0..<20).flatMap { Array(all[$0]) + [10] })
    #expect(all.chunk(from: 0, bytesMax: 1).count == 1)
    let days = (1...9).map { "\($0),900,2017-01-0\($0),s,1,," }.joined(separator: "\n")
    let spread = try sorted(["basket,who,time,store,amount,first,tags\n" + days]).all
    #expect(spread.chunk(from: 0).count == 3)
    #expect(spread.chunk(from: 7).count == 2)
  }

  @Test("a bad row goes to the reject file with line, class and reason, and the next ones are read")
  func rejects() throws {
    let (events, rejected, _) = try sorted([
      "basket,who,time,store,amount,first,tags\n1,900,2017-01-01,s,abc,,\n2,900,yesterday,s,1,,\n3,,2017-01-01,s,1,,\n"
        + "4,900,2017-01-01,s,1,,,\n5,900,2017-01-01,\"s,1,,\n6,\"9\"00,2017-01-01,s,1,,\n7,900,2017-01-01,s,1,maybe,\n"
        + "8,900,2017-01-01,\"a \"\"b\"\"\nc\",1.1234567,,\n9,900,2017-01-01,\"x\",2,,\n"
    ])
    #expect(events.map(\.id) == ["order-9"])
    #expect(rejected.map(\.line) == [2, 3, 4, 5, 6, 7, 8, 9])
    #expect(
      rejected.map(\.rejectClass) == ["number", "envelope", "envelope", "row", "row", "row", "envelope", "number"]
    )
    #expect(rejected[0].path == "/data/amount")
    #expect(
      String(decoding: rejected[7].csv, as: UTF8.self)
        == "orders.csv.gz,9,number,/data/amount,\"expected a number below 10^12 in size with at most 6 places, found a "
        + "number with more places\",\"8,900,2017-01-01,\"\"a \"\"\"\"b\"\"\"\"\nc\"\",1.1234567,,\"\r\n"
    )
  }

  @Test("text that is not UTF-8 rejects its row alone")
  func encoding() throws {
    let mapping = try ImportMapping(yaml: mapping, file: "shop.yaml")
    var builder = ImportBuilder(mapping: mapping, tenant: "t")
    var classes: [String] = []
    let rows: [[UInt8]] = [
      Array("900 2017-01-01 ".utf8) + [0xFF], Array("900 2017-01-01 a".utf8) + [0], Array("900 2017-01-01 b".utf8),
    ]
    try builder.add(source: 1, content: Array(rows.joined(separator: [10]))) { classes.append($0.rejectClass) }
    #expect(classes == ["encoding", "encoding"])
    #expect(builder.sorted().count == 1)
  }

  @Test("a column that the header lacks is named before anything is read")
  func header() {
    let fault = #expect(throws: MappingFault.self) { try sorted(["basket,who,time,amount\n"]) }
    #expect(
      fault?.description
        == "import mapping at orders.csv.gz:1:1 header: expected a column `store`, got basket,who,time,amount"
    )
  }

  @Test(
    "a fault of the mapping is told with its place",
    arguments: [
      ("zone: America/New_York", "zone: Mars/Base", "shop.yaml:2:7 zone: expected an IANA zone, got Mars/Base"),
      (
        "event: order.paid", "event: Order",
        "shop.yaml:5:12 sources[0].event: expected an event type like order.paid, got Order"
      ),
      (
        "community:", "comunity:",
        "shop.yaml:10:5 sources[0]: expected one of actor, channel, columns, community, data, day_time, delimiter, event, file, format, id, operator, subject, time, zone, got comunity"
      ),
      (
        "kind: number", "kind: money",
        "shop.yaml:12:38 sources[0].data.amount.kind: expected one of string, number, boolean, time, date, list, got money"
      ),
      (
        "member/{who}", "person/{who}",
        "shop.yaml:7:14 sources[0].subject: expected a template that begins with one of member/, community/, channel/, campaign/, operator/, got another"
      ),
      (
        "order-{basket}", "order-{basket",
        "shop.yaml:6:9 sources[0].id: expected a template like x-{column}, got order-{basket"
      ),
      ("import: shop", "import: [", "shop.yaml:"),
    ]
  )
  func faults(_ text: String, _ replacement: String, _ expected: String) throws {
    let range = try #require(mapping.firstRange(of: text))
    let changed = String(mapping[..<range.lowerBound]) + replacement + String(mapping[range.upperBound...])
    let fault = #expect(throws: MappingFault.self) { try ImportMapping(yaml: changed, file: "shop.yaml") }
    let description = fault?.description ?? ""
    #expect(description.hasPrefix("import mapping at " + expected), "\(description)")
  }

  @Test("an import is known by its files and its mapping, in their order")
  func identity() {
    let one = ImportIdentity(mapping: [1], files: [[1, 2], [3]])
    #expect(one == ImportIdentity(mapping: [1], files: [[1, 2], [3]]))
    #expect(one.id.utf8.count == 64)
    #expect(one.id != ImportIdentity(mapping: [1], files: [[1], [2, 3]]).id)
    #expect(one.id != ImportIdentity(mapping: [2], files: [[1, 2], [3]]).id)
  }
}
