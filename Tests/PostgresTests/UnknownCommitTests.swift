import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

@Suite("A COMMIT whose answer is lost", .enabled(if: TestDatabase.isPrivate))
struct UnknownCommitTests {
  @Test("the flush is unknown, and the fence says that it stands: it is not applied twice")
  func applied() async throws {
    try await cut(.beforeAnswer, stands: true)
  }

  @Test("the flush is unknown, and the fence says that it does not stand: it is applied again")
  func notApplied() async throws {
    try await cut(.beforeCommit, stands: false)
  }

  private func cut(_ cut: CommitCuttingProxy.Cut, stands: Bool) async throws {
    let database = try await TestDatabase.make()
    let socket = try await database.connection().query("SELECT current_setting('unix_socket_directories')")[0].text(0)
    let proxy = CommitCuttingProxy(serverPath: "\(socket)/.s.PGSQL.5432", cut: cut)
    proxy.start()
    defer { proxy.stop() }
    let configuration = PostgresConfiguration(
      connectionString:
        "host=127.0.0.1 port=\(proxy.port) user=hearth dbname=postgres sslmode=disable \(database.options)"
    )
    let store = PostgresStateStore(pool: PostgresPool(configuration, connectionsMax: 1), retainFrames: false)
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let flush = claim.flush(
      to: 3,
      subjects: [write("t/member/1", "x")],
      frame: OutboxFrame(position: 1, records: [record("a")])
    )
    let failure = await #expect(throws: AdapterFailure.self) { try await store.commit(group: "tagger", [flush]) }
    #expect(proxy.wasCut)
    #expect(failure?.possiblyApplied == true)
    #expect(failure?.disposition == .retriable)
    // The same store, on a connection made anew.
    let fence = try await store.fences(group: "tagger", partitions: [place(0)])[0]
    #expect(fence.ownerEpoch == claim.ownerEpoch)
    #expect(fence.flushNumber == (stands ? 1 : 0))
    #expect(try await store.commit(group: "tagger", [flush]) == (stands ? .lost([place(0)]) : .committed))
    #expect(try await store.frames(group: "tagger", partition: place(0), after: 0, framesMax: 9).count == 1)
  }
}
