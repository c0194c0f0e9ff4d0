import EventModel

/// Coupons that the brand gives.
enum Coupon: String, Sendable {
  /// On joining.
  case newcomer
  /// On the morning after seven check-ins in a row.
  case streak

  var yuan: Int {
    switch self {
    case .newcomer: 10
    case .streak: 20
    }
  }

  /// Days after which it is worth nothing.
  var days: Int64 {
    switch self {
    case .newcomer: 14
    case .streak: 7
    }
  }

  func id(of member: String) -> String { "\(rawValue)-\(member)" }

  func granted(to member: String) -> [(String, Value)] {
    [
      ("amount", .fen(yuan * 100)), ("campaign", .string(rawValue)), ("coupon_id", .string(id(of: member))),
      ("currency", .string("CNY")), ("kind", .string("cash")),
    ]
  }
}
