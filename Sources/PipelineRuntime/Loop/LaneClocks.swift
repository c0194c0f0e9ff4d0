import EventModel

/// The clocks of a lane's tenants (SEMANTICS "The clock is in the log"): per (tenant, source) the largest `receivedAt`
/// or tick consumed; a tenant's time is the minimum over the lane's sources.
struct LaneClocks: Hashable, Sendable {
  /// Ticks to all live tenants.
  static let everyLive = "*"

  private(set) var readings: [String: Readings] = [:]

  /// A tenant's readings, in order of their sources. There are few: they are looked through, not hashed, by every record.
  struct Readings: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
      let source: ClockSource
      var instant: Instant
    }

    private(set) var entries: [Entry] = []

    subscript(source: ClockSource) -> Instant? { entries.first { $0.source == source }?.instant }

    /// Raises a reading; an older one changes nothing.
    mutating func raise(_ source: ClockSource, to instant: Instant) {
      if let index = entries.firstIndex(where: { $0.source == source }) {
        if entries[index].instant < instant { entries[index].instant = instant }
      } else {
        let place = entries.firstIndex { source < $0.source } ?? entries.count
        entries.insert(Entry(source: source, instant: instant), at: place)
      }
    }
  }

  /// Raises a reading; an older one changes nothing.
  mutating func observe(_ instant: Instant, tenant: String, source: ClockSource) {
    readings[tenant, default: Readings()].raise(source, to: instant)
  }

  /// nil while one of the sources has not spoken yet.
  func time(of tenant: String, isLive: Bool, sources: [ClockSource]) -> Instant? {
    let own = readings[tenant]
    let shared = isLive ? readings[Self.everyLive] : nil
    var earliest: Instant?
    for source in sources {
      guard let reading = Self.later(own?[source], shared?[source]) else { return nil }
      earliest = earliest.map { mutated(.clockMax) ? max($0, reading) : min($0, reading) } ?? reading
    }
    return earliest
  }

  private static func later(_ left: Instant?, _ right: Instant?) -> Instant? {
    guard let left, let right else { return left ?? right }
    return max(left, right)
  }

  /// The reading of one source.
  func reading(of tenant: String, isLive: Bool, source: ClockSource) -> Instant? {
    time(of: tenant, isLive: isLive, sources: [source])
  }

  var tenants: [String] { readings.keys.filter { $0 != Self.everyLive }.sorted() }
}
