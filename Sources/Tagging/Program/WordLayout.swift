/// What a word of a fold is: how it is stored, and what it may hold when it is read.
enum WordRole: Sendable {
  /// Found again from the others.
  case derived
  /// Of `MetricFlags` only whether it was touched is stored.
  case flags
  /// Milliseconds, or what stands there before there is a time.
  case time
  case count
  /// Half a 64-bit number or more: anything.
  case anything
  /// The upper half of a sum.
  case wide
  /// A date in days, or a number of days.
  case day
  /// A place in a series; stored from the series' first event on.
  case cursor
  /// The two words of a `PackedValue`.
  case value
  case kind
}

/// Hands out the words of a fold, one after the other, with what they hold before the first event.
struct WordLayout: Sendable {
  private(set) var roles: [WordRole] = []
  private(set) var initial: [Int64] = []

  mutating func place(_ role: WordRole, _ value: Int64 = 0) -> Int {
    roles.append(role)
    initial.append(value)
    return initial.count - 1
  }

  /// Two words of a value that is null at first.
  mutating func packed() -> Int {
    let place = place(.value)
    _ = self.place(.kind)
    return place
  }
}
