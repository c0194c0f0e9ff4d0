import EventCodec
import EventModel
import Testing

@Suite("Events as JSON")
struct EventCodecTests {
  @Test("a whole envelope is read")
  func reads() throws {
    let event = try EventCodec.decode(Array(plainEvent.utf8))
    #expect(event.id == "e-1")
    #expect(event.time.text == "2026-03-05T10:00:00.250Z")
    #expect(event.receivedAt.text == "2026-03-05T10:00:01.000Z")
    #expect(event.actor == .member)
    #expect(event.subject == Subject(tenant: "mengbao", kind: .member, id: "900"))
    #expect(event.community == "gz-7")
    #expect(event.field("amount") == .number(try FixedDecimal(json: "199.9".utf8)))
    #expect(event.field("category") == .string("奶粉"))
    #expect(event.data["items"] == .list([.number(FixedDecimal(1)!), .number(FixedDecimal(2)!)]))
  }

  @Test("the written form is canonical, with names in order")
  func writes() throws {
    let event = try EventCodec.decode(Array(plainEvent.utf8))
    let expected = """
      {"actor":"member","channel":"store","community":"gz-7","data":{"amount":199.9,"category":"奶粉","coupon":null,\
      "first":true,"items":[1,2]},"id":"e-1","receivedat":"2026-03-05T10:00:01.000Z","source":"shop",\
      "specversion":"1.0","subject":"member/900","tenant":"mengbao","time":"2026-03-05T10:00:00.250Z",\
      "type":"order.paid"}
      """
    #expect(String(decoding: EventCodec.encode(event), as: UTF8.self) == expected)
  }

  @Test("without receivedat an event was received at its time, without actor it is the member's")
  func defaults() throws {
    let event = try EventCodec.decode(changed(#""receivedat":"2026-03-05T10:00:01Z","#, ""))
    #expect(event.receivedAt == event.time)
    let system = try EventCodec.decode(changed(#""tenant""#, #""actor":"system","operator":null,"tenant""#))
    #expect(system.actor == .system)
    #expect(system.operator == nil)
  }

  @Test("the arrival's tenant and time stand before the document's")
  func arrival() throws {
    let arrival = Arrival(tenant: "mengbao", receivedAt: Instant(milliseconds: 5))
    #expect(try EventCodec.decode(Array(plainEvent.utf8), arrival: arrival).receivedAt.milliseconds == 5)
    let bare = changed(#""tenant":"mengbao","#, "")
    #expect(try EventCodec.decode(bare, arrival: arrival).subject.tenant == "mengbao")
    #expect(failure(of: bare)?.path == "/tenant")
    let other = Arrival(tenant: "other", receivedAt: nil)
    #expect(failure(of: Array(plainEvent.utf8), arrival: other)?.failureClass == .tenant)
  }

  @Test(
    "a fault is named by class, place, expectation and kind",
    arguments: [
      (#""e-1""#, "17", "envelope at /id: expected 1 to 100 bytes without control characters, found a number"),
      (#""e-1""#, #""""#, "envelope at /id: expected 1 to 100 bytes without control characters, found other text"),
      (#""e-1""#, #""a\tb""#, "envelope at /id: expected 1 to 100 bytes without control characters, found other text"),
      (#""id":"e-1","#, "", "envelope at /id: expected 1 to 100 bytes without control characters, found nothing"),
      (#""1.0""#, #""0.3""#, "envelope at /specversion: expected 1.0, found another version"),
      (
        #""order.paid""#, #""Order""#,
        "envelope at /type: expected a type of 1 to 128 bytes like order.paid, found other text"
      ),
      (
        #""order.paid""#, #""order.""#,
        "envelope at /type: expected a type of 1 to 128 bytes like order.paid, found other text"
      ),
      (
        #""mengbao""#, #""-x""#, "envelope at /tenant: expected a tenant of 1 to 63 of a-z, 0-9 and -, found other text"
      ),
      (
        "2026-03-05T10:00:00.250Z", "2026-02-30T10:00:00Z",
        "envelope at /time: expected an RFC 3339 time of the years 1970 to 9999, found other text"
      ),
      (
        "2026-03-05T10:00:00.250Z", "1969-12-31T23:59:59Z",
        "envelope at /time: expected an RFC 3339 time of the years 1970 to 9999, found other text"
      ),
      (
        "member/900", "person/900",
        "envelope at /subject: expected KIND/ID with a kind of member, community, channel, campaign or operator, found other text"
      ),
      (
        "member/900", "member/",
        "envelope at /subject: expected KIND/ID with a kind of member, community, channel, campaign or operator, found other text"
      ),
      (
        "199.90", "1e12",
        "number at /data/amount: expected a number below 10^12 in size with at most 6 places, found a larger number"
      ),
      (
        "199.90", "123456789012345678901234567890",
        "number at /data/amount: expected a number below 10^12 in size with at most 6 places, found a larger number"
      ),
      (
        "199.90", "0.1234567",
        "number at /data/amount: expected a number below 10^12 in size with at most 6 places, found a number with more places"
      ),
      ("199.90", "01", "json: expected JSON, found a fault at byte 234"),
      ("199.90", "+1", "json: expected JSON, found a fault at byte 234"),
      ("199.90", "1.", "json: expected JSON, found a fault at byte 234"),
      ("199.90", "NaN", "json: expected JSON, found a fault at byte 234"),
      (#""first""#, #""amount""#, "json: expected each name once in an object, found a name twice before byte 303"),
      ("奶粉", #"\u0000"#, "encoding: expected text without NUL, found a NUL at byte 252"),
      ("奶粉", #"\ud800x"#, "encoding: expected surrogates in pairs, found a lone surrogate at byte 252"),
      ("奶粉", #"\udc00"#, "encoding: expected surrogates in pairs, found a lone surrogate at byte 252"),
      ("奶粉", #"\x"#, "json: expected JSON, found a fault at byte 252"),
      (#""data":"#, #""data_base64":"#, "envelope at /data_base64: expected `data`, found binary data"),
      (#"{"amount""#, #"[{"amount""#, "json: expected JSON, found a fault at byte 303"),
    ]
  )
  func faults(_ text: String, _ replacement: String, _ expected: String) {
    #expect(failure(of: changed(text, replacement))?.description == expected)
  }

  @Test("bytes that are not UTF-8 are refused")
  func badUTF8() {
    var bytes = Array(plainEvent.utf8)
    if let index = bytes.firstIndex(of: 0xE5) { bytes[index] = 0xFF }
    #expect(failure(of: bytes)?.failureClass == .encoding)
  }

  @Test("an event of a megabyte is refused by its size alone")
  func megabyte() {
    let text = String(repeating: "x", count: 1 << 20)
    let found = failure(of: changed("奶粉", text))
    #expect(found?.failureClass == .size)
    #expect(failure(of: changed("奶粉", text), limits: DecodeLimits(bytesMax: 2 << 20, depthMax: 17)) == nil)
  }

  @Test("data may be 16 levels deep and no deeper, ten thousand levels are no danger")
  func depth() {
    func nested(_ levels: Int) -> [UInt8] {
      changed("199.90", String(repeating: "[", count: levels) + String(repeating: "]", count: levels))
    }
    #expect(failure(of: nested(15)) == nil)
    #expect(failure(of: nested(16))?.failureClass == .depth)
    #expect(failure(of: nested(10_000))?.failureClass == .depth)
  }

  @Test("numbers at their bounds keep their exact value")
  func numbers() throws {
    for (text, millionths) in [
      ("999999999999.999999", 999_999_999_999_999_999), ("-999999999999.999999", -999_999_999_999_999_999),
      ("0.000001", 1), ("-0", 0), ("1.0000000", 1_000_000), ("1e-6", 1), ("12.5e2", 1_250_000_000),
      ("0.1", 100_000), ("100000000000.1", 100_000_000_000_100_000),
    ] as [(String, Int64)] {
      let event = try EventCodec.decode(changed("199.90", text))
      #expect(event.data["amount"] == .number(FixedDecimal(millionths: millionths)!), "\(text)")
    }
  }

  @Test("escapes are resolved, surrogate pairs joined")
  func escapes() throws {
    let event = try EventCodec.decode(changed("奶粉", #"\"\\\/\b\f\n\r\t\u00e9\u5976\ud83c\udf89"#))
    #expect(event.data["category"] == .string("\"\\/\u{8}\u{c}\n\r\té奶🎉"))
  }

  @Test("every truncation of an event is refused")
  func truncations() {
    let bytes = Array(plainEvent.utf8)
    for length in 0..<bytes.count { #expect(failure(of: Array(bytes[..<length])) != nil, "\(length)") }
  }

  @Test("encode and decode are inverse, and agree with the plain canonical writer")
  func inverse() throws {
    let seed: UInt64 = 2_026_001
    var random = RandomEvents(numbers: SeededNumbers(state: seed))
    for round in 0..<2000 {
      let event = random.event()
      let bytes = EventCodec.encode(event)
      let again = try EventCodec.decode(bytes, limits: .message)
      #expect(again == event, "seed \(seed) round \(round)")
      #expect(EventCodec.encode(again) == bytes, "seed \(seed) round \(round)")
      #expect(try JSONReader.parse(bytes).canonicalJSON == bytes, "seed \(seed) round \(round)")
    }
  }

  @Test("mutated bytes never crash, and what is accepted has one canonical form")
  func mutations() {
    let seed: UInt64 = 2_026_002
    var numbers = SeededNumbers(state: seed)
    let original = Array(plainEvent.utf8)
    let interesting = Array("{}[]\",:\\u0d8e+-.\u{0}\n ".utf8) + [0xFF, 0xC2, 0xE5, 0x80]
    var accepted = 0
    for round in 0..<20_000 {
      var bytes = original
      for _ in 0...numbers.below(4) {
        let index = numbers.below(bytes.count)
        switch numbers.below(4) {
        case 0: bytes[index] = interesting[numbers.below(interesting.count)]
        case 1: bytes[index] ^= UInt8(1 << numbers.below(8))
        case 2: bytes.remove(at: index)
        default: bytes.insert(interesting[numbers.below(interesting.count)], at: index)
        }
      }
      guard let event = try? EventCodec.decode(bytes) else { continue }
      accepted += 1
      let canonical = EventCodec.encode(event)
      guard let again = try? EventCodec.decode(canonical) else {
        Issue.record("seed \(seed) round \(round): canonical form refused")
        continue
      }
      #expect(EventCodec.encode(again) == canonical, "seed \(seed) round \(round)")
    }
    #expect(accepted > 1000)
  }
}
