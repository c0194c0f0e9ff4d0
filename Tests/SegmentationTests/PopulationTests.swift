import EventModel
import Playbook
import Segmentation
import Testing

@Suite("Population segments")
struct PopulationTests {
  private typealias Item = (member: String, value: FixedDecimal?)
  private static let asOf = Instant(milliseconds: 1_800_000_000_000)

  /// Members with many ties, some without value, ids that sort differently by UTF-8 and by collation.
  private static func population(_ random: inout SeededGenerator) -> [Item] {
    let names = ["é", "e\u{301}", "Z", "a", "成员", "😀", "m"]
    return (0..<Int.random(in: 0...60, using: &random)).map { index in
      let value = Int.random(in: -4...6, using: &random)
      return ("\(names[index % names.count])\(index)", value == -4 ? nil : FixedDecimal(value))
    }
  }

  private static func share(_ random: inout SeededGenerator) -> FixedDecimal {
    let shares: [Int64] = [0, 1, 300_000, 333_333, 500_000, 999_999, 1_000_000]
    return FixedDecimal(millionths: shares.randomElement(using: &random) ?? 0) ?? .zero
  }

  /// The segment by the letter: everyone with a value in order, the first ⌈share × count⌉.
  private static func expected(_ items: [Item], share: FixedDecimal) -> Set<String> {
    let ranked = items.filter { $0.value != nil }.sorted { left, right in
      if left.value != right.value { return (left.value ?? .zero) > (right.value ?? .zero) }
      return Array(left.member.utf8).lexicographicallyPrecedes(Array(right.member.utf8))
    }
    var size = 0
    while Int64(size) * 1_000_000 < share.millionths * Int64(ranked.count) { size += 1 }
    return Set(ranked.prefix(size).map(\.member))
  }

  private static func partitions(
    _ items: [Item],
    count: Int,
    random: inout SeededGenerator
  ) -> [PartitionSnapshot] {
    var parts: [[Item]] = Array(repeating: [], count: count)
    for item in items.shuffled(using: &random) { parts[Int.random(in: 0..<count, using: &random)].append(item) }
    return parts.enumerated().map {
      PartitionSnapshot(segment: "super", partition: Int32($0), asOf: asOf, values: $1)
    }
  }

  @Test("The cut, applied partition by partition, is the ranking of the whole, however it is partitioned")
  func cutIsRanking() throws {
    for seed: UInt64 in 0..<400 {
      var random = SeededGenerator(seed: seed)
      let items = Self.population(&random)
      let share = Self.share(&random)
      let snapshots = Self.partitions(items, count: Int.random(in: 1...6, using: &random), random: &random)
      let cut = PopulationRanking.cut(of: snapshots, segment: "super", asOf: Self.asOf, share: share)
      #expect(Set(snapshots.flatMap { $0.members(in: cut) }) == Self.expected(items, share: share), "seed \(seed)")
      let others = Self.partitions(items, count: 3, random: &random)
      #expect(
        PopulationRanking.cut(of: others, segment: "super", asOf: Self.asOf, share: share) == cut,
        "seed \(seed)"
      )
      #expect(PopulationCut(cut.record(tenant: "t")) == cut, "seed \(seed)")
    }
  }

  @Test("A share above zero takes at least one, the whole takes all, members without value count for nothing")
  func sizes() throws {
    let third = try #require(FixedDecimal(millionths: 333_333 as Int64))
    let whole = try #require(FixedDecimal(1))
    #expect(PopulationRanking.size(share: third, count: 3) == 1)
    #expect(PopulationRanking.size(share: third, count: 4) == 2)
    #expect(PopulationRanking.size(share: .zero, count: 4) == 0)
    #expect(PopulationRanking.size(share: whole, count: 4) == 4)
    #expect(PopulationRanking.size(share: third, count: 0) == 0)
  }

  @Test("A snapshot's changes take the members from before to those of the cut")
  func changesLeadToCut() throws {
    for seed: UInt64 in 0..<100 {
      var random = SeededGenerator(seed: seed)
      let items = Self.population(&random)
      let snapshot = PartitionSnapshot(segment: "super", partition: 0, asOf: Self.asOf, values: items)
      let cut = PopulationRanking.cut(
        of: [snapshot],
        segment: "super",
        asOf: Self.asOf,
        share: Self.share(&random)
      )
      let before = Set(items.map(\.member).filter { _ in Bool.random(using: &random) })
      var members = before
      for (member, change) in snapshot.changes(cut: cut, current: before, decidedAt: Self.asOf) {
        #expect(change.asOf == Self.asOf)
        if change.kind == .entered { members.insert(member) } else { members.remove(member) }
      }
      #expect(members == Set(snapshot.members(in: cut)), "seed \(seed)")
    }
  }

  @Test("A snapshot reads back as it was; damaged bytes are refused or read, never worse")
  func snapshotCoding() throws {
    var random = SeededGenerator(seed: 7)
    let items = Self.population(&random)
    let snapshot = PartitionSnapshot(segment: "super", partition: 3, asOf: Self.asOf, values: items)
    let bytes = snapshot.encoded()
    #expect(try PartitionSnapshot(decoding: bytes) == snapshot)
    for length in 0..<bytes.count {
      #expect(throws: StateCodingFailure.self) { try PartitionSnapshot(decoding: Array(bytes.prefix(length))) }
    }
    for _ in 0..<500 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? PartitionSnapshot(decoding: damaged)
    }
  }

  @Test("Snapshots are due at multiples of refresh, each once, at most the newest 48 after a jump")
  func schedule() {
    let refresh = TimeSpan.hours(1)
    let noon = Instant(milliseconds: 12 * 3_600_000)
    let almost = noon - TimeSpan(milliseconds: 1)
    #expect(SnapshotSchedule.due(after: nil, through: noon, refresh: refresh) == [noon])
    #expect(SnapshotSchedule.due(after: noon - refresh, through: almost, refresh: refresh).isEmpty)
    #expect(SnapshotSchedule.due(after: noon - refresh, through: noon, refresh: refresh) == [noon])
    let jump = SnapshotSchedule.due(after: noon, through: noon + .days(30), refresh: refresh)
    #expect(jump.count == 48)
    #expect(jump.last == noon + .days(30))
    #expect(SnapshotSchedule.boundary(atOrAfter: noon, refresh: refresh) == noon)
    #expect(SnapshotSchedule.boundary(atOrAfter: almost, refresh: refresh) == noon)
    let before = Instant(milliseconds: -1)
    #expect(SnapshotSchedule.boundary(atOrAfter: before, refresh: refresh) == Instant(milliseconds: 0))
  }

  @Test("The leader gives out the newest instant that all partitions have, once, and no older one after")
  func board() {
    let hour = TimeSpan.hours(1)
    var board = PopulationBoard(partitionCount: 2)
    board.note(segment: "super", asOf: Self.asOf, partition: 0)
    board.note(segment: "super", asOf: Self.asOf + hour, partition: 0)
    #expect(board.takeComplete().isEmpty)
    board.note(segment: "super", asOf: Self.asOf, partition: 1)
    board.note(segment: "super", asOf: Self.asOf + hour, partition: 1)
    #expect(board.takeComplete().map(\.asOf) == [Self.asOf + hour])
    board.note(segment: "super", asOf: Self.asOf, partition: 1)
    board.note(segment: "super", asOf: Self.asOf, partition: 0)
    #expect(board.takeComplete().isEmpty)
  }

  @Test("The ledger asks for each snapshot once and takes each newer cut once, also after a restart")
  func ledger() throws {
    let share = try #require(FixedDecimal(millionths: 300_000 as Int64))
    let program = SegmentProgram(segments: [
      .init(name: "super", label: LocalizedText(texts: []), rule: .top(share: share, refresh: .hours(1)))
    ])
    var ledger = PopulationLedger()
    #expect(ledger.dueSnapshots(clock: Self.asOf, program: program).map(\.asOf) == [Self.asOf])
    ledger = try PopulationLedger(decoding: ledger.encoded())
    #expect(ledger.dueSnapshots(clock: Self.asOf, program: program).isEmpty)
    let cut = PopulationCut(segment: "super", asOf: Self.asOf, last: nil)
    let accepted = [ledger.accept(cut), ledger.accept(cut)]
    #expect(accepted == [true, false])
    ledger = try PopulationLedger(decoding: ledger.encoded())
    let late = PopulationCut(segment: "super", asOf: Self.asOf - .hours(1), last: nil)
    let lateAccepted = ledger.accept(late)
    #expect(!lateAccepted)
  }
}
