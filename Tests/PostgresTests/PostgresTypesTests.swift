import PostgresClient
import Testing

@Suite("Types on the wire")
struct PostgresTypesTests {
  @Test("scalars come back as they went, extremes and empties too")
  func scalars() async throws {
    let connection = try await TestDatabase.make().connection()
    let json = Array(#"{"a": "ü\"\\"}"#.utf8)
    let result = try await connection.query(
      "SELECT $1::int8, $2::int4, $3::text, $4::bytea, $5::bool, $6::timestamptz, $7::jsonb, $8::date, $9::bytea, $10",
      [
        .int8(.min), .int4(.max), .text("Lagerfeuer ✓ 社群"), .bytea([0, 1, 255]), .bool(true),
        .timestamptz(microseconds: 1_483_271_606_123_456), .jsonb(json), .date(days: -1), .bytea([]), .text(""),
      ]
    )
    let row = result[0]
    #expect(try row.int8(0) == .min)
    #expect(try row.int4(1) == .max)
    #expect(try row.text(2) == "Lagerfeuer ✓ 社群")
    #expect(try row.bytes(3) == [0, 1, 255])
    #expect(try row.bool(4))
    #expect(try row.microseconds(5) == 1_483_271_606_123_456)
    #expect(try row.bytes(6) == json)
    #expect(try row.days(7) == -1)
    #expect(try row.bytes(8).isEmpty)
    #expect(try row.text(9).isEmpty)
  }

  @Test("the server reads instants and dates as meant, past its range as infinity")
  func serverSide() async throws {
    let connection = try await TestDatabase.make().connection()
    let result = try await connection.query(
      "SELECT $1::timestamptz::text, $2::date::text, $3::timestamptz::text, $4::timestamptz::text",
      [
        .timestamptz(microseconds: -1), .date(days: 17_197), .timestamptz(microseconds: .max),
        .timestamptz(microseconds: .min),
      ]
    )
    #expect(try result[0].text(0) == "1969-12-31 23:59:59.999999+00")
    #expect(try result[0].text(1) == "2017-01-31")
    #expect(try result[0].text(2) == "infinity")
    #expect(try result[0].text(3) == "-infinity")
    let back = try await connection.query("SELECT 'infinity'::timestamptz, '-infinity'::timestamptz")
    #expect(try back[0].microseconds(0) == .max)
    #expect(try back[0].microseconds(1) == .min)
  }

  @Test("arrays come back as they went, with nulls, empty elements and nothing in them")
  func arrays() async throws {
    let connection = try await TestDatabase.make().connection()
    let result = try await connection.query(
      "SELECT $1::int4[], $2::int8[], $3::text[], $4::bytea[], $5::text[], cardinality($3::text[])",
      [
        .int4Array([1, nil, -3]), .int8Array([.max, nil]), .textArray(["a", nil, "", "{\"b\"}"]),
        .byteaArray([[], nil, [0, 9]]), .textArray([]),
      ]
    )
    let row = result[0]
    #expect(try row.int4Array(0) == [1, nil, -3])
    #expect(try row.int8Array(1) == [.max, nil])
    #expect(try row.textArray(2) == ["a", nil, "", "{\"b\"}"])
    #expect(try row.byteaArray(3) == [[], nil, [0, 9]])
    #expect(try row.textArray(4) == [])
    #expect(try row.int4(5) == 4)
  }

  @Test("NULL is nil where it may be, and a fault of the program where it may not")
  func nulls() async throws {
    let connection = try await TestDatabase.make().connection()
    let types: [PostgresType] = [.int8, .int4, .text, .bytea, .bool, .timestamptz, .jsonb, .date]
    let result = try await connection.query(
      "SELECT $1::int8, $2::int4, $3::text, $4::bytea, $5::bool, $6::timestamptz, $7::jsonb, $8::date",
      types.map { .null($0) }
    )
    let row = result[0]
    #expect(try row.int8OrNull(0) == nil)
    #expect(try row.int4OrNull(1) == nil)
    #expect(try row.textOrNull(2) == nil)
    #expect(try row.bytesOrNull(3) == nil)
    #expect(try row.boolOrNull(4) == nil)
    #expect(try row.microsecondsOrNull(5) == nil)
    #expect(try row.bytesOrNull(6) == nil)
    #expect(try row.daysOrNull(7) == nil)
    let failure = #expect(throws: PostgresFailure.self) { try row.int8(0) }
    #expect(failure?.disposition == .fatal)
  }

  @Test("a reader of another type, column or row is refused")
  func wrongReader() async throws {
    let connection = try await TestDatabase.make().connection()
    let result = try await connection.query("SELECT 1::int4, '{{1,2},{3,4}}'::int4[]")
    #expect(throws: PostgresFailure.self) { try result[0].int8(0) }
    #expect(throws: PostgresFailure.self) { try result[0].text(7) }
    #expect(throws: PostgresFailure.self) { try result[3].int4(0) }
    #expect(throws: PostgresFailure.self) { try result[0].int4Array(1) }
    #expect(throws: PostgresFailure.self) { try result[0].int8Array(1) }
  }

  @Test("a pipeline gives its answers in order and is one transaction")
  func pipeline() async throws {
    let connection = try await TestDatabase.make().connection()
    let numbers = try await connection.run { session throws(PostgresFailure) in
      let statements = (0..<300).map { PostgresStatement("SELECT $1::int4", [.int4($0)]) }
      return try session.pipeline(statements).map { result throws(PostgresFailure) in try result[0].int4(0) }
    }
    #expect(numbers == Array(0..<300))
    _ = try await connection.query("CREATE TABLE t (n int4 PRIMARY KEY)")
    await #expect(throws: PostgresFailure.self) {
      try await connection.run { session throws(PostgresFailure) in
        let insert = "INSERT INTO t VALUES ($1)"
        _ = try session.pipeline([PostgresStatement(insert, [.int4(1)]), PostgresStatement(insert, [.int4(1)])])
      }
    }
    #expect(try await connection.query("SELECT n FROM t").count == 0)
  }

  @Test("more different statements than are kept prepared still work")
  func manyStatements() async throws {
    let connection = try await TestDatabase.make().connection()
    let count = PostgresSession.preparedStatementsMax + 20
    for number in 0..<count {
      #expect(try await connection.query("SELECT $1::int4 + \(number)", [.int4(1)])[0].int4(0) == Int32(number + 1))
    }
    let kept = try await connection.query("SELECT count(*) FROM pg_prepared_statements")
    #expect(try kept[0].int8(0) == Int64(PostgresSession.preparedStatementsMax))
  }

  @Test("a statement of 20 MB goes through while the server answers")
  func large() async throws {
    let connection = try await TestDatabase.make().connection()
    let bytes = [UInt8](repeating: 7, count: 20 << 20)
    let result = try await connection.query("SELECT $1::bytea", [.bytea(bytes)])
    #expect(try result[0].bytes(0).count == bytes.count)
  }
}
