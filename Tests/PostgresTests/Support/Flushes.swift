import EventModel
import PipelinePorts

let events = "hearth.events.v1"

func place(_ partition: Int32, topic: String = events) -> PartitionID {
  PartitionID(topic: topic, partition: partition)
}

func write(_ key: String, _ state: String, due: Int64? = nil, projection: String? = nil) -> SubjectWrite {
  SubjectWrite(
    key: Array(key.utf8),
    state: Array(state.utf8),
    due: due.map { Instant(milliseconds: $0) },
    projection: projection.map { Array($0.utf8) }
  )
}

func record(_ value: String, topic: String = "hearth.tags.v1", partition: Int32? = nil) -> OutboundRecord {
  OutboundRecord(
    topic: topic,
    partition: partition,
    key: Array("t/member/1".utf8),
    value: Array(value.utf8),
    headers: [LogHeader(name: "hearth-type", value: [1, 2])]
  )
}

extension Claim {
  /// The next flush of an owner that has made `flushesDone` since its claim.
  func flush(
    to nextOffset: Int64,
    flushesDone: Int64 = 0,
    publishedThrough: Int64? = nil,
    state: String = "",
    subjects: [SubjectWrite] = [],
    rows: [TableRow] = [],
    frame: OutboxFrame? = nil
  ) -> PartitionFlush {
    PartitionFlush(
      partition: partition,
      logEpoch: logEpoch,
      ownerEpoch: ownerEpoch,
      flushNumber: flushNumber + flushesDone,
      nextOffset: nextOffset,
      publishedThrough: publishedThrough ?? self.publishedThrough,
      state: Array(state.utf8),
      subjects: subjects,
      rows: rows,
      frame: frame
    )
  }
}

extension StateStore {
  /// Notes frames of partition 0 as published; whether the owner's epoch held.
  func publish(
    _ ownerEpoch: Int64,
    through: Int64,
    written: [Int64: [WrittenPosition]] = [:]
  ) async throws -> Bool {
    let progress = PublicationProgress(
      partition: place(0),
      ownerEpoch: ownerEpoch,
      through: through,
      written: written
    )
    return try await published(group: "tagger", [progress]) == [place(0)]
  }

  /// The state stored for a subject, as text.
  func state(_ key: String, group: String = "tagger") async throws -> String? {
    try await subjects(group: group, keys: [Array(key.utf8)]).first.map { String(decoding: $0.state, as: UTF8.self) }
  }
}
