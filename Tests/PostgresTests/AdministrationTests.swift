import Digests
import EventModel
import PipelinePorts
import PostgresClient
import PostgresStores
import Testing

@Suite("Playbooks, keys, imports, populations, leadership, lag")
struct AdministrationTests {
  @Test("a playbook's version is applied only over the one the caller has seen")
  func playbooks() async throws {
    let store = PostgresPlaybookStore(pool: try await TestDatabase.make().pool())
    let files = [
      StoredPlaybook.File(name: "tags.yaml", text: "z: \"社群\"\n"), StoredPlaybook.File(name: "a.yaml", text: ""),
    ]
    #expect(try await store.playbooks().isEmpty)
    #expect(
      try await store.apply(tenant: "t", files: files, expectedVersion: 0, appliedBy: "ann") == .applied(version: 1)
    )
    #expect(try await store.apply(tenant: "t", files: [], expectedVersion: 0, appliedBy: "bob") == .conflict(newest: 1))
    #expect(try await store.apply(tenant: "t", files: [], expectedVersion: 1, appliedBy: "bob") == .applied(version: 2))
    #expect(
      try await store.apply(tenant: "u", files: files, expectedVersion: 0, appliedBy: "ann") == .applied(version: 1)
    )
    #expect(
      try await store.playbooks() == [
        StoredPlaybook(tenant: "t", version: 2, files: []), StoredPlaybook(tenant: "u", version: 1, files: files),
      ]
    )
    #expect(try await store.playbook(tenant: "t", version: 1)?.files == files)
    #expect(try await store.playbook(tenant: "t", version: 3) == nil)
    #expect(try await store.versions(tenant: "t").map(\.appliedBy) == ["bob", "ann"])
  }

  @Test("of several who apply over the same version exactly one succeeds")
  func playbookRace() async throws {
    let database = try await TestDatabase.make()
    let outcomes = try await withThrowingTaskGroup(of: PostgresPlaybookStore.Outcome.self) { group in
      for number in 0..<6 {
        group.addTask {
          try await PostgresPlaybookStore(pool: database.pool()).apply(
            tenant: "t",
            files: [],
            expectedVersion: 0,
            appliedBy: "\(number)"
          )
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.filter { $0 == .applied(version: 1) }.count == 1)
    #expect(outcomes.filter { $0 == .conflict(newest: 1) }.count == 5)
  }

  @Test("keys are made once, found, listed and revoked once; the secret is kept as a digest only")
  func keys() async throws {
    let store = KeyStore(pool: try await TestDatabase.make().pool())
    let digest = sha256("secret".utf8)
    #expect(try await store.create(id: "k1", tenant: "t", scope: .write, secretSHA256: digest))
    #expect(try await !store.create(id: "k1", tenant: "u", scope: .admin, secretSHA256: digest))
    #expect(try await store.create(id: "k2", tenant: "u", scope: .read, secretSHA256: digest))
    let found = try #require(try await store.find(id: "k1"))
    #expect(found.tenant == "t")
    #expect(found.scope == .write)
    #expect(found.secretSHA256 == digest)
    #expect(found.revokedAt == nil)
    #expect(try await store.find(id: "k\0") == nil)
    #expect(try await store.list().map(\.id) == ["k1", "k2"])
    #expect(try await store.list(tenant: "u").map(\.id) == ["k2"])
    #expect(try await store.revoke(id: "k1"))
    #expect(try await !store.revoke(id: "k1"))
    #expect(try await store.find(id: "k1")?.revokedAt != nil)
    let short = await #expect(throws: AdapterFailure.self) {
      try await store.create(id: "k3", tenant: "t", scope: .write, secretSHA256: [1])
    }
    #expect(short?.disposition == .permanent)
  }

  @Test("the same file and mapping resumes; progress never goes back")
  func imports() async throws {
    let store = ImportStore(pool: try await TestDatabase.make().pool())
    let new = StoredImport(
      tenant: "t",
      id: "i1",
      fileSHA256: sha256([1]),
      mappingSHA256: sha256([2]),
      totalRows: 100,
      firstTime: Instant(milliseconds: 1_485_000_000_123)
    )
    #expect(try await store.begin(new) == new)
    #expect(try await store.advance(tenant: "t", id: "i1", doneRows: 40))
    #expect(try await store.advance(tenant: "t", id: "i1", doneRows: 30))
    var same = new
    same.id = "i2"
    let resumed = try await store.begin(same)
    #expect(resumed.id == "i1")
    #expect(resumed.doneRows == 40)
    #expect(resumed.finishedAt == nil)
    #expect(
      try await store.finish(tenant: "t", id: "i1", firstTime: nil, lastTime: Instant(milliseconds: 1_486_000_000_000))
    )
    let done = try #require(try await store.list(tenant: "t").first)
    #expect(done.doneRows == 100)
    #expect(done.firstTime == new.firstTime)
    #expect(done.lastTime == Instant(milliseconds: 1_486_000_000_000))
    #expect(done.finishedAt != nil)
    #expect(try await !store.advance(tenant: "t", id: "none", doneRows: 1))
    let over = await #expect(throws: AdapterFailure.self) {
      try await store.advance(tenant: "t", id: "i1", doneRows: 101)
    }
    #expect(over?.disposition == .permanent)
  }

  @Test("a population is cut once, from what every partition reported")
  func populations() async throws {
    let store = PopulationStore(pool: try await TestDatabase.make().pool())
    let moment = PopulationMoment(tenant: "t", segment: "top", asOf: Instant(milliseconds: 1_485_000_000_000))
    try await store.report(moment, partition: place(1), members: Array(#"{"a": 1}"#.utf8))
    try await store.report(moment, partition: place(0), members: Array(#"{"b": 1}"#.utf8))
    try await store.report(moment, partition: place(0), members: Array(#"{"b": 2}"#.utf8))
    let snapshots = try await store.snapshots(moment)
    #expect(snapshots.map(\.partition) == [place(0), place(1)])
    #expect(snapshots[0].members == Array(#"{"b": 2}"#.utf8))
    #expect(try await store.cut(moment) == nil)
    #expect(try await store.latest(tenant: "t", segment: "top") == nil)
    let cut = Array(#"{"at": 2}"#.utf8)
    #expect(try await store.decide(moment, cut: cut) == cut)
    #expect(try await store.decide(moment, cut: Array(#"{"at": 3}"#.utf8)) == cut)
    #expect(try await store.cut(moment) == cut)
    #expect(try await store.snapshots(moment).isEmpty)
    #expect(try await store.latest(tenant: "t", segment: "top") == moment)
  }

  @Test("one leader at a time; the lock goes with its session")
  func leadership() async throws {
    let database = try await TestDatabase.make()
    let name = database.options
    let first = try Leadership(database.configuration { $0.applicationName = "hearth-leader" }, name: name)
    let second = try Leadership(database.configuration(), name: name)
    #expect(try await !first.holds())
    #expect(try await first.acquire())
    #expect(try await first.acquire())
    #expect(try await first.holds())
    #expect(try await !second.acquire())
    // The leader's session ends: it finds out, and another may lead.
    _ = try await database.connection().query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'hearth-leader'"
    )
    #expect(try await !first.holds())
    #expect(try await second.acquire())
    #expect(try await !first.acquire())
    await second.resign()
    #expect(try await first.acquire())
  }

  @Test("registered groups are seen from the start, and forgotten when told")
  func lag() async throws {
    let database = try await TestDatabase.make()
    let administration = LogAdministration(pool: database.pool())
    let reader = LagReader(pool: database.pool())
    let store = database.store()
    let claim = try await store.claim(group: "tagger", partitions: [place(1)])[0]
    #expect(try await store.commit(group: "tagger", [claim.flush(to: 5)]) == .committed)
    try await administration.registerGroup("tagger", topics: [events: 3])
    try await administration.registerGroup("archive", topics: [events: 1])
    let rows = try await reader.progress()
    #expect(rows.map(\.group) == ["archive", "tagger", "tagger", "tagger"])
    #expect(rows.map(\.nextOffset) == [0, 0, 5, 0])
    #expect(rows.map(\.ownerEpoch) == [0, 0, 1, 0])
    #expect(try await reader.progress(group: "tagger", topic: "none").isEmpty)
    #expect(try await administration.forgetGroup("tagger") == 3)
    #expect(try await reader.progress(group: "tagger").isEmpty)
  }

  @Test("the store's epoch is 1 until it is raised")
  func storeEpoch() async throws {
    let database = try await TestDatabase.make()
    #expect(try await database.store().storeEpoch() == 1)
    #expect(try await LogAdministration(pool: database.pool()).raiseStoreEpoch() == 2)
    #expect(try await database.store().storeEpoch() == 2)
  }

  @Test("projections are read by key and by page, one tenant and kind at a time")
  func projections() async throws {
    let database = try await TestDatabase.make()
    let store = database.store()
    let claim = try await store.claim(group: "tagger", partitions: [place(0)])[0]
    let keys = ["a/community/1", "a/member/1", "a/member/1/2", "a/member/2", "a0/member/1", "b/member/1"]
    let flush = claim.flush(
      to: 1,
      subjects: keys.map { write($0, "", projection: "{}") } + [write("a/member/3", "")]
    )
    #expect(try await store.commit(group: "tagger", [flush]) == .committed)
    let reader = SubjectReader(pool: database.pool())
    #expect(try await reader.page(group: "tagger", tenant: "a", kind: .member).map(\.key) == Array(keys[1...3]))
    let second = try await reader.page(group: "tagger", tenant: "a", kind: .member, after: keys[1], limit: 1)
    #expect(second.map(\.key) == [keys[2]])
    let subject = Subject(tenant: "a", kind: .member, id: "1/2")
    #expect(try await reader.projection(group: "tagger", subject: subject) == Array("{}".utf8))
    #expect(
      try await reader.projection(group: "tagger", subject: Subject(tenant: "a", kind: .member, id: "3")) == nil
    )
  }
}
