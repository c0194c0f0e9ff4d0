import CPostgreSQL

/// The rows that a statement gave back. Never changes; libpq lets any number of threads read it.
///
/// `@unchecked`: the handle is only read after `init`, and freed once by `deinit`.
package final class PostgresResult: @unchecked Sendable {
  private let handle: OpaquePointer

  /// Takes the handle over.
  init(_ handle: OpaquePointer) { self.handle = handle }
  deinit { PQclear(handle) }

  /// Number of rows.
  package var count: Int { Int(PQntuples(handle)) }
  package var columnCount: Int { Int(PQnfields(handle)) }
  /// Rows that an INSERT, UPDATE or DELETE touched; 0 for others.
  package var affectedRows: Int {
    guard let text = PQcmdTuples(handle) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }
  /// `COMMIT`, `INSERT 0 5` …
  package var commandTag: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }

  /// - Parameter index: 0 ..< count.
  package subscript(index: Int) -> PostgresRow { PostgresRow(result: self, index: index) }
  package var rows: some Collection<PostgresRow> { (0..<count).lazy.map { self[$0] } }

  /// The type of a column; nil for one that is not read here.
  func type(of column: Int) -> PostgresType? {
    PostgresType(rawValue: UInt32(PQftype(handle, Int32(clamping: column))))
  }

  /// The bytes of a field for the length of `body`; nil for NULL.
  func withField<Value>(
    _ row: Int,
    _ column: Int,
    as types: [PostgresType],
    _ body: (UnsafeRawBufferPointer) throws(PostgresFailure) -> Value
  ) throws(PostgresFailure) -> Value? {
    guard row >= 0, row < count, column >= 0, column < columnCount else {
      throw .unexpectedResult("column \(column) of row \(row) read, result has \(columnCount) columns, \(count) rows")
    }
    let type = PQftype(handle, Int32(column))
    guard types.contains(where: { $0.rawValue == type }), PQfformat(handle, Int32(column)) == 1 else {
      throw .unexpectedResult("column \(column) has type OID \(type), expected \(types.map(\.rawValue))")
    }
    guard PQgetisnull(handle, Int32(row), Int32(column)) == 0 else { return nil }
    let length = Int(PQgetlength(handle, Int32(row), Int32(column)))
    return try body(UnsafeRawBufferPointer(start: PQgetvalue(handle, Int32(row), Int32(column)), count: length))
  }
}
