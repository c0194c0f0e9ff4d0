import EventModel
import Foundation
import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

/// By hand: `HEARTH_MEASURE=1 swift test --filter CommitRateTests`. Against the private cluster it measures the client
/// and the statements without the disk (fsync is off there).
@Suite("Rate of commits", .enabled(if: ProcessInfo.processInfo.environment["HEARTH_MEASURE"] != nil))
struct CommitRateTests {
  @Test("20,000 subjects of 200 bytes in 24 partitions on one connection, inserted and then updated")
  func rate() async throws {
    let database = try await TestDatabase.make()
    let store = PostgresStateStore(pool: database.pool(connectionsMax: 1), retainFrames: false)
    let claims = try await store.claim(group: "tagger", partitions: (0..<24).map { place($0) })
    let state = [UInt8](repeating: 1, count: 200)
    let projection = Array(#"{"tags":{"activity":{"value":"high","since":"2017-01-01T11:53:26Z"}},"sequence":7}"#.utf8)
    for isProjected in [false, true] {
      for turn in 0..<4 {
        let flushesDone = Int64(turn + (isProjected ? 4 : 0))
        let flushes = claims.map { claim in
          claim.flush(
            to: 1,
            flushesDone: flushesDone,
            subjects: (0..<834).map { number in
              SubjectWrite(
                key: Array("tenant/member/\(claim.partition.partition)-\(number)".utf8),
                state: state,
                due: Instant(milliseconds: Int64(number)),
                projection: isProjected ? projection : nil
              )
            }
          )
        }
        let started = ContinuousClock.now
        #expect(try await store.commit(group: "tagger", flushes) == .committed)
        let took = ContinuousClock.now - started
        let rows = Int(20_016 / (took / .seconds(1)))
        print("commit of 20,016 subjects, projection \(isProjected), turn \(turn): \(took), \(rows) rows/s")
      }
    }
    for turn in 8..<12 as Range<Int64> {
      let flushes = claims.map {
        $0.flush(to: 1, flushesDone: turn, subjects: [write("t/member/\($0.partition)", "x")])
      }
      let started = ContinuousClock.now
      #expect(try await store.commit(group: "tagger", flushes) == .committed)
      print("commit of 24 subjects in 24 partitions: \(ContinuousClock.now - started)")
    }
  }
}
