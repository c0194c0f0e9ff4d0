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
    #expect(try await store.advance(tenant: "t", id: "i1", from: 100, to: 99))
    #expect(try await !store.advance(tenant: "t", id: "i1", from: 100, to: 98))
    let over = await #expect(throws: AdapterFailure.self) {
      try await store.advance(tenant: "t", id: "i1", doneRows: 101)
    }
    #expect(over?.disposition == .permanent)
  }

  @Test("a population is complete when every partition has reported, and cut once")
  func populations() async throws {
    let database = try await TestDatabase.make()
    let populations = PostgresPopulationStore(pool: database.pool())
    let store = database.store()
    let claims = try await store.claim(group: "segmenter", partitions: [place(0), place(1)])
    func moment(_ milliseconds: Int64) -> PopulationInstant {
      PopulationInstant(tenant: "t", segment: "top", asOf: Instant(milliseconds: milliseconds))
    }
    func rows(_ partition: Int32, _ values: [Int64: UInt8]) -> [TableRow] {
      values.sorted { $0.key < $1.key }.map {
        .snapshot(SnapshotRow(instant: moment($0.key), partition: place(partition), snapshot: [$0.value]))
      }
    }
    let first = claims[0].flush(to: 1, rows: rows(0, [1: 1, 2: 2]) + rows(0, [1: 9]))
    #expect(try await store.commit(group: "segmenter", [first]) == .committed)
    #expect(try await populations.complete(partitionCount: 2).isEmpty)
    #expect(try await store.commit(group: "segmenter", [claims[1].flush(to: 1, rows: rows(1, [1: 3]))]) == .committed)
    #expect(try await populations.complete(partitionCount: 2) == [moment(1)])
    #expect(try await populations.snapshots(of: moment(1)) == [[9], [3]])
    #expect(try await populations.newestCuts().isEmpty)
    try await populations.decided(moment(1), record: Array(#"{"cut": 1}"#.utf8))
    try await populations.decided(moment(1), record: Array(#"{"cut": 2}"#.utf8))
    #expect(try await populations.newestCuts() == [Array(#"{"cut": 1}"#.utf8)])
    #expect(try await populations.complete(partitionCount: 2).isEmpty)
    #expect(try await populations.snapshots(of: moment(1)).isEmpty)
    #expect(try await populations.snapshots(of: moment(2)) == [[2]])
  }

  @Test("an applied version is pending until it has been activated")
  func activations() async throws {
    let store = PostgresPlaybookStore(pool: try await TestDatabase.make().pool())
    #expect(try await store.apply(tenant: "t", files: [], expectedVersion: 0, appliedBy: "ann") == .applied(version: 1))
    #expect(try await store.apply(tenant: "t", files: [], expectedVersion: 1, appliedBy: "ann") == .applied(version: 2))
    #expect(try await store.pendingActivations().map(\.version) == [1, 2])
    try await store.activated(tenant: "t", version: 1)
    #expect(try await store.pendingActivations().map(\.version) == [2])
    #expect(try await store.isActivated(tenant: "t", version: 1))
    #expect(try await !store.isActivated(tenant: "t", version: 2))
  }

  @Test("the next timer, the keys of a tenant and the slowest group are those that a reading of all rows gives")
  func outlook() async throws {
    let database = try await TestDatabase.make()
    let store = database.store()
    let claims = try await store.claim(group: "tagger", partitions: [place(0), place(1)])
    let flushes = claims.map { claim in
      let partition = Int64(claim.partition.partition)
      return claim.flush(
        to: 5 + partition,
        subjects: (0..<40 as Range<Int64>).map { number in
          write("\(["a", "a0", "b"][Int(number % 3)])/member/\(partition)-\(number)", "", due: number * 10 + partition)
        }
      )
    }
    #expect(try await store.commit(group: "tagger", flushes) == .committed)
    let outlook = PostgresTimerOutlook(pool: database.pool())
    for instant in [-1, 0, 1, 15, 389, 390, 391, 392] as [Int64] {
      let dues = (0..<40).flatMap { [$0 * 10, $0 * 10 + 1] }.filter { $0 > instant }
      #expect(try await outlook.nextDue(after: Instant(milliseconds: instant))?.milliseconds == dues.min())
    }
    let keys = try await store.keys(group: "tagger", partition: place(1), tenant: "a")
    let expected = stride(from: 0, to: 40, by: 3).map { Array("a/member/1-\($0)".utf8) }
    #expect(Set(keys) == Set(expected))
    #expect(keys.count == expected.count)
    try await LogAdministration(pool: database.pool()).registerGroup("archive", topics: [events: 1])
    #expect(try await store.foldedThrough(topics: [events, "none"]) == [place(0): 0, place(1): 6])
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
