import EventModel
import Folding
import Funnels
import Playbook
import PostgresStores
import Tagging

/// Folds one member's events once more with the pure core, to say what each event and each instant changed and why.
package struct MemberTimeline {
  /// Lines that a story shows.
  package static let linesMax = 40
  /// Moments that are kept.
  package static let momentsMax = 5_000
  /// Changes this close to a touch tell more.
  private static let nearTouch = TimeSpan.days(60)
  /// Fields of an event that its line names.
  private static let fieldsMax = 4

  /// A line, how much it tells, and the event that caused it.
  private struct Candidate {
    var line: MemberStory.Line
    var weight: Int
    var event: Int?
  }

  private let program: FoldProgram
  private let subject: Subject
  private var fold: SubjectFold
  private var events: [MemberStory.Line] = []
  private var candidates: [Candidate] = []
  private var moments: [MemberStory.Moment] = []

  package init(program: FoldProgram, subject: Subject) {
    self.program = program
    self.subject = subject
    fold = SubjectFold(subject: subject)
  }

  // MARK: Folding

  /// Takes an event of the member, in the order of the log; others are passed over.
  package mutating func read(_ event: Event) {
    guard event.subject == subject else { return }
    advance(through: event.receivedAt)
    let outcome = fold.tagging.apply(event, program: program.member)
    guard outcome.acceptance == .accepted else { return }
    let text = Self.text(of: event)
    events.append(.init(at: event.time, kind: .event, text: text))
    keep(.init(at: event.time, kind: .event(event.type), text: text, reason: ""))
    let index = events.count - 1
    note(outcome.tags, outcome.signals, at: event.receivedAt, event: index)
    note(fold.applyToFunnels(event, program: program), at: event.receivedAt, event: index)
  }

  /// Moves the member to the last instant.
  package mutating func finish(until instant: Instant) { advance(through: instant) }

  private mutating func advance(through instant: Instant) {
    for fired in fold.tagging.advance(through: instant, program: program.member) {
      note(fired.tags, fired.signals, at: fired.at, event: nil)
    }
    for fired in fold.advanceFunnels(through: instant, program: program) {
      note(fired.changes, at: fired.at, event: nil)
    }
  }

  private mutating func keep(_ moment: MemberStory.Moment) {
    if moments.count < Self.momentsMax { moments.append(moment) }
  }

  private mutating func note(_ tags: [TagChange], _ signals: [SignalChange], at instant: Instant, event: Int?) {
    for change in tags {
      let tag = program.playbook.member.tags[change.tag]
      let was = change.was.isNull ? "" : " (was \(ReportText.plain(change.was)))"
      let name = ReportLabel(tag.label, name: tag.name).both
      let line = MemberStory.Line(
        at: instant,
        kind: .tag,
        text: "\(name) = \(ReportText.plain(change.value))\(was)",
        reason: reason(change.deciding, change.cause)
      )
      candidates.append(Candidate(line: line, weight: Self.weight(of: change, tag), event: event))
      let kind = MemberStory.Moment.Kind.tag(tag.name, ReportText.plain(change.value))
      keep(.init(at: instant, kind: kind, text: line.text, reason: line.reason))
    }
    for change in signals {
      let name = program.playbook.member.signals[change.signal].name
      guard let segment = program.playbook.segments.first(where: { $0.name == name }), case .rule = segment.rule,
        change.value == .bool(true) || change.was == .bool(true)
      else { continue }
      let verb = change.value == .bool(true) ? "enters" : "leaves"
      let line = MemberStory.Line(
        at: instant,
        kind: .segment,
        text: "\(verb) \(ReportLabel(segment.label, name: name).both)",
        reason: reason(change.deciding, change.cause)
      )
      candidates.append(Candidate(line: line, weight: 90, event: event))
    }
  }

  private mutating func note(_ changes: [FunnelChange], at instant: Instant, event: Int?) {
    for change in changes {
      let funnel = program.playbook.funnels[change.entry.funnel]
      let name = ReportLabel(funnel.label, name: funnel.name).both
      let step = change.entry.level > 0 ? funnel.steps[change.entry.level - 1] : nil
      let reached = step.map { ReportLabel($0.label, name: $0.name).both } ?? "–"
      let part = change.entry.breakdown.map { ", \($0)" } ?? ""
      let line = MemberStory.Line(
        at: instant,
        kind: .funnel,
        text: "\(name) \(change.entry.day.text)\(part): \(change.kind.rawValue)",
        reason: "step \(change.entry.level) of \(funnel.steps.count), \(reached)"
      )
      let weight = change.kind == .converted ? 80 : change.kind == .entered ? 40 : 20
      candidates.append(Candidate(line: line, weight: weight, event: event))
    }
  }

  /// What a change of a tag tells: a state that turns more than a first value, a number that moves nothing by itself.
  private static func weight(of change: TagChange, _ tag: TagDefinition) -> Int {
    if tag.kind == .decimal { return 0 }
    if case .fact = tag.rule { return 35 }
    if change.was.isNull { return change.value == .bool(false) ? 1 : 10 }
    return tag.kind == .enum ? 60 : 50
  }

  // MARK: Words

  private func reason(_ deciding: [DecidingValue], _ cause: ChangeCause) -> String {
    let values = deciding.prefix(Self.fieldsMax).map { "\($0.name) \(ReportText.plain($0.value))" }
    let why =
      switch cause {
      case .event: "by the event"
      case .correction: "by a late event"
      case .clock: "time passed"
      case .backfill: "backfill"
      case .merge: "merge"
      }
    return ([why] + values).joined(separator: ", ")
  }

  private static func text(of event: Event) -> String {
    var parts = [event.type]
    if let community = event.community { parts.append("community \(community)") }
    if case .object(let members) = event.data {
      for member in members where parts.count <= fieldsMax && member.value != .null {
        switch member.value {
        case .object, .list: continue
        default: parts.append("\(member.name) \(ReportText.plain(member.value))")
        }
      }
    }
    return parts.joined(separator: ", ")
  }

  // MARK: The story

  /// The most telling lines in order of time, with the events behind them and the member's touches.
  package func story(touches: [ReportRows.Touch]) -> MemberStory {
    var told = candidates
    for touch in touches {
      let delivery = touch.delivery.map { ", delivery \($0)" } ?? ""
      let line = MemberStory.Line(
        at: touch.decidedAt,
        kind: .touch,
        text: "\(touch.source): \(touch.template) → \(touch.channel), \(touch.status)\(delivery)",
        reason: touch.reason
      )
      told.append(Candidate(line: line, weight: 100, event: nil))
    }
    for index in told.indices where told[index].weight > 1 {
      let at = told[index].line.at
      let isNear = touches.contains { max($0.decidedAt - at, at - $0.decidedAt) <= Self.nearTouch }
      if isNear { told[index].weight += 25 }
    }
    var story = MemberStory(
      member: subject.id,
      tags: presentTags,
      lines: chosen(of: told),
      total: told.count + events.count
    )
    story.moments = moments
    return story
  }

  private func chosen(of told: [Candidate]) -> [MemberStory.Line] {
    let ranked = told.indices.filter { told[$0].weight > 0 }.sorted { left, right in
      (told[left].weight, told[left].line.at) > (told[right].weight, told[right].line.at)
    }
    var picked: Set<Int> = []
    var causes: Set<Int> = []
    for index in ranked {
      let isNewCause = told[index].event.map { !causes.contains($0) } ?? false
      guard picked.count + causes.count + (isNewCause ? 2 : 1) <= Self.linesMax else { continue }
      picked.insert(index)
      if let event = told[index].event { causes.insert(event) }
    }
    // An event stands before what it changed, a touch after what led to it.
    var lines = causes.map { (line: events[$0], place: -1) }
    lines += picked.map { (told[$0].line, $0) }
    return lines.sorted { ($0.line.at, $0.place) < ($1.line.at, $1.place) }.map(\.line)
  }

  private var presentTags: [String] {
    zip(program.playbook.member.tags, fold.tagging.tagValues(program: program.member)).compactMap { tag, standing in
      standing.value.isNull ? nil : "\(ReportLabel(tag.label, name: tag.name).both) \(ReportText.plain(standing.value))"
    }
  }
}
