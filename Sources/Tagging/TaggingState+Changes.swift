import EventModel
import Playbook

extension TaggingState {
  /// The changes between what outputs were and what they are.
  ///
  /// - Parameters:
  ///   - cause: of a differing value.
  ///   - late: of a value whose start alone differs; nil where that cannot be.
  func changes(
    _ before: [(index: Int, slot: Slot)],
    _ program: TaggingProgram,
    cause: ChangeCause,
    late: ChangeCause?
  ) -> (tags: [TagChange], signals: [SignalChange]) {
    guard let head, !before.isEmpty else { return ([], []) }
    var tags: [TagChange] = []
    var signals: [SignalChange] = []
    for (index, was) in before.sorted(by: { $0.index < $1.index }) {
      let slot = head.slot(program.outputs[index])
      let differs = !history.arena.same(slot.value, was.value)
      guard differs || (slot.since != was.since && !isUnborn(slot, was)) else { continue }
      let change = TagChange(
        tag: index,
        value: history.arena.unpack(slot.value),
        was: history.arena.unpack(was.value),
        since: Instant(milliseconds: slot.since),
        cause: differs ? cause : late ?? cause,
        deciding: deciding(index, head, history.arena, program)
      )
      let signal = index - program.program.tags.count
      if signal < 0 {
        tags.append(change)
      } else {
        signals.append(
          SignalChange(
            signal: signal,
            value: change.value,
            was: change.was,
            since: change.since,
            cause: change.cause,
            deciding: change.deciding
          )
        )
      }
    }
    return (tags, signals)
  }

  /// Null since the subject's birth, before and after: never published, so nothing to mend.
  private func isUnborn(_ slot: Slot, _ was: Slot) -> Bool {
    slot.value.kind == .null && was.formerSince == Slot.none && slot.formerSince == Slot.none
  }

  /// What the output's formulas read: of cases, up to the one that held.
  func deciding(
    _ index: Int,
    _ head: FoldState,
    _ arena: ValueArena,
    _ program: TaggingProgram
  ) -> [DecidingValue] {
    let plan = program.outputs[index]
    let standing = head.packed(plan.at.value)
    var readings: [OutputPlan.Reading] = []
    for (place, reads) in plan.reads.enumerated() {
      for reading in reads where !readings.contains(reading) { readings.append(reading) }
      if case .cases(let cases, otherwise: _) = plan.rule, arena.holds(standing, cases[place].value) { break }
    }
    return readings.compactMap { reading in
      switch reading {
      case .metric(let metric) where metric < program.metrics.count:
        let plan = program.metrics[metric]
        let value = arena.unpack(head.packed(plan.at.value))
        return DecidingValue(name: plan.name, value: value, approximate: head.isApproximate(plan))
      case .tag(let tag) where tag < index:
        let value = arena.unpack(head.packed(program.outputs[tag].at.value))
        return DecidingValue(name: program.outputs[tag].name, value: value, approximate: false)
      default: return nil
      }
    }
  }
}
