import EventModel

/// What a page counts from the events that were imported: the store keeps no events, only what was folded of them.
/// A pure fold, in any order of events.
package struct EventTally: Sendable {
  /// Channels and communities that are counted apart; more are left out and told by `isCut`.
  package static let namesMax = 1_000

  private let tenant: String
  private let until: Instant
  private let zone: CalendarZone
  private let heat: PageSpec.Heat?
  private let health: PageSpec.Health?
  private let totals: Set<String>

  /// Weight by weekday (Monday first) and hour of the tenant's zone.
  package private(set) var weights: [[Int]] = Array(repeating: Array(repeating: 0, count: 24), count: 7)
  /// Events behind the weights, and the first and last of them.
  package private(set) var heatEvents = 0
  package private(set) var first: Instant?
  package private(set) var last: Instant?
  /// Aggregate events by channel or campaign and day: of one day the newest stands for it.
  private var totalsByDay: [String: [String: (receivedAt: Instant, count: Int)]] = [:]
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

  /// - Parameter totals: types of aggregate events, node 0 of the path.
  package init(section: PageSpec.Section, until: Instant, zone: CalendarZone, totals: [String]) {
    tenant = section.tenant
    self.until = until
    self.zone = zone
    heat = section.heat
    health = section.health
    self.totals = Set(totals)
  }

  /// Events after the page's instant and of other tenants are passed over.
  package mutating func read(_ event: Event) {
    guard event.time <= until else { return }
    events += 1
    first = min(first ?? event.time, event.time)
    last = max(last ?? event.time, event.time)
    if totals.contains(event.type) { total(event) }
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

  /// The sum of a channel's or campaign's aggregate events.
  package var exposures: [String: Int] { totalsByDay.mapValues { $0.values.reduce(0) { $0 + $1.count } } }

  private mutating func total(_ event: Event) {
    guard case .number(let count)? = event.field("count"), count.millionths >= 0 else { return }
    let id = event.subject.id
    guard totalsByDay[id] != nil || totalsByDay.count < Self.namesMax else { return isCut = true }
    var day = zone.date(at: event.time).text
    if case .string(let named)? = event.field("day") { day = named }
    if let standing = totalsByDay[id]?[day], standing.receivedAt > event.receivedAt { return }
    totalsByDay[id, default: [:]][day] = (event.receivedAt, Int(count.millionths / 1_000_000))
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
