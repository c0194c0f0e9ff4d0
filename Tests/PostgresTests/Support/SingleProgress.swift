import EventModel
import PipelinePorts
import PostgresStores

extension PostgresStateStore {
  /// Progress of one partition whose frames all went to the same places.
  func published(
    group: String, partition: PartitionID, ownerEpoch: Int64, through position: Int64, written: [WrittenPosition]
  ) async throws(AdapterFailure) -> Bool {
    let frames = position > 0 ? Dictionary(uniqueKeysWithValues: (1...position).map { ($0, written) }) : [:]
    let progress = PublicationProgress(
      partition: partition, ownerEpoch: ownerEpoch, through: position, written: frames)
    return try await published(group: group, [progress]) == [partition]
  }
}
