import EventModel
import Logging
import NotifierService
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport

/// One process of a consuming service, turned by hand.
protocol ServiceProcess: AnyObject, Sendable {
  var source: MemorySource { get }
  var faults: ProcessFaults { get }
  func begin() async throws(AdapterFailure)
  func turn() async throws(AdapterFailure)
}

/// What all processes of a world share.
struct Surroundings: Sendable {
  let log: MemoryLog
  let store: MemoryStore
  let metrics: MetricsRegistry
  let channel: FakeChannel

  /// A loop with nothing but log and store in common with any other.
  func process<Processor: SubjectProcessor>(
    _ processor: Processor,
    limits: LoopLimits,
    recordsPerPoll: Int,
    perform: (@Sendable (Processor.Effect) async -> Processor.EffectResult)? = nil,
    faults: ProcessFaults
  ) -> any ServiceProcess {
    let source = MemorySource(log, recordsPerPoll: recordsPerPoll)
    let (log, store) = (log, FaultyStore(inner: store, faults: faults))
    let loop = PipelineLoop(
      processor: processor,
      source: source,
      store: store,
      playbooks: store,
      makeSink: { () throws(AdapterFailure) in FaultySink(log: log, faults: faults) },
      limits: limits,
      health: Health(needs: []),
      metrics: metrics,
      logger: .silent,
      perform: perform
    )
    faults.onDeath { await loop.stop() }
    return LoopProcess(loop: loop, source: source, faults: faults)
  }

  /// A notifier: its effects go to the fake channel.
  func notifier(limits: LoopLimits, recordsPerPoll: Int, faults: ProcessFaults) -> any ServiceProcess {
    let channel = channel
    return process(
      NotifierProcessor(),
      limits: limits,
      recordsPerPoll: recordsPerPoll,
      perform: { effect in
        let result = channel.deliver(effect)
        _ = await faults.strike(.afterEffect)
        return result
      },
      faults: faults
    )
  }
}

private final class LoopProcess<Processor: SubjectProcessor>: ServiceProcess {
  private let loop: PipelineLoop<Processor>
  let source: MemorySource
  let faults: ProcessFaults

  init(loop: PipelineLoop<Processor>, source: MemorySource, faults: ProcessFaults) {
    self.loop = loop
    self.source = source
    self.faults = faults
  }

  func begin() async throws(AdapterFailure) { try await loop.begin() }
  func turn() async throws(AdapterFailure) { try await loop.turn() }
}
