import EventModel

/// The leader's view of which partitions have stored which snapshots: says what can be ranked.
package struct PopulationBoard: Sendable {
  private let partitionCount: Int
  /// Segment to instant to the partitions that have stored theirs.
  private var stored: [String: [Instant: Set<Int32>]] = [:]
  private var decided: [String: Instant] = [:]

  /// - Parameter partitionCount: partitions of the signals' topic, numbered from 0.
  package init(partitionCount: Int) { self.partitionCount = partitionCount }

  /// Notes a stored snapshot; repeats, and instants that are decided already, say nothing new.
  package mutating func note(segment: String, asOf: Instant, partition: Int32) {
    guard partition >= 0, Int(partition) < partitionCount, asOf > (decided[segment] ?? .distantPast) else { return }
    stored[segment, default: [:]][asOf, default: []].insert(partition)
  }

  /// The newest instant per segment that all partitions have stored and that is newer than the last decided, in order
  /// of name; older ones are given up. Each is given out once.
  package mutating func takeComplete() -> [(segment: String, asOf: Instant)] {
    var complete: [(segment: String, asOf: Instant)] = []
    for segment in stored.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      guard let newest = stored[segment]?.filter({ $0.value.count == partitionCount }).keys.max() else { continue }
      decide(segment: segment, asOf: newest)
      complete.append((segment, newest))
    }
    return complete
  }

  /// A cut that stands in the log already, as a new leader learns it.
  package mutating func decide(segment: String, asOf: Instant) {
    guard asOf > (decided[segment] ?? .distantPast) else { return }
    decided[segment] = asOf
    stored[segment] = stored[segment]?.filter { $0.key > asOf }
  }
}
