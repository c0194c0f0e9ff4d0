import EventModel

/// Ranks a population by value, greatest first, ties by id in UTF-8 order.
package enum PopulationRanking {
  /// Members in a segment of `share` (held to 0 … 1) of `count` ranked members: ⌈share × count⌉, so that a share above
  /// zero is never empty while there is anybody to rank. Members without a value are not ranked and not counted.
  package static func size(share: FixedDecimal, count: Int) -> Int {
    let exact = Int128(share.millionths) * Int128(count)
    let scale = Int128(FixedDecimal.scale)
    return Int(max(0, min(Int128(count), (exact + (mutated(.shareRoundedDown) ? 0 : scale - 1)) / scale)))
  }

  /// The cut over the snapshots of all partitions, which must be of one segment and instant.
  ///
  /// O(members log members) on integers; ids are compared only within the tie at the cut.
  package static func cut(
    of snapshots: [PartitionSnapshot],
    segment: String,
    asOf: Instant,
    share: FixedDecimal
  ) -> PopulationCut {
    var values: [Int64] = []
    for snapshot in snapshots { values.append(contentsOf: snapshot.ranked.map(\.value.millionths)) }
    let size = size(share: share, count: values.count)
    guard size > 0 else { return PopulationCut(segment: segment, asOf: asOf, last: nil) }
    values.sort(by: >)
    let cutValue = values[size - 1]
    let above = values.firstIndex(of: cutValue) ?? 0
    let tied = snapshots.flatMap { $0.ranked.filter { $0.value.millionths == cutValue } }
      .sorted { $0.member.utf8.lexicographicallyPrecedes($1.member.utf8) }
    let last = tied[size - 1 - above]
    return PopulationCut(segment: segment, asOf: asOf, last: .init(value: last.value, member: last.member))
  }
}
