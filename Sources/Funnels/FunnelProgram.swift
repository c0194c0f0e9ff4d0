import EventModel
import Playbook

/// The funnels of one playbook, ready to match events.
package final class FunnelProgram: Sendable {
  /// Why funnels cannot be computed; the text is the funnel's name.
  package enum Failure: Error, Hashable, Sendable {
    /// None, or more than `FunnelLimits.stepsMax`.
    case steps(funnel: String)
    /// More than `FunnelLimits.exclusionsMax`, or step numbers outside 1 ≤ from < to ≤ N.
    case exclusions(funnel: String)
  }

  /// What events of one type are to one funnel.
  struct Match: Sendable {
    var funnel: Int
    var steps: [(bit: Int, filter: Formula?)]
    var barriers: [(slot: Int, filter: Formula?)]
    /// Steps must be the member's own, and every behaviour event is marked in this slot.
    var strictSlot: Int?
  }

  let funnels: [CompiledFunnel]
  /// Indices of the funnels in the order of their names (UTF-8): the order of changes.
  let nameOrder: [Int]
  private let zone: CalendarZone
  /// Type to what its events are, in `nameOrder`.
  private let matches: [String: [Match]]
  /// For types that no funnel names: the strict funnels.
  private let otherMatches: [Match]

  package init(funnels definitions: [FunnelDefinition], zone: CalendarZone) throws(Failure) {
    for definition in definitions { try Self.check(definition) }
    self.zone = zone
    funnels = definitions.enumerated().map { CompiledFunnel(index: $0, definition: $1) }
    nameOrder = definitions.indices.sorted {
      let (left, right) = (definitions[$0].name.utf8, definitions[$1].name.utf8)
      return left.elementsEqual(right) ? $0 < $1 : left.lexicographicallyPrecedes(right)
    }
    var types: Set<String> = []
    for definition in definitions {
      for step in definition.steps { types.formUnion(step.types) }
      for exclusion in definition.exclusions { types.formUnion(exclusion.types) }
    }
    var matches: [String: [Match]] = [:]
    for type in types {
      matches[type] = nameOrder.compactMap { Self.match(type: type, funnel: $0, definition: definitions[$0]) }
    }
    self.matches = matches
    otherMatches = nameOrder.compactMap { Self.match(type: nil, funnel: $0, definition: definitions[$0]) }
  }

  /// Number of funnels.
  package var count: Int { funnels.count }

  private static func check(_ definition: FunnelDefinition) throws(Failure) {
    let steps = definition.steps.count
    guard (1...FunnelLimits.stepsMax).contains(steps) else { throw .steps(funnel: definition.name) }
    let sound = definition.exclusions.allSatisfy { $0.from >= 1 && $0.from < $0.to && $0.to <= steps }
    guard sound, definition.exclusions.count <= FunnelLimits.exclusionsMax else {
      throw .exclusions(funnel: definition.name)
    }
  }

  private static func match(type: String?, funnel: Int, definition: FunnelDefinition) -> Match? {
    var match = Match(funnel: funnel, steps: [], barriers: [])
    if let type {
      for (bit, step) in definition.steps.enumerated() where step.types.contains(type) {
        match.steps.append((bit, step.filter))
      }
      if definition.order != .any {
        for (slot, exclusion) in definition.exclusions.enumerated() where exclusion.types.contains(type) {
          match.barriers.append((slot, exclusion.filter))
        }
      }
    }
    if definition.order == .strict { match.strictSlot = definition.exclusions.count }
    return match.steps.isEmpty && match.barriers.isEmpty && match.strictSlot == nil ? nil : match
  }
}

extension FunnelProgram {
  /// What each funnel keeps of an event, in the order of the funnels' names; funnels to which it is nothing are left
  /// out.
  func marks(of event: Event) -> [(funnel: Int, mark: EventMark)] {
    let candidates = matches[event.type] ?? otherMatches
    guard !candidates.isEmpty else { return [] }
    let context = EventContext(event: event)
    var day: LocalDate?
    var result: [(funnel: Int, mark: EventMark)] = []
    for candidate in candidates {
      let (steps, barriers) = Self.bits(of: candidate, event: event, context: context)
      guard steps != 0 || barriers != 0 else { continue }
      let funnel = funnels[candidate.funnel]
      let local = day ?? zone.date(at: event.time)
      day = local
      let mark = EventMark(
        time: event.time,
        rank: steps == 0 ? funnel.stepCount + 1 : steps.trailingZeroBitCount + 1,
        id: Array(event.id.utf8),
        steps: steps,
        barriers: barriers,
        day: local,
        breakdown: steps == 0 ? nil : breakdown(of: event, funnel: funnel)
      )
      result.append((candidate.funnel, mark))
    }
    return result
  }

  private static func bits(
    of match: Match,
    event: Event,
    context: EventContext
  ) -> (steps: UInt32, barriers: UInt64) {
    var steps: UInt32 = 0
    var barriers: UInt64 = 0
    if match.strictSlot == nil || event.actor == .member {
      for step in match.steps where holds(step.filter, context) { steps |= 1 << UInt32(step.bit) }
    }
    for barrier in match.barriers where holds(barrier.filter, context) { barriers |= 1 << UInt64(barrier.slot) }
    if let slot = match.strictSlot, isBehaviour(event) { barriers |= 1 << UInt64(slot) }
    return (steps, barriers)
  }

  private static func holds(_ filter: Formula?, _ context: EventContext) -> Bool {
    guard let filter else { return true }
    return filter.evaluate(in: context) == .bool(true)
  }

  /// An act of the member's own, not a receipt or a change of identity or consent.
  private static func isBehaviour(_ event: Event) -> Bool {
    event.actor == .member
      && !["touch.", "member.", "consent."].contains { event.type.utf8.starts(with: $0.utf8) }
  }

  private func breakdown(of event: Event, funnel: CompiledFunnel) -> String? {
    guard let name = funnel.breakdownField, let value = event.field(name) else { return nil }
    return Self.text(of: value)
  }

  /// A breakdown value as it is counted by; nil for null and for what is longer than
  /// `FunnelLimits.breakdownBytesMax`.
  static func text(of value: Value) -> String? {
    let text: String
    switch value {
    case .null: return nil
    case .string(let string): text = string
    case .bool, .number, .time, .span, .list, .object: text = String(decoding: value.canonicalJSON, as: UTF8.self)
    }
    return text.utf8.count <= FunnelLimits.breakdownBytesMax ? text : nil
  }
}
