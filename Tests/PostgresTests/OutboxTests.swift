import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

@Suite("The outbox")
struct OutboxTests {
  private static let tags = "hearth.tags.v1"

  @Test("frames come back in order from any position, until they are published")
  func frames() async throws {
    let store = try await TestDatabase.make().store()
    let claim = try await Self.owner(store, frames: 5)
    let all = try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 99)
    #expect(all.map(\.position) == [1, 2, 3, 4, 5])
    #expect(all[2].records == [record("3"), record("3b")])
    let some = try await store.frames(group: "tagger", partition: place(0), after: 2, framesMax: 2)
    #expect(some.map(\.position) == [3, 4])
    #expect(try await store.publish(claim.ownerEpoch, through: 3))
    let left = try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 99)
    #expect(left.map(\.position) == [4, 5])
    let next = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    #expect(next.publishedThrough == 3)
    #expect(next.outboxPosition == 5)
  }

  @Test("a flush that says what is published drops those frames; less than stands changes nothing")
  func publishedByFlush() async throws {
    let store = try await TestDatabase.make().store()
    let claim = try await Self.owner(store, frames: 4)
    let flush = claim.flush(to: 9, flushesDone: 4, publishedThrough: 2)
    #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    let left = try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 99)
    #expect(left.map(\.position) == [3, 4])
    #expect(
      try await store.commit(group: "tagger", [claim.flush(to: 9, flushesDone: 5, publishedThrough: 1)]) == .committed
    )
    #expect(try await store.claim(group: "tagger", partitions: [place(0)])[0].publishedThrough == 2)
  }

  @Test("a former owner and a position past the outbox are refused")
  func refused() async throws {
    let store = try await TestDatabase.make().store()
    let claim = try await Self.owner(store, frames: 2)
    #expect(try await !store.publish(claim.ownerEpoch, through: 3))
    _ = try await store.claim(group: "tagger", partitions: [place(0)])
    #expect(try await !store.publish(claim.ownerEpoch, through: 1))
    #expect(try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 9).count == 2)
  }

  @Test("retained frames stay until every registered group has folded their records")
  func retained() async throws {
    let database = try await TestDatabase.make()
    let store = database.store(retainFrames: true)
    try await LogAdministration(pool: database.pool()).registerGroup("archive", topics: [Self.tags: 2])
    let claim = try await Self.owner(store, frames: 3)
    func publish(_ through: Int64, _ written: [(Int32, Int64)]) async throws -> Bool {
      let places = written.map { WrittenPosition(partition: place($0.0, topic: Self.tags), offset: $0.1) }
      return try await store.publish(claim.ownerEpoch, through: through, written: [through: places])
    }
    #expect(try await publish(1, [(0, 10), (0, 11), (1, 4)]))
    #expect(try await publish(2, [(1, 5)]))
    #expect(try await Self.positions(store) == [1, 2, 3])
    let segmenter = try await store.claim(
      group: "segmenter",
      partitions: [place(0, topic: Self.tags), place(1, topic: Self.tags)]
    )
    #expect(
      try await store.commit(group: "segmenter", [segmenter[0].flush(to: 12), segmenter[1].flush(to: 6)]) == .committed
    )
    #expect(try await store.pruneFrames() == 0)
    let archive = try await store.claim(
      group: "archive",
      partitions: [place(0, topic: Self.tags), place(1, topic: Self.tags)]
    )
    #expect(
      try await store.commit(group: "archive", [archive[0].flush(to: 11), archive[1].flush(to: 6)]) == .committed
    )
    // Frame 2 is folded by both; frame 1 went up to offset 11, which the archive has yet to fold.
    #expect(try await store.pruneFrames() == 1)
    #expect(try await Self.positions(store) == [1, 3])
    #expect(try await store.commit(group: "archive", [archive[0].flush(to: 12, flushesDone: 1)]) == .committed)
    #expect(try await store.pruneFrames() == 1)
    #expect(try await Self.positions(store) == [3])
  }

  @Test("a new log epoch starts every group at 0, fences the owners and publishes again what was not folded by all")
  func logEpoch() async throws {
    let database = try await TestDatabase.make()
    let store = database.store(retainFrames: true)
    let administration = LogAdministration(pool: database.pool())
    try await administration.registerGroup("segmenter", topics: [Self.tags: 1])
    let owner = try await Self.owner(store, frames: 3)
    for position in 1...3 as ClosedRange<Int64> {
      let places = [WrittenPosition(partition: place(0, topic: Self.tags), offset: position * 10)]
      #expect(try await store.publish(owner.ownerEpoch, through: position, written: [position: places]))
    }
    let segmenter = try await store.claim(group: "segmenter", partitions: [place(0, topic: Self.tags)])[0]
    #expect(try await store.commit(group: "segmenter", [segmenter.flush(to: 11)]) == .committed)

    #expect(try await administration.openLogEpoch(reason: "new broker") == 2)
    #expect(try await store.commit(group: "tagger", [owner.flush(to: 9, flushesDone: 3)]) == .lost([place(0)]))
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    #expect(claim.logEpoch == 2)
    #expect(claim.nextOffset == 0)
    #expect(claim.foldedEpochs == [1: 3])
    #expect(claim.publishedThrough == 1)
    #expect(claim.outboxPosition == 3)
    #expect(try await Self.positions(store) == [2, 3])
    #expect(try await store.pruneFrames() == 0)
    let new = try await store.claim(group: "new", partitions: [place(0)])[0]
    #expect(new.logEpoch == 2)
    #expect(new.foldedEpochs.isEmpty)
    #expect(try await administration.openLogEpoch(topics: [Self.tags], reason: "topic made anew") == 3)
    let after = try await store.claim(group: "tagger", partitions: [place(0), place(0, topic: Self.tags)])
    #expect(after.map(\.logEpoch) == [2, 3])
  }

  @Test("a retained frame whose place in the log was never noted is not taken for published: it goes out again")
  func unnoted() async throws {
    let database = try await TestDatabase.make()
    let store = database.store(retainFrames: true)
    let claim = try await Self.owner(store, frames: 2)
    // The owner published both, said so in its next flush, and died before it noted where they went.
    let flush = claim.flush(to: 9, flushesDone: 2, publishedThrough: 2)
    #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    #expect(try await store.claim(group: "tagger", partitions: [place(0)])[0].publishedThrough == 0)
    #expect(try await Self.positions(store) == [1, 2])
    // Nor is one taken so that an older program left behind.
    _ = try await database.connection().query("UPDATE partition_offsets SET published_through = 2")
    _ = try await LogAdministration(pool: database.pool()).openLogEpoch(reason: "new broker")
    #expect(try await store.claim(group: "tagger", partitions: [place(0)])[0].publishedThrough == 0)
  }

  @Test("progress of several partitions is noted at once; those of a former owner are left out")
  func severalPartitions() async throws {
    let store = try await TestDatabase.make().store()
    let claims = try await store.claim(group: "tagger", partitions: [place(0), place(1), place(2)])
    let flushes = claims.map { $0.flush(to: 1, frame: OutboxFrame(position: 1, records: [record("a")])) }
    #expect(try await store.commit(group: "tagger", flushes) == .committed)
    _ = try await store.claim(group: "tagger", partitions: [place(1)])
    let progress = claims.reversed().map {
      PublicationProgress(partition: $0.partition, ownerEpoch: $0.ownerEpoch, through: 1, written: [:])
    }
    #expect(try await Set(store.published(group: "tagger", progress)) == [place(0), place(2)])
    #expect(try await store.published(group: "tagger", []).isEmpty)
    #expect(try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 9).isEmpty)
    #expect(try await store.frames(group: "tagger", partition: place(1), after: 0, framesMax: 9).count == 1)
  }

  /// An owner of partition 0 that has flushed so many frames, one a flush.
  private static func owner(_ store: PostgresStateStore, frames: Int64) async throws -> Claim {
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    for position in 1...frames {
      let frame = OutboxFrame(position: position, records: [record("\(position)"), record("\(position)b")])
      let flush = claim.flush(to: position, flushesDone: position - 1, frame: frame)
      #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    }
    return claim
  }

  private static func positions(_ store: PostgresStateStore) async throws -> [Int64] {
    try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 99).map(\.position)
  }
}
