import EventModel
import Playbook

/// A funnel in the form the solvers compute with.
struct CompiledFunnel: Sendable {
  /// No event that matches slot `slot` may stand strictly between the events of steps `from` and `to` (1-based).
  struct Barrier: Hashable, Sendable {
    var from: Int
    var to: Int
    var slot: Int
  }

  let index: Int
  let name: String
  let window: TimeSpan
  let order: FunnelDefinition.Order
  let stepCount: Int
  /// Exclusions; in strict funnels also the behaviour events, one barrier for each two consecutive steps.
  let barriers: [Barrier]
  let slotCount: Int
  let breakdown: FunnelDefinition.Breakdown?

  init(index: Int, definition: FunnelDefinition) {
    self.index = index
    name = definition.name
    window = definition.window
    order = definition.order
    stepCount = definition.steps.count
    breakdown = definition.breakdown
    let exclusions = definition.order == .any ? [] : definition.exclusions
    var barriers = exclusions.enumerated().map { Barrier(from: $1.from, to: $1.to, slot: $0) }
    if definition.order == .strict {
      let slot = exclusions.count
      for step in stride(from: 1, to: definition.steps.count, by: 1) {
        barriers.append(Barrier(from: step, to: step + 1, slot: slot))
      }
      slotCount = slot + 1
    } else {
      slotCount = exclusions.count
    }
    self.barriers = barriers
  }

  /// The bits that an event's `steps` may have.
  var stepMask: UInt32 { stepCount >= 32 ? .max : (1 << UInt32(stepCount)) - 1 }

  /// May a chain begin with it?
  func isStart(_ mark: EventMark) -> Bool {
    order == .any ? mark.steps & stepMask != 0 : mark.steps & 1 != 0
  }

  /// Index of the member tag that breaks the funnel down.
  var breakdownTag: Int? {
    if case .tag(let tag) = breakdown?.by { tag } else { nil }
  }

  var breakdownField: String? {
    if case .field(let name) = breakdown?.by { name } else { nil }
  }

  /// The first local day that is not final at `clock`; a day becomes final here up to two days after its end + window
  /// + lateness + 5 min, which no accepted event can tell apart and which needs no look at the zone.
  func firstLiveDay(at clock: Instant) -> LocalDate {
    let horizon = clock - retention
    return LocalDate(daysSinceEpoch: Int(floorDivide(horizon.milliseconds - 1, 86_400_000).quotient))
  }

  /// In `any` a final entry is kept this much longer, for the later ones that may lie inside it.
  func firstKeptDay(at clock: Instant) -> LocalDate {
    firstLiveDay(at: order == .any ? clock - window - .days(1) : clock)
  }

  private var retention: TimeSpan {
    TimeSpan(
      milliseconds: window.milliseconds + AcceptanceLimits.lateness.milliseconds
        + AcceptanceLimits.ahead.milliseconds + FunnelLimits.zoneSlack.milliseconds
    )
  }
}
