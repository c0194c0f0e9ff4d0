import EventModel
import Playbook

// What no event can precede any more moves from the pending events into the settled fold.
extension TaggingState {
  /// Events before it can no longer come.
  static func horizon(at now: Int64) -> Int64 {
    now == Slot.none ? now : now - SeenEvents.retention / (mutated(.settledTooEarly) ? 3 : 1)
  }

  /// Makes one of head and settled fold where all that the head holds is settled: what is due before the horizon then
  /// fires in place.
  mutating func merge(_ horizon: Int64) {
    guard settled != nil, applied == pending.count, let instant = head?.instant, instant < horizon,
      instant != Slot.none
    else { return }
    settled = nil
    checkpoints.removeAll()
    forgetPending(pending.count)
  }

  /// Keeps what stands as the settled fold, before the head goes on to what can still be overtaken.
  mutating func split() {
    if settled == nil { settled = head }
  }

  /// Moves what no event can precede any more from the pending to the settled fold: the newest copy of the head that is
  /// old enough becomes the settled fold. Where there is none (after reading a stored state), events are replayed in
  /// batches, so that each is replayed once for it.
  mutating func settle(_ program: TaggingProgram, now: Int64) {
    guard settled != nil else { return }
    let horizon = Self.horizon(at: now)
    if let index = checkpoints.lastIndex(where: { $0.fold.instant < horizon }) {
      let count = checkpoints[index].applied
      settled = checkpoints[index].fold
      // The common case moves nothing of what stays; so in `forgetPending`.
      if index == checkpoints.count - 1 {
        checkpoints.removeAll(keepingCapacity: true)
      } else {
        checkpoints.removeFirst(index + 1)
      }
      forgetPending(count)
      tidy(program)
      return
    }
    let oldest = min(settled?.nextTimer ?? .max, pending.first?.time ?? .max)
    guard oldest < horizon else { return }
    let half = max(Self.settleBatch, pending.count / 2)
    guard (half < pending.count && pending[half].time < horizon) || horizon - oldest > Self.settleSpan else { return }
    var count = 0
    var unread = Journal()
    while true {
      var next = settled?.nextTimer ?? .max
      if count < pending.count { next = min(next, pending[count].time) }
      guard next < horizon else { break }
      var end = count
      while end < pending.count, pending[end].time <= next { end += 1 }
      settled?.step(at: next, pending[count..<end], program, &history, &unread)
      count = end
    }
    checkpoints.removeAll { $0.applied < count }
    forgetPending(count)
    tidy(program)
  }

  /// Drops events and texts that no fold refers to any more.
  private mutating func tidy(_ program: TaggingProgram) {
    if let fold = settled ?? head { history.compact(to: fold, program) }
    guard history.arena.isCrowded else { return }
    var used: Set<Int64> = []
    for fold in [settled, head].compactMap(\.self) + checkpoints.map(\.fold) { fold.noteKept(&used, program) }
    let moved = history.arena.keep(used.sorted())
    settled?.moveKept(moved, program)
    head?.moveKept(moved, program)
    for index in checkpoints.indices { checkpoints[index].fold.moveKept(moved, program) }
  }

  private mutating func forgetPending(_ count: Int) {
    if count == pending.count { pending.removeAll(keepingCapacity: true) } else { pending.removeFirst(count) }
    applied -= count
    for index in checkpoints.indices { checkpoints[index].applied -= count }
  }
}
