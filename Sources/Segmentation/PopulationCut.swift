import EventModel

/// Where a population segment ends: members whose (value, id) stands at or before the cut are in it.
///
/// The order is by value, greatest first, then by id in UTF-8 order.
package struct PopulationCut: Hashable, Sendable {
  /// The last member of the segment.
  package struct Last: Hashable, Sendable {
    package var value: FixedDecimal
    package var member: String

    package init(value: FixedDecimal, member: String) {
      self.value = value
      self.member = member
    }
  }

  package var segment: String
  /// Instant of the snapshot.
  package var asOf: Instant
  /// nil: nobody is in.
  package var last: Last?

  package init(segment: String, asOf: Instant, last: Last?) {
    self.segment = segment
    self.asOf = asOf
    self.last = last
  }

  /// Is a member with that value as of the snapshot in the segment? Members without value never are.
  package func includes(member: String, value: FixedDecimal?) -> Bool {
    guard let last, let value else { return false }
    if value != last.value { return value > last.value }
    return !last.member.utf8.lexicographicallyPrecedes(member.utf8)
      && !(mutated(.cutExcludesLast) && last.member == member)
  }
}

extension PopulationCut {
  /// The control record that carries the cut into every partition.
  package func record(tenant: String) -> ControlRecord {
    .population(
      tenant: tenant,
      segment: segment,
      asOf: asOf,
      cut: last.map { .number($0.value) } ?? .null,
      lastMember: last?.member ?? ""
    )
  }

  /// nil for other control records, and for one whose cut is neither a number nor null.
  package init?(_ record: ControlRecord) {
    guard case .population(_, let segment, let asOf, let cut, let lastMember) = record else { return nil }
    switch cut {
    case .null: self.init(segment: segment, asOf: asOf, last: nil)
    case .number(let value):
      self.init(segment: segment, asOf: asOf, last: Last(value: value, member: lastMember))
    default: return nil
    }
  }
}
