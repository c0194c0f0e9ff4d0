import EventModel

/// The clocks of a lane's tenants (SEMANTICS "The clock is in the log"): per (tenant, source) the largest `receivedAt`
/// or tick consumed; a tenant's time is the minimum over the lane's sources.
struct LaneClocks: Hashable, Sendable {
  /// Ticks to all live tenants.
  static let everyLive = "*"

  private(set) var readings: [String: [ClockSource: Instant]] = [:]

  /// Raises a reading; an older one changes nothing.
  mutating func observe(_ instant: Instant, tenant: String, source: ClockSource) {
    let known = readings[tenant]?[source]
    if known.map({ $0 < instant }) ?? true { readings[tenant, default: [:]][source] = instant }
  }

  /// nil while one of the sources has not spoken yet.
  func time(of tenant: String, isLive: Bool, sources: [ClockSource]) -> Instant? {
    var earliest: Instant?
    for source in sources {
      let own = readings[tenant]?[source]
      let shared = isLive ? readings[Self.everyLive]?[source] : nil
      guard let reading = [own, shared].compactMap({ $0 }).max() else { return nil }
      earliest = earliest.map { mutated(.clockMax) ? max($0, reading) : min($0, reading) } ?? reading
    }
    return earliest
  }

  /// The reading of one source.
  func reading(of tenant: String, isLive: Bool, source: ClockSource) -> Instant? {
    time(of: tenant, isLive: isLive, sources: [source])
  }

  var tenants: [String] { readings.keys.filter { $0 != Self.everyLive }.sorted() }
}
