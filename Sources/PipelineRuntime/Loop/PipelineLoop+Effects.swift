import EventModel
import PipelinePorts

extension PipelineLoop {
  /// Does what the committed decisions ask for and hands the results back to their subjects.
  ///
  /// The state that says "begun" is committed before; the result goes with the next flush. A crash in between leaves a
  /// subject that knows the effect was begun and finds it not in flight: what that means is the processor's to say.
  func performEffects(of ids: [LaneID]) async {
    guard let perform else { return }
    var requests: [(LaneID, RequestedEffect<Processor.Effect>)] = []
    for id in ids {
      for request in lanes[id]?.context.effects ?? [] { requests.append((id, request)) }
      lanes[id]?.context.effects.removeAll()
    }
    guard !requests.isEmpty else { return }
    await withTaskGroup(of: (Int, Processor.EffectResult).self) { group in
      var next = 0
      func begin() {
        guard next < requests.count else { return }
        let (index, effect) = (next, requests[next].1.effect)
        group.addTask { (index, await perform(effect)) }
        next += 1
      }
      for _ in 0..<limits.effectsAtOnce { begin() }
      for await (index, result) in group {
        health.turned()
        let (id, request) = requests[index]
        complete(request, with: result, in: id)
        begin()
      }
    }
  }

  private func complete(
    _ request: RequestedEffect<Processor.Effect>,
    with result: Processor.EffectResult,
    in id: LaneID
  ) {
    guard let lane = lanes[id] else { return }
    lane.complete(request, with: result, processor: processor, programs: programs.active(in: lane.book))
  }
}
