import EventModel
import Playbook
import Tagging

/// Why a subject's tags are what they are, and when each changes next if nothing comes: of its stored state and its
/// playbook alone.
package struct SubjectExplanation: Sendable {
  package let subject: Subject
  package let asOf: Instant
  /// In the playbook's order of evaluation.
  package let tags: [TagExplanation]

  /// How far ahead of the subject's clock is told, and of that instant the next change looked for: past the longest
  /// window of a playbook. A rule may change by the minute, so that without a bound it would take for ever.
  package static let ahead = TimeSpan.days(400)

  /// - Parameter tag: only this one; nil for all.
  /// - Returns: nil where `instant` lies before the subject began, before what can be replayed, or more than `ahead`
  ///   past the subject's clock.
  package init?(of fold: SubjectFold, at instant: Instant?, only tag: Int? = nil, program: FoldProgram) {
    let tagging = program.tagging(of: fold.subject.kind)
    guard let clock = fold.tagging.clock else { return nil }
    let asOf = instant ?? clock
    guard asOf <= clock + Self.ahead, let state = fold.tagging.asOf(asOf, program: tagging) else { return nil }
    subject = fold.subject
    self.asOf = asOf
    let definitions = program.definitions(of: fold.subject.kind)
    let standing = state.tagValues(program: tagging)
    tags = definitions.tags.indices.filter { tag == nil || $0 == tag }.map { index in
      let next = state.nextChange(of: index, through: asOf + Self.ahead, program: tagging)
      return TagExplanation(
        definition: definitions.tags[index],
        standing: standing[index],
        rules: RuleText(definitions).rules(of: definitions.tags[index]),
        readings: state.decidingValues(of: index, program: tagging).map { value in
          TagExplanation.Reading(value: value, metric: definitions.metrics.first { $0.name == value.name })
        },
        next: next.map { TagExplanation.Next(at: $0.at, value: $0.value) }
      )
    }
  }
}

/// One tag of a `SubjectExplanation`.
package struct TagExplanation: Sendable {
  package let definition: TagDefinition
  package let standing: StandingValue
  /// As written in the playbook: one of a rule or value, one a case or label, each with the value it gives.
  package let rules: [Rule]
  /// What the rules read, of cases those tried.
  package let readings: [Reading]
  /// Nil where it stays as it is for `SubjectExplanation.ahead`.
  package let next: Next?

  package struct Rule: Hashable, Sendable {
    /// What it gives where it holds; nil for one that is itself the value.
    package let gives: Value?
    package let text: String
  }

  package struct Reading: Sendable {
    package let value: DecidingValue
    /// Nil for a tag.
    package let metric: MetricDefinition?
  }

  package struct Next: Hashable, Sendable {
    package let at: Instant
    package let value: Value

    package init(at: Instant, value: Value) {
      self.at = at
      self.value = value
    }
  }
}

/// Rules in the playbook's own words.
private struct RuleText {
  private let metrics: [String]
  private let tags: [String]

  init(_ program: SubjectProgram) {
    metrics = program.metrics.map(\.name)
    tags = program.tags.map(\.name)
  }

  func rules(of tag: TagDefinition) -> [TagExplanation.Rule] {
    switch tag.rule {
    case .fact(let sources):
      [TagExplanation.Rule(gives: nil, text: sources.map { "\($0.type).\($0.field ?? "")" }.joined(separator: ", "))]
    case .rule(let formula), .value(let formula), .score(let formula, cut: _):
      [TagExplanation.Rule(gives: nil, text: text(formula))]
    case .cases(let cases):
      cases.map { one in
        TagExplanation.Rule(
          gives: one.value,
          text: one.condition == .literal(.bool(true)) ? "else" : text(one.condition)
        )
      }
    case .quadrant(let quadrant):
      quadrant.labels.map { TagExplanation.Rule(gives: .string($0.value), text: text($0.condition)) }
    }
  }

  private func text(_ formula: Formula) -> String { formula.text(metrics: metrics, tags: tags) }
}
