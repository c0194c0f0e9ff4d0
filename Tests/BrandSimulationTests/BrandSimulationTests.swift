import EventCodec
import EventModel
import Simulation
import Testing

/// Worlds small enough for a debug build; the seed is in each failure.
func brand(
  _ seed: UInt64,
  days: Int = 20,
  communities: Int = 8,
  members: Int = 400,
  planted: Set<PlantedTruth> = Set(PlantedTruth.allCases)
) throws -> SimulatedBrand {
  SimulatedBrand(
    settings: try SimulationSettings(
      seed: seed,
      days: days,
      communities: communities,
      members: members,
      planted: planted
    )
  )
}

private func bytes(_ events: [Event]) -> [UInt8] {
  var bytes: [UInt8] = []
  for event in events { EventCodec.encode(event, to: &bytes) }
  return bytes
}

@Suite("A simulated brand")
struct BrandSimulationTests {
  static let seeds: [UInt64] = [1, 2, 3, 77, .max]

  @Test("The same settings give the same bytes, another seed gives others", arguments: seeds)
  func sameBytes(seed: UInt64) throws {
    let first = bytes(try brand(seed).events())
    #expect(first == bytes(try brand(seed).events()), "seed \(seed)")
    #expect(first != bytes(try brand(seed &+ 1).events()), "seed \(seed)")
  }

  @Test("Events are sorted by time and id, unique, inside the period, and can be read again", arguments: seeds)
  func form(seed: UInt64) throws {
    let brand = try brand(seed)
    let events = brand.events()
    #expect(events.count > 5000, "seed \(seed)")
    #expect(Set(events.map(\.id)).count == events.count, "seed \(seed)")
    for (before, after) in zip(events, events.dropFirst()) {
      #expect((before.time, before.id) < (after.time, after.id), "seed \(seed), \(after.id)")
    }
    let first = brand.period.instant(day: -1, second: 0)
    #expect(events.allSatisfy { $0.time >= first && $0.time < brand.period.end }, "seed \(seed)")
    let unlike = try events.first { event in
      let written = EventCodec.encode(event)
      return EventCodec.encode(try EventCodec.decode(written)) != written
    }
    #expect(unlike == nil, "seed \(seed)")
  }

  @Test("Odd sizes make a brand too", arguments: [(14, 4, 200), (15, 60, 200), (120, 5, 200), (23, 7, 201)])
  func oddSizes(days: Int, communities: Int, members: Int) throws {
    let brand = try brand(5, days: days, communities: communities, members: members)
    #expect(brand.communities.count == communities)
    #expect(Set(brand.communities.map(\.id)).count == communities)
    #expect(brand.communities.contains { $0.kind == .flash } && brand.communities.contains { $0.kind == .superUser })
    let identified = brand.events().filter { $0.type == "member.identified" }
    #expect(identified.count == members)
    #expect(Set(identified.map(\.subject.id)).count == members)
  }

  @Test("Twelve communities are two of super users, eight of members and two flash ones that end after their campaign")
  func twelve() throws {
    let brand = try brand(1, days: 30, communities: 12, members: 200)
    let kinds = brand.communities.map(\.kind)
    #expect(kinds.filter { $0 == .superUser }.count == 2)
    #expect(kinds.filter { $0 == .member }.count == 8)
    #expect(kinds.filter { $0 == .flash }.count == 2)
    let dissolved = brand.events().filter { $0.type == "community.dissolved" }
    #expect(dissolved.map(\.subject.id) == ["flash-01", "flash-02"])
    #expect(brand.communities.allSatisfy { $0.name.contains("模拟") })
  }

  @Test("Settings outside their bounds are refused by name")
  func bounds() {
    #expect(throws: SimulationFault(setting: "days", expected: "14 to 120", got: "13")) {
      try SimulationSettings(seed: 1, days: 13)
    }
    #expect(throws: SimulationFault(setting: "communities", expected: "4 to 60", got: "61")) {
      try SimulationSettings(seed: 1, communities: 61)
    }
    #expect(throws: SimulationFault(setting: "members", expected: "200 to 10000", got: "0")) {
      try SimulationSettings(seed: 1, members: 0)
    }
  }

  /// The first numbers of SplitMix64 as a second implementation gives them: another machine must not draw others.
  @Test("Streams are those of SplitMix64, one for each purpose and index")
  func streams() {
    var planting = RandomStream(seed: 1, .planting)
    var talk = RandomStream(seed: 1, .talk, 541)
    #expect([planting.next(), planting.next()] == [0xc965_d634_8c18_8782, 0x8e83_d175_09ce_fabc])
    #expect([talk.next(), talk.next()] == [0x7676_22fc_fbeb_f022, 0xb6e9_e686_7eaf_1453])
    #expect((0..<1000).allSatisfy { _ in (0..<7).contains(planting.below(7)) })
    #expect((0..<1000).allSatisfy { _ in [0, 2].contains(planting.weighted([3, 0, 1])) })
    #expect(planting.weighted([0, 0]) == 0 && planting.below(0) == 0)
  }
}
