import EventModel

/// The ranking values of one partition's members as of one instant, for one segment: what the owner stores and the
/// leader ranks.
package struct PartitionSnapshot: Hashable, Sendable {
  package struct Ranked: Hashable, Sendable {
    package var member: String
    package var value: FixedDecimal

    package init(member: String, value: FixedDecimal) {
      self.member = member
      self.value = value
    }
  }

  package let segment: String
  package let partition: Int32
  package let asOf: Instant
  /// Members with a value, in UTF-8 order of their ids, each once.
  package let ranked: [Ranked]

  private static let version: UInt8 = 1

  /// - Parameter values: members in any order, each once; those without value are left out.
  package init(
    segment: String,
    partition: Int32,
    asOf: Instant,
    values: some Sequence<(member: String, value: FixedDecimal?)>
  ) {
    self.segment = segment
    self.partition = partition
    self.asOf = asOf
    ranked = values.compactMap { item in item.value.map { Ranked(member: item.member, value: $0) } }
      .sorted { $0.member.utf8.lexicographicallyPrecedes($1.member.utf8) }
  }

  /// The partition's members that the cut takes in, in UTF-8 order.
  package func members(in cut: PopulationCut) -> [String] {
    ranked.filter { cut.includes(member: $0.member, value: $0.value) }.map(\.member)
  }

  /// What the cut changes for this partition, in UTF-8 order of the members. A cut of another segment or instant
  /// changes nothing.
  ///
  /// - Parameters:
  ///   - current: the partition's members that are in the segment now.
  ///   - decidedAt: the partition's clock at the cut's record.
  package func changes(
    cut: PopulationCut,
    current: Set<String>,
    decidedAt: Instant
  ) -> [(member: String, change: SegmentChange)] {
    guard cut.segment == segment, cut.asOf == asOf else { return [] }
    let values = Dictionary(ranked.map { ($0.member, $0.value) }) { first, _ in first }
    let next = Set(members(in: cut))
    return next.symmetricDifference(current).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { member in
      (
        member,
        SegmentChange(
          segment: segment,
          kind: next.contains(member) ? .entered : .exited,
          since: asOf,
          decidedAt: decidedAt,
          asOf: asOf,
          reason: values[member].map(Value.number) ?? .null
        )
      )
    }
  }

  /// The compact form that is stored; its first byte is its version.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.text(segment)
    writer.signed(Int64(partition))
    writer.instant(asOf)
    writer.count(ranked.count)
    for item in ranked {
      writer.text(item.member)
      writer.signed(item.value.millionths)
    }
    return writer.bytes
  }

  /// Reads `encoded()`; throws on anything else and never traps.
  package init(decoding bytes: [UInt8]) throws(StateCodingFailure) {
    var reader = try StateReader(bytes, version: Self.version)
    segment = try reader.text("segment")
    partition = Int32(try reader.number("partition", in: 0...Int64(Int32.max)))
    asOf = try reader.instant()
    let count = try reader.count("members")
    var ranked: [Ranked] = []
    for _ in 0..<count {
      let item = Ranked(member: try reader.text("member"), value: try reader.decimal())
      if let last = ranked.last, !last.member.utf8.lexicographicallyPrecedes(item.member.utf8) {
        throw .outOfRange("member")
      }
      ranked.append(item)
    }
    self.ranked = ranked
    try reader.finish()
  }
}
