import EventModel
import Funnels
import Playbook

/// Entries by the letter of the definition: every chain is enumerated. Exponential; for a dozen events.
struct FunnelOracle {
  /// What the definition says of one entry.
  struct Entry: Hashable {
    var day: LocalDate
    var level: Int
    var status: FunnelStatus
    var times: [Instant?]
    var breakdown: String?
  }

  private struct Item {
    var event: Event
    var steps: Set<Int>
    var excluded: Set<Int>
    var isBehaviour: Bool
    var rank: Int
  }

  private let definition: FunnelDefinition
  private let zone: CalendarZone
  private let clock: Instant
  private let tagValue: (Instant) -> Value
  private var items: [Item] = []
  private var count: Int { definition.steps.count }

  init(
    _ definition: FunnelDefinition,
    events: [Event],
    zone: CalendarZone,
    clock: Instant,
    tagValue: @escaping (Instant) -> Value = { _ in .null }
  ) {
    self.definition = definition
    self.zone = zone
    self.clock = clock
    self.tagValue = tagValue
    items = events.filter { $0.time <= clock }.map(item).sorted(by: Self.precedes)
  }

  private func item(_ event: Event) -> Item {
    let own = definition.order != .strict || event.actor == .member
    let steps = (1...count).filter { step in
      let definition = definition.steps[step - 1]
      return own && definition.types.contains(event.type) && holds(definition.filter, event)
    }
    let excluded = definition.exclusions.indices.filter { index in
      let exclusion = definition.exclusions[index]
      return exclusion.types.contains(event.type) && holds(exclusion.filter, event)
    }
    let special = ["touch.", "member.", "consent."].contains { event.type.hasPrefix($0) }
    return Item(
      event: event,
      steps: Set(steps),
      excluded: Set(excluded),
      isBehaviour: event.actor == .member && !special,
      rank: steps.min() ?? count + 1
    )
  }

  private func holds(_ filter: Formula?, _ event: Event) -> Bool {
    filter.map { $0.evaluate(in: EventContext(event: event)) == .bool(true) } ?? true
  }

  private static func precedes(_ left: Item, _ right: Item) -> Bool {
    if left.event.time != right.event.time { return left.event.time < right.event.time }
    if left.rank != right.rank { return left.rank < right.rank }
    return Array(left.event.id.utf8).lexicographicallyPrecedes(Array(right.event.id.utf8))
  }

  private func day(_ position: Int) -> LocalDate { zone.date(at: items[position].event.time) }

  func entries() -> [Entry] { definition.order == .any ? anyEntries() : orderedEntries() }

  // MARK: ordered and strict

  private func orderedEntries() -> [Entry] {
    var chains: [LocalDate: Set<[Int]>] = [:]
    for start in items.indices where items[start].steps.contains(1) {
      for chain in raw(extending: [start]) { chains[day(start), default: []].insert(cut(chain)) }
    }
    return chains.keys.sorted().map { day in
      let valid = Array(chains[day] ?? [])
      let best = valid.min(by: isBetter) ?? []
      let open = valid.contains(where: canGrow)
      var times = best.map { Optional(items[$0].event.time) }
      times += Array(repeating: nil, count: count - best.count)
      return Entry(
        day: day,
        level: best.count,
        status: best.count == count ? .converted : open ? .open : .dropped,
        times: times,
        breakdown: breakdown(best, steps: best.indices.map { $0 + 1 })
      )
    }
  }

  /// All chains before the rule of exclusion that begin with `chain`.
  private func raw(extending chain: [Int]) -> [[Int]] {
    var result = [chain]
    guard chain.count < count else { return result }
    for next in items.indices.dropFirst(chain[chain.count - 1] + 1) {
      guard items[next].steps.contains(chain.count + 1),
        items[next].event.time - items[chain[0]].event.time <= definition.window
      else { continue }
      if definition.order == .strict, (chain[chain.count - 1] + 1..<next).contains(where: { items[$0].isBehaviour }) {
        continue
      }
      result += raw(extending: chain + [next])
    }
    return result
  }

  private func cut(_ chain: [Int]) -> [Int] {
    var length = chain.count
    for (index, exclusion) in definition.exclusions.enumerated() where exclusion.to <= chain.count {
      let between = (chain[exclusion.from - 1] + 1)..<chain[exclusion.to - 1]
      if between.contains(where: { items[$0].excluded.contains(index) }) { length = min(length, exclusion.to - 1) }
    }
    return Array(chain.prefix(length))
  }

  private func isBetter(_ left: [Int], _ right: [Int]) -> Bool {
    if left.count != right.count { return left.count > right.count }
    if left[0] != right[0] { return left[0] > right[0] }
    return left.lexicographicallyPrecedes(right)
  }

  /// Could an event after all known ones be the chain's next, uncut?
  private func canGrow(_ chain: [Int]) -> Bool {
    guard chain.count < count, clock <= items[chain[0]].event.time + definition.window else { return false }
    if definition.order == .strict,
      (chain[chain.count - 1] + 1..<items.count).contains(where: { items[$0].isBehaviour })
    {
      return false
    }
    return cut(chain + [items.count]).count == chain.count + 1
  }

  // MARK: any

  private func anyEntries() -> [Entry] {
    var sets: [LocalDate: [[Int]]] = [:]
    for set in independentSets() { sets[day(set[0]), default: []].append(set) }
    var kept: [Set<Int>] = []
    var entries: [Entry] = []
    for day in sets.keys.sorted() {
      let valid = sets[day] ?? []
      let best = valid.min(by: isBetter) ?? []
      if kept.contains(where: { $0.isSuperset(of: best) }) { continue }
      kept.append(Set(best))
      let open = valid.contains { $0.count < count && clock <= items[$0[0]].event.time + definition.window }
      let steps = earliestAssignment(best)
      var times: [Instant?] = Array(repeating: nil, count: count)
      for (position, step) in zip(best, steps) { times[step - 1] = items[position].event.time }
      entries.append(
        Entry(
          day: day,
          level: best.count,
          status: best.count == count ? .converted : open ? .open : .dropped,
          times: times,
          breakdown: breakdown(best, steps: steps)
        )
      )
    }
    return entries
  }

  private func independentSets() -> [[Int]] {
    items.indices.flatMap { independent(extending: [$0]) }
  }

  /// All sets that begin with `set`, itself among them; none if its events cannot have distinct steps.
  private func independent(extending set: [Int]) -> [[Int]] {
    guard set.count <= count, !assignments(set).isEmpty else { return [] }
    let limit = items[set[0]].event.time + definition.window
    let next = items.indices.filter { $0 > set[set.count - 1] && items[$0].event.time <= limit }
    return [set] + next.flatMap { independent(extending: set + [$0]) }
  }

  /// Every way to give the events distinct steps.
  private func assignments(_ set: [Int]) -> [[Int]] {
    set.reduce([[]]) { partial, position in
      partial.flatMap { taken in items[position].steps.subtracting(taken).map { taken + [$0] } }
    }
  }

  private func earliestAssignment(_ set: [Int]) -> [Int] {
    let ways = assignments(set).map { steps in
      (steps: steps, row: (1...count).map { step in steps.firstIndex(of: step).map { set[$0] } ?? Int.max })
    }
    return ways.min { $0.row.lexicographicallyPrecedes($1.row) }?.steps ?? []
  }

  // MARK: breakdown

  private func breakdown(_ chain: [Int], steps: [Int]) -> String? {
    guard let breakdown = definition.breakdown else { return nil }
    guard case .field(let name) = breakdown.by else { return Self.text(tagValue(items[chain[0]].event.time)) }
    let values = chain.map { Self.text(items[$0].event.field(name) ?? .null) }
    switch breakdown.attribution {
    case .step(let step): return steps.firstIndex(of: step).flatMap { values[$0] }
    case .first: return values.compactMap { $0 }.first
    case .last: return values.compactMap { $0 }.last
    }
  }

  private static func text(_ value: Value) -> String? {
    switch value {
    case .null: nil
    case .string(let text): text
    default: String(decoding: value.canonicalJSON, as: UTF8.self)
    }
  }
}
