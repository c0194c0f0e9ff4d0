/// The tests of one page section, and which of them may be claimed.
///
/// Many tests find something by chance. So all are counted first, and a claim needs p < 0.01 ÷ (number of tests made):
/// Bonferroni's bound, by which a section where nothing is true claims anything at all in at most one case of a hundred.
package struct Comparisons: Sendable {
  /// Chance of any false claim in a section.
  package static let errorMax = 0.01

  /// What a test is about.
  package enum Question: Hashable, Sendable {
    /// Step `step` (from 1) to the next, of those who reached it on one day against all other days.
    case day(step: Int, day: Int)
    /// One part of a breakdown against all others together.
    case part(funnel: String, value: String)
    /// A community's active members now and before, against those of all others.
    case community(String)
  }

  package struct Finding: Hashable, Sendable {
    package var question: Question
    package var first: Proportion
    package var second: Proportion
    package var test: TwoProportions
  }

  /// Tests that had enough to go by.
  package private(set) var findings: [Finding] = []
  /// Tests that were made, those with too little to go by left out.
  package var made: Int { findings.count }
  /// The p below which a finding is claimed; 1 % where nothing was tested.
  package var bound: Double { Self.errorMax / Double(max(1, made)) }

  package init() {}

  /// Compares two rates; too small counts are passed over and not counted as a test.
  package mutating func compare(_ question: Question, _ first: Proportion, _ second: Proportion) {
    guard let test = TwoProportions(first, second) else { return }
    findings.append(Finding(question: question, first: first, second: second, test: test))
  }

  /// The findings that pass the bound, the surest first. Ask when all tests of the section are made.
  package var claims: [Finding] {
    findings.filter { $0.test.p < bound }.sorted { abs($0.test.z) > abs($1.test.z) }
  }
}
