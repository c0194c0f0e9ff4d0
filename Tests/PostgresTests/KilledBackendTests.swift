import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

@Suite("Backends killed at random moments")
struct KilledBackendTests {
  @Test("every flush is applied exactly once, whatever was cut")
  func exactlyOnce() async throws {
    let database = try await TestDatabase.make()
    let configuration = database.configuration {
      $0.applicationName = "hearth-victim"
      $0.reconnectPauseMin = .milliseconds(1)
    }
    let store = PostgresStateStore(pool: PostgresPool(configuration, connectionsMax: 1), retainFrames: false)
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    // One kill a flush, after so many round trips of the killer's own that it falls before, inside and after commits.
    let (flushes, started) = AsyncStream<Int64>.makeStream()
    let killer = Task {
      let connection = try database.connection()
      var kills = 0
      for await number in flushes {
        for _ in 0..<(number * 7 % 13) { _ = try await connection.query("SELECT 1") }
        let killed = try await connection.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hearth-victim'"
        )
        kills += killed.count
      }
      return kills
    }
    var tally = Tally()
    for number in 0..<60 as Range<Int64> {
      started.yield(number)
      try await apply(number, of: claim, to: store, &tally)
    }
    started.finish()
    let kills = try await killer.value
    print("kills \(kills), failed commits \(tally.failed), unknown \(tally.unknown), of those applied \(tally.applied)")
    #expect(kills > 0)
    #expect(tally.failed > 0)
    #expect(try await flushNumber(store) == 60)
    // The last kill may still be on its way to that connection.
    let reader = database.store()
    let frames = try await reader.frames(group: "tagger", partition: place(0), after: 0, framesMax: 99)
    #expect(frames.map(\.position) == Array(1...60))
    #expect(frames.map { $0.records[0] } == (0..<60).map { record("\($0)") })
    #expect(try await reader.state("t/member/1") == "59")
  }

  private struct Tally {
    var failed = 0
    var unknown = 0
    var applied = 0
  }

  /// One flush until it stands, as the loop of a service does it.
  private func apply(
    _ number: Int64,
    of claim: Claim,
    to store: PostgresStateStore,
    _ tally: inout Tally
  ) async throws {
    let flush = claim.flush(
      to: number,
      flushesDone: number,
      subjects: [write("t/member/1", "\(number)")],
      frame: OutboxFrame(position: number + 1, records: [record("\(number)")])
    )
    while true {
      do {
        #expect(try await store.commit(group: "tagger", [flush]) == .committed)
        return
      } catch {
        #expect(error.disposition == .retriable, "\(error)")
        tally.failed += 1
        guard error.possiblyApplied else { continue }
        tally.unknown += 1
        if try await flushNumber(store) == number + 1 {
          tally.applied += 1
          return
        }
      }
    }
  }

  private func flushNumber(_ store: PostgresStateStore) async throws -> Int64 {
    while true {
      do {
        return try await store.fences(group: "tagger", partitions: [place(0)])[0].flushNumber
      } catch {
        #expect(error.disposition == .retriable)
      }
    }
  }
}
