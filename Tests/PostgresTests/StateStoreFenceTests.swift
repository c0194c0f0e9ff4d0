import EventModel
import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

@Suite("Fences of the state store")
struct StateStoreFenceTests {
  @Test("a first claim makes the row; each further one raises the owner epoch alone")
  func claims() async throws {
    let store = try await TestDatabase.make().store()
    let first = try await store.claim(group: "tagger", partitions: [place(1), place(0)])
    #expect(first.map(\.partition) == [place(0), place(1)])
    #expect(first.allSatisfy { $0.ownerEpoch == 1 && $0.logEpoch == 1 && $0.flushNumber == 0 && $0.nextOffset == 0 })
    let flush = first[0].flush(to: 7, state: "clock", frame: OutboxFrame(position: 1, records: [record("a")]))
    #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    let second = try await store.claim(group: "tagger", partitions: [place(0)])
    #expect(
      second == [
        Claim(
          partition: place(0),
          logEpoch: 1,
          ownerEpoch: 2,
          flushNumber: 1,
          nextOffset: 7,
          outboxPosition: 1,
          publishedThrough: 0,
          state: Array("clock".utf8)
        )
      ]
    )
    #expect(try await store.claim(group: "other", partitions: [place(0)])[0].ownerEpoch == 1)
    #expect(try await store.claim(group: "tagger", partitions: []).isEmpty)
  }

  @Test("a zombie loses: nothing of its flush is written")
  func zombie() async throws {
    let store = try await TestDatabase.make().store()
    let zombie = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let owner = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let late = zombie.flush(
      to: 5,
      subjects: [write("t/member/1", "zombie")],
      frame: OutboxFrame(position: 1, records: [record("z")])
    )
    #expect(try await store.commit(group: "tagger", [late]) == .lost([place(0)]))
    #expect(try await store.state("t/member/1") == nil)
    #expect(try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 9).isEmpty)
    #expect(try await store.commit(group: "tagger", [owner.flush(to: 3)]) == .committed)
    #expect(try await store.commit(group: "tagger", [late]) == .lost([place(0)]))
    #expect(try await !store.publish(zombie.ownerEpoch, through: 0))
  }

  @Test("the same flush twice, a skipped flush and another log epoch are lost")
  func fenceParts() async throws {
    let store = try await TestDatabase.make().store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 1)]) == .committed)
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 1)]) == .lost([place(0)]))
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 2, flushesDone: 2)]) == .lost([place(0)]))
    var other = claim.flush(to: 2, flushesDone: 1)
    other.logEpoch = 2
    #expect(try await store.commit(group: "tagger", [other]) == .lost([place(0)]))
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 2, flushesDone: 1)]) == .committed)
    #expect(
      try await store.fences(group: "tagger", partitions: [place(0), place(9)])
        == [FencePosition(partition: place(0), logEpoch: 1, ownerEpoch: 1, flushNumber: 2)]
    )
  }

  @Test("a lost partition takes the whole flush back, and the others commit without it")
  func partlyLost() async throws {
    let store = try await TestDatabase.make().store()
    let claims = try await store.claim(group: "tagger", partitions: [place(0), place(1), place(2)])
    _ = try await store.claim(group: "tagger", partitions: [place(1)])
    let flushes = claims.map { $0.flush(to: 4, subjects: [write("t/member/\($0.partition.partition)", "new")]) }
    #expect(try await store.commit(group: "tagger", flushes) == .lost([place(1)]))
    #expect(try await store.state("t/member/0") == nil)
    let kept = flushes.filter { $0.partition != place(1) }
    #expect(try await store.commit(group: "tagger", kept) == .committed)
    #expect(try await store.state("t/member/0") == "new")
    #expect(try await store.state("t/member/1") == nil)
    #expect(try await store.state("t/member/2") == "new")
  }

  @Test("of two owners forced onto one partition exactly one wins each flush")
  func twoOwners() async throws {
    let database = try await TestDatabase.make()
    let claim = try await database.store().claim(group: "tagger", partitions: [place(0)])[0]
    let wins = try await withThrowingTaskGroup(of: [Int64].self) { group in
      for owner in 0..<2 {
        group.addTask {
          let store = database.store()
          var won: [Int64] = []
          for number in 0..<40 {
            let flush = claim.flush(
              to: Int64(number + 1),
              flushesDone: Int64(number),
              subjects: [write("t/member/1", "owner \(owner) flush \(number)")]
            )
            if try await store.commit(group: "tagger", [flush]) == .committed { won.append(Int64(number)) }
          }
          return won
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    // Each number is won at most once, and together they are a prefix: no number is won before the one below it.
    #expect(wins.sorted() == Array(0..<Int64(wins.count)))
    let fence = try await database.store().fences(group: "tagger", partitions: [place(0)])[0]
    #expect(fence.flushNumber == Int64(wins.count))
  }

  @Test("two processes that commit and claim the same partitions in opposite orders never deadlock")
  func noDeadlock() async throws {
    let database = try await TestDatabase.make()
    let places = (0..<8).map { place($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for process in 0..<4 {
        group.addTask {
          let store = database.store()
          for turn in 0..<15 {
            let order = (turn + process).isMultiple(of: 2) ? places : places.reversed()
            let claims = try await store.claim(group: "tagger", partitions: order)
            let flushes = claims.map { claim in
              claim.flush(to: 1, subjects: [write("t/member/\(claim.partition.partition)", "x")])
            }
            _ = try await store.commit(group: "tagger", process.isMultiple(of: 2) ? flushes : flushes.reversed())
          }
        }
      }
      // A deadlock would surface as the failure 40P01.
      try await group.waitForAll()
    }
  }

  @Test("a frame whose position is not the next is a fault of the program, and nothing is written")
  func framePosition() async throws {
    let store = try await TestDatabase.make().store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let flush = claim.flush(to: 1, frame: OutboxFrame(position: 2, records: []))
    let failure = await #expect(throws: AdapterFailure.self) { try await store.commit(group: "tagger", [flush]) }
    #expect(failure?.disposition == .fatal)
    #expect(failure?.possiblyApplied == false)
    #expect(try await store.fences(group: "tagger", partitions: [place(0)])[0].flushNumber == 0)
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 1)]) == .committed)
  }

  @Test("a failing row takes the whole flush back, known as not applied, and the store goes on")
  func failingRow() async throws {
    let store = try await TestDatabase.make().store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let row = DeliveryRow(
      tenant: "t",
      touch: "1",
      channel: "wecom",
      status: "no such status",
      attempts: 0,
      reason: "secret 13800000000",
      updatedAt: Instant(milliseconds: 0)
    )
    let flush = claim.flush(to: 1, subjects: [write("t/member/1", "x")], rows: [.delivery(row)])
    let failure = await #expect(throws: AdapterFailure.self) { try await store.commit(group: "tagger", [flush]) }
    #expect(failure?.code == "23514")
    #expect(failure?.disposition == .permanent)
    #expect(failure?.possiblyApplied == false)
    #expect(failure?.description.contains("13800000000") == false)
    #expect(try await store.state("t/member/1") == nil)
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 1)]) == .committed)
  }

  @Test("fences give no answer while a transaction on the row is undecided, and the answer once it is")
  func fencesWait() async throws {
    let database = try await TestDatabase.make()
    let claim = try await database.store().claim(group: "tagger", partitions: [place(0)])[0]
    let pool = PostgresPool(database.configuration { $0.lockTimeout = .milliseconds(50) })
    let impatient = PostgresStateStore(pool: pool, retainFrames: false)
    let gate = Gate()
    // A commit whose answer is lost, stopped before its end.
    async let commit: Void = database.pool().run { session throws(PostgresFailure) in
      try session.transaction { session throws(PostgresFailure) in
        try session.query("UPDATE partition_offsets SET flush_no = flush_no + 1")
        gate.hold()
      }
    }
    await gate.isHeld()
    let failure = await #expect(throws: AdapterFailure.self) {
      try await impatient.fences(group: "tagger", partitions: [place(0)])
    }
    #expect(failure?.code == "55P03")
    #expect(failure?.disposition == .retriable)
    gate.open()
    try await commit
    let fence = try await impatient.fences(group: "tagger", partitions: [place(0)])[0]
    #expect(fence.flushNumber == claim.flushNumber + 1)
  }
}
