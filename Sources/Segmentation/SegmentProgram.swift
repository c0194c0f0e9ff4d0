import EventModel
import Playbook

/// The segments of one playbook, by name.
package struct SegmentProgram: Sendable {
  /// A population segment: the top share by the decimal signal of its name.
  package struct Population: Hashable, Sendable {
    package var name: String
    /// 0 … 1.
    package var share: FixedDecimal
    /// It is recomputed at each multiple of this since 1970-01-01T00:00:00Z.
    package var refresh: TimeSpan

    package init(name: String, share: FixedDecimal, refresh: TimeSpan) {
      self.name = name
      self.share = share
      self.refresh = refresh
    }
  }

  /// In order of name (UTF-8).
  package let populations: [Population]
  private let rules: Set<String>

  package init(segments: [SegmentDefinition]) {
    var populations: [Population] = []
    var rules: Set<String> = []
    for segment in segments {
      switch segment.rule {
      case .rule: rules.insert(segment.name)
      case .top(let share, let refresh):
        populations.append(Population(name: segment.name, share: share, refresh: refresh))
      }
    }
    self.rules = rules
    self.populations = populations.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  func isRule(_ name: String) -> Bool { rules.contains(name) }

  /// The population segment of that name.
  package func population(_ name: String) -> Population? { populations.first { $0.name == name } }
}
