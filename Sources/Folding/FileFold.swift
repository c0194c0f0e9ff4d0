import EventModel
import Funnels
import Playbook
import Segmentation
import Tagging

/// The fold of one tenant's events in file order, with their community copies made here (SEMANTICS "`hearth fold` on a
/// file"). The clock is the largest `receivedAt`, then `until`.
package struct FileFold {
  /// What is written down as it happens.
  package enum Emission: Sendable { case changes, nothing }

  private let program: FoldProgram
  private let emission: Emission
  private var subjects: [Subject: SubjectFold] = [:]
  private var entries: [EntryKey: FunnelEntry] = [:]
  private var clock = Instant.distantPast
  /// Lines of changes, canonical JSON.
  package private(set) var changes: [[UInt8]] = []
  package private(set) var accepted = 0
  package private(set) var duplicates = 0

  private struct EntryKey: Hashable {
    var member: String
    var funnel: Int
    var day: LocalDate
  }

  package init(program: FoldProgram, emission: Emission) {
    self.program = program
    self.emission = emission
  }

  /// An event that the accepting rules let in.
  package mutating func read(_ event: Event) {
    clock = max(clock, event.receivedAt)
    if event.subject.kind == .member { fold(event, into: event.subject) }
    if let community = event.communitySubject { fold(event, into: community) }
  }

  /// A tick: timers due half a second before it and earlier fire.
  package mutating func tick(_ time: Instant) {
    clock = max(clock, time)
    advanceAll(through: time - AcceptanceLimits.timerGrace)
  }

  /// Moves every subject to the last instant: `until`, or the largest `receivedAt`.
  package mutating func finish(until: Instant?) {
    let end = max(until ?? clock, clock)
    clock = end
    advanceAll(through: end)
  }

  private mutating func advanceAll(through instant: Instant) {
    for subject in subjects.keys.sorted(by: { $0.key < $1.key }) {
      guard var fold = subjects.removeValue(forKey: subject) else { continue }
      advance(&fold, through: instant)
      subjects[subject] = fold
    }
  }

  private mutating func advance(_ fold: inout SubjectFold, through instant: Instant) {
    while let due = fold.funnelDue(before: instant, program: program) { step(&fold, through: due) }
    step(&fold, through: instant)
  }

  private mutating func step(_ fold: inout SubjectFold, through instant: Instant) {
    for fired in fold.tagging.advance(through: instant, program: program.tagging(of: fold.subject.kind)) {
      note(tags: fired.tags, of: &fold)
    }
    guard fold.subject.kind == .member else { return }
    for fired in fold.advanceFunnels(through: instant, program: program) { note(fired.changes, of: fold) }
  }

  private mutating func fold(_ event: Event, into subject: Subject) {
    var fold = subjects.removeValue(forKey: subject) ?? SubjectFold(subject: subject)
    defer { subjects[subject] = fold }
    advance(&fold, through: event.receivedAt)
    let outcome = fold.tagging.apply(event, program: program.tagging(of: subject.kind))
    guard outcome.acceptance == .accepted else {
      duplicates += 1
      return
    }
    accepted += 1
    note(tags: outcome.tags, of: &fold)
    guard subject.kind == .member else { return }
    note(fold.applyToFunnels(event, program: program), of: fold)
  }

  private mutating func note(tags: [TagChange], of fold: inout SubjectFold) {
    let fields = ChangeFields(program: program, kind: fold.subject.kind)
    for change in tags {
      fold.tagSequence += 1
      guard emission == .changes else { continue }
      let line = Value.object(
        fields.tag(change) + [
          .init("decidedAt", .time(clock)), .init("sequence", .whole(fold.tagSequence)),
          .init("subject", .string(fold.subject.path)),
        ]
      )
      changes.append(line.canonicalJSON)
    }
  }

  private mutating func note(_ funnels: [FunnelChange], of fold: SubjectFold) {
    for change in funnels {
      let entry = change.entry
      entries[EntryKey(member: fold.subject.id, funnel: entry.funnel, day: entry.day)] = entry
    }
  }

  // MARK: What came of it

  /// One line a subject: `{"metrics":{…},"subject":…,"tags":{"x":{"since","value"}}}`.
  package func stateLines() -> [[UInt8]] {
    subjects.values.map { fold in
      Value.object(
        SubjectProjection.members(of: fold, program: program) + [.init("subject", .string(fold.subject.path))]
      ).canonicalJSON
    }
  }

  /// One line an entry.
  package func funnelLines() -> [[UInt8]] {
    entries.compactMap { key, entry in
      guard entry.status != .withdrawn else { return nil }
      return Value.object([
        .init("breakdown", entry.breakdown.map(Value.string) ?? .null),
        .init("day", .string(entry.day.text)),
        .init("funnel", .string(program.playbook.funnels[entry.funnel].name)),
        .init("level", .whole(Int64(entry.level))),
        .init("revision", .whole(entry.revision)),
        .init("status", .string(entry.status.rawValue)),
        .init("subject", .string("member/\(key.member)")),
        .init("times", .list(entry.times.map { $0.map(Value.time) ?? .null })),
      ]).canonicalJSON
    }
  }

  /// One line a membership; population segments are ranked at the last instant.
  package func segmentLines() -> [[UInt8]] {
    let signals = program.playbook.member.signals
    let members = subjects.values.filter { $0.subject.kind == .member }
    var lines: [[UInt8]] = []
    for segment in program.playbook.segments {
      guard let index = signals.firstIndex(where: { $0.name == segment.name }) else { continue }
      let standing = members.map { ($0.subject.id, $0.tagging.signalValues(program: program.member)[index]) }
      for (id, since) in memberships(of: segment, standing: standing) {
        lines.append(
          Value.object([
            .init("segment", .string(segment.name)), .init("since", .time(since)),
            .init("subject", .string("member/\(id)")),
          ]).canonicalJSON
        )
      }
    }
    return lines
  }

  private func memberships(
    of segment: SegmentDefinition,
    standing: [(String, StandingValue)]
  ) -> [(String, Instant)] {
    switch segment.rule {
    case .rule:
      return standing.compactMap { id, value in
        value.value == .bool(true) ? (id, value.since ?? clock) : nil
      }
    case .top(let share, _):
      let values = standing.map { id, value -> (member: String, value: FixedDecimal?) in
        if case .number(let number) = value.value { (id, number) } else { (id, nil) }
      }
      let snapshot = PartitionSnapshot(segment: segment.name, partition: 0, asOf: clock, values: values)
      let cut = PopulationRanking.cut(of: [snapshot], segment: segment.name, asOf: clock, share: share)
      return snapshot.members(in: cut).map { ($0, clock) }
    }
  }
}
