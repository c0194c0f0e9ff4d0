import EventModel

/// What a page counts from the events that were imported: the store keeps no events, only what was folded of them.
/// A pure fold, in any order of events.
package struct EventTally: Sendable {
  /// Communities that are counted apart; more are left out and told by `isCut`.
  package static let namesMax = 1_000

  private let tenant: String
  private let until: Instant
  private let zone: CalendarZone
  private let heat: PageSpec.Heat?
  private let health: PageSpec.Health?

  /// Weight by weekday (Monday first) and hour of the tenant's zone.
  package private(set) var weights: [[Int]] = Array(repeating: Array(repeating: 0, count: 24), count: 7)
  /// Events behind the weights, and the first and last of them.
  package private(set) var heatEvents = 0
  package private(set) var first: Instant?
  package private(set) var last: Instant?
  /// A member active on a local day.
  private struct MemberDay: Hashable {
    var member: String
    var day: Int
  }
  /// Of a community, in the last period and in the one before.
  private var now: [String: Set<MemberDay>] = [:]
  private var before: [String: Set<MemberDay>] = [:]
  package private(set) var isCut = false
  package private(set) var events = 0

  package init(section: PageSpec.Section, until: Instant, zone: CalendarZone) {
    tenant = section.tenant
    self.until = until
    self.zone = zone
    heat = section.heat
    health = section.health
  }

  /// Events after the page's instant and of other tenants are passed over.
  package mutating func read(_ event: Event) {
    guard event.time <= until else { return }
    events += 1
    first = min(first ?? event.time, event.time)
    last = max(last ?? event.time, event.time)
    if let heat, event.subject.kind == .member, heat.events.contains(event.type) { weigh(event, heat) }
    if let health, let member = event.member, let community = event.community, health.events.contains(event.type) {
      let age = until - event.time
      let day = MemberDay(member: member, day: zone.date(at: event.time).daysSinceEpoch)
      if age < health.period {
        Self.insert(day, community, &now, &isCut)
      } else if age.milliseconds < 2 * health.period.milliseconds {
        Self.insert(day, community, &before, &isCut)
      }
    }
  }

  /// Days of active members of a community, now and before.
  package func active(_ community: String) -> (now: Int, before: Int) {
    (now[community]?.count ?? 0, before[community]?.count ?? 0)
  }

  private mutating func weigh(_ event: Event, _ heat: PageSpec.Heat) {
    var weight = 1
    if let field = heat.weigh {
      guard case .number(let number)? = event.field(field), number.millionths >= 0 else { return }
      weight = Int(number.millionths / 1_000_000)
    }
    let day = zone.date(at: event.time).isoWeekday - 1
    let hour = Int(zone.timeOfDay(at: event.time).milliseconds / 3_600_000)
    guard weights.indices.contains(day), weights[day].indices.contains(hour) else { return }
    weights[day][hour] += weight
    heatEvents += 1
  }

  private static func insert(
    _ day: MemberDay,
    _ community: String,
    _ sets: inout [String: Set<MemberDay>],
    _ isCut: inout Bool
  ) {
    guard sets[community] != nil || sets.count < namesMax else { return isCut = true }
    sets[community, default: []].insert(day)
  }
}
