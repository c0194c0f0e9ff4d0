import EventModel

/// One member's segments: a value that signals and cuts move on.
package struct SegmentState: Hashable, Sendable {
  /// A member's part in one population segment.
  struct Standing: Hashable, Sendable {
    var segment: String
    var history = RankingHistory()
    /// The newest cut seen; nil before the first.
    var cutAt: Instant?
    /// The snapshot at which the member came in; nil while it is not in.
    var since: Instant?
  }

  /// What became of a signal.
  package enum Outcome: Hashable, Sendable {
    /// Its sequence is not past the last: seen before.
    case duplicate
    /// `missing` sequence numbers were skipped before it: an alarm when not 0.
    case applied([SegmentChange], missing: Int64)
  }

  /// Sequence of the last signal.
  package private(set) var lastSequence: Int64 = 0
  package private(set) var rules = RuleMembership()
  /// In order of name (UTF-8).
  private var standings: [Standing] = []

  private static let version: UInt8 = 1

  package init() {}

  /// Takes a change of a signal over; one of a segment that the playbook does not have only counts in the sequence.
  package mutating func apply(_ signal: SignalChange, program: SegmentProgram) -> Outcome {
    guard signal.sequence > lastSequence || mutated(.signalRepeatTaken) else { return .duplicate }
    let missing = signal.sequence - lastSequence - 1
    lastSequence = signal.sequence
    if program.isRule(signal.signal) {
      return .applied(rules.apply(signal).map { [$0] } ?? [], missing: missing)
    }
    if let population = program.population(signal.signal) {
      let value: FixedDecimal? = if case .number(let number) = signal.value { number } else { nil }
      let index = standing(of: signal.signal)
      standings[index].history.set(value, decidedAt: signal.decidedAt, refresh: population.refresh)
    }
    return .applied([], missing: missing)
  }

  /// Takes a population's cut over; nil when nothing changes, also for a cut not newer than the last.
  ///
  /// A state that has not changed need not be stored for its cut alone: `PopulationLedger` keeps repeats away.
  /// - Parameter decidedAt: the partition's clock at the cut's record.
  package mutating func apply(_ cut: PopulationCut, member: String, decidedAt: Instant) -> SegmentChange? {
    guard let index = standings.firstIndex(where: { $0.segment == cut.segment }) else { return nil }
    if let last = standings[index].cutAt, cut.asOf <= last { return nil }
    let value = standings[index].history.value(asOf: cut.asOf)
    let wasIn = standings[index].since != nil
    let isIn = cut.includes(member: member, value: value)
    standings[index].cutAt = cut.asOf
    standings[index].history.forget(before: cut.asOf)
    guard isIn != wasIn else { return nil }
    standings[index].since = isIn ? cut.asOf : nil
    return SegmentChange(
      segment: cut.segment,
      kind: isIn ? .entered : .exited,
      since: cut.asOf,
      decidedAt: decidedAt,
      asOf: cut.asOf,
      reason: value.map(Value.number) ?? .null
    )
  }

  /// The member's ranking value as of `instant`, a multiple of the segment's `refresh`; nil without one.
  package func rankingValue(segment: String, asOf instant: Instant) -> FixedDecimal? {
    standings.first { $0.segment == segment }?.history.value(asOf: instant)
  }

  /// All segments that the member is in with their start, in order of name (UTF-8).
  package var memberships: [(segment: String, since: Instant)] {
    let all =
      rules.memberships.map { ($0.segment, $0.since) }
      + standings.compactMap { standing in standing.since.map { (standing.segment, $0) } }
    return all.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
  }

  private mutating func standing(of segment: String) -> Int {
    let index = standings.firstIndex { !$0.segment.utf8.lexicographicallyPrecedes(segment.utf8) } ?? standings.count
    if index == standings.count || standings[index].segment != segment {
      standings.insert(Standing(segment: segment), at: index)
    }
    return index
  }
}

extension SegmentState {
  /// The compact form that is stored; its first byte is its version.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.signed(lastSequence)
    rules.write(to: &writer)
    writer.count(standings.count)
    for standing in standings {
      writer.text(standing.segment)
      standing.history.write(to: &writer)
      writer.optional(standing.cutAt) { $0.instant($1) }
      writer.optional(standing.since) { $0.instant($1) }
    }
    return writer.bytes
  }

  /// Reads `encoded()`; throws on anything else and never traps.
  package init(decoding bytes: [UInt8]) throws(StateCodingFailure) {
    var reader = try StateReader(bytes, version: Self.version)
    lastSequence = try reader.number("sequence", in: 0...(Int64.max / 2))
    rules = try RuleMembership(from: &reader)
    let count = try reader.count("standings", max: SegmentLimits.membershipsMax)
    for _ in 0..<count {
      let segment = try reader.text("segment")
      if let last = standings.last, !last.segment.utf8.lexicographicallyPrecedes(segment.utf8) {
        throw .outOfRange("segment")
      }
      var standing = Standing(segment: segment)
      standing.history = try RankingHistory(from: &reader)
      standing.cutAt = try reader.flag() ? try reader.instant() : nil
      standing.since = try reader.flag() ? try reader.instant() : nil
      standings.append(standing)
    }
    try reader.finish()
  }
}
