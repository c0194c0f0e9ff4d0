import EventModel

/// What one partition has done for the population segments of a tenant: part of the partition's own state, so that
/// snapshots are taken once and a repeated or late cut is ignored.
package struct PopulationLedger: Hashable, Sendable {
  private struct Line: Hashable, Sendable {
    var segment: String
    var snapshotAt: Instant?
    var cutAt: Instant?
  }

  /// In order of name (UTF-8).
  private var lines: [Line] = []

  private static let version: UInt8 = 1

  package init() {}

  /// The instants whose snapshots the partition must take now that its clock is `clock`, by segment's name, then
  /// instant; they count as taken.
  package mutating func dueSnapshots(
    clock: Instant,
    program: SegmentProgram
  ) -> [(segment: String, asOf: Instant)] {
    var due: [(segment: String, asOf: Instant)] = []
    for population in program.populations {
      let index = line(of: population.name)
      let instants = SnapshotSchedule.due(
        after: lines[index].snapshotAt,
        through: clock,
        refresh: population.refresh
      )
      guard let newest = instants.last else { continue }
      lines[index].snapshotAt = newest
      due += instants.map { (population.name, $0) }
    }
    return due
  }

  /// True once for each cut newer than all before of its segment; false for repeats and late ones, which change
  /// nothing.
  package mutating func accept(_ cut: PopulationCut) -> Bool {
    let index = line(of: cut.segment)
    if let last = lines[index].cutAt, cut.asOf <= last, !mutated(.staleCutTaken) { return false }
    lines[index].cutAt = cut.asOf
    return true
  }

  private mutating func line(of segment: String) -> Int {
    let index = lines.firstIndex { !$0.segment.utf8.lexicographicallyPrecedes(segment.utf8) } ?? lines.count
    if index == lines.count || lines[index].segment != segment { lines.insert(Line(segment: segment), at: index) }
    return index
  }

  /// The compact form that is stored; its first byte is its version.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.count(lines.count)
    for line in lines {
      writer.text(line.segment)
      writer.optional(line.snapshotAt) { $0.instant($1) }
      writer.optional(line.cutAt) { $0.instant($1) }
    }
    return writer.bytes
  }

  /// Reads `encoded()`; throws on anything else and never traps.
  package init(decoding bytes: [UInt8]) throws(StateCodingFailure) {
    var reader = try StateReader(bytes, version: Self.version)
    let count = try reader.count("segments", max: SegmentLimits.membershipsMax)
    for _ in 0..<count {
      let segment = try reader.text("segment")
      if let last = lines.last, !last.segment.utf8.lexicographicallyPrecedes(segment.utf8) {
        throw .outOfRange("segment")
      }
      let snapshotAt = try reader.flag() ? try reader.instant() : nil
      let cutAt = try reader.flag() ? try reader.instant() : nil
      lines.append(Line(segment: segment, snapshotAt: snapshotAt, cutAt: cutAt))
    }
    try reader.finish()
  }
}
