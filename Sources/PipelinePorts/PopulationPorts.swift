import EventModel

/// A population segment at one instant.
package struct PopulationInstant: Hashable, Sendable {
  package var tenant: String
  package var segment: String
  package var asOf: Instant
  package init(tenant: String, segment: String, asOf: Instant) {
    self.tenant = tenant
    self.segment = segment
    self.asOf = asOf
  }
}

/// The snapshots that partitions' owners have stored, and the cuts decided from them.
package protocol PopulationStore: Sendable {
  /// The newest instant of each segment that all `partitionCount` partitions have stored and that has no cut yet.
  func complete(partitionCount: Int) async throws(AdapterFailure) -> [PopulationInstant]
  /// The stored snapshots of an instant, in the segmenter's own form.
  func snapshots(of instant: PopulationInstant) async throws(AdapterFailure) -> [[UInt8]]
  /// Notes a cut (its control record) as written to the log, and forgets snapshots up to it.
  func decided(_ instant: PopulationInstant, record: [UInt8]) async throws(AdapterFailure)
  /// The newest cut of every segment, as its control record.
  func newestCuts() async throws(AdapterFailure) -> [[UInt8]]
}
