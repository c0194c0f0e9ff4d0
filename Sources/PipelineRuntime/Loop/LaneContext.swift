import EventModel
import PipelinePorts

/// What a processor sees of its lane, and where it puts what it decides.
package struct LaneContext<Memory: Sendable, Effect: Sendable>: Sendable {
  package var memory: Memory
  package let storeEpoch: Int64
  /// The record at hand: `origin` of what it causes.
  package internal(set) var position: WrittenPosition
  /// The clock of the tenant at hand: `decidedAt`.
  package internal(set) var clock: Instant
  /// Version of the tenant's playbook in force here.
  package internal(set) var playbookVersion: Int64
  package internal(set) var outputs: [OutboundRecord] = []
  package internal(set) var rows: [TableRow] = []
  package internal(set) var effects: [RequestedEffect<Effect>] = []
  /// Ids of effects that this process has begun or is about to begin. After a crash an effect that the state says was
  /// begun is not among them.
  package internal(set) var inFlight: Set<String> = []
  package internal(set) var tallies: [Tally: Int] = [:]

  package init(memory: Memory, storeEpoch: Int64, home: PartitionID) {
    self.memory = memory
    self.storeEpoch = storeEpoch
    self.position = WrittenPosition(partition: home, offset: -1)
    self.clock = .distantPast
    self.playbookVersion = 0
  }

  package mutating func emit(_ record: OutboundRecord) { outputs.append(record) }

  /// To be done after the commit; once per id until its result came.
  package mutating func request(_ effect: Effect, id: String, of subject: [UInt8]) {
    guard inFlight.insert(id).inserted else { return }
    effects.append(RequestedEffect(subject: subject, id: id, effect: effect))
  }

  package mutating func write(_ row: TableRow) { rows.append(row) }

  package mutating func count(_ name: String, help: String, labels: [MetricsRegistry.Label] = [], by amount: Int = 1) {
    count(Tally(name, help: help, labels: labels), by: amount)
  }

  /// The same for what is counted with every record: made once, it costs no memory here.
  package mutating func count(_ tally: Tally, by amount: Int = 1) { tallies[tally, default: 0] += amount }
}
