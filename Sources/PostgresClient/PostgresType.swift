/// The types that cross the wire in binary form.
package enum PostgresType: UInt32, Sendable, CaseIterable {
  // Raw values are the server's type OIDs (src/include/catalog/pg_type.dat), fixed since they were given.
  case bool = 16
  case bytea = 17
  case int8 = 20
  case int4 = 23
  case text = 25
  case date = 1082
  case timestamptz = 1184
  case jsonb = 3802
  case int4Array = 1007
  case int8Array = 1016
  case textArray = 1009
  case byteaArray = 1001
  case boolArray = 1000
  case dateArray = 1182
  case timestamptzArray = 1185
  case jsonbArray = 3807

  /// The type of an array's elements; nil for a type that is not an array.
  var element: PostgresType? {
    switch self {
    case .int4Array: .int4
    case .int8Array: .int8
    case .textArray: .text
    case .byteaArray: .bytea
    case .boolArray: .bool
    case .dateArray: .date
    case .timestamptzArray: .timestamptz
    case .jsonbArray: .jsonb
    default: nil
    }
  }
}

/// The server counts time from 2000-01-01T00:00:00Z.
enum PostgresEpoch {
  static let microsecondsAfter1970: Int64 = 946_684_800_000_000
  static let daysAfter1970: Int32 = 10957
}
