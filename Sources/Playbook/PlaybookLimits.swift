import EventModel

/// The bounds of a playbook (PLAYBOOK "Checks", SEMANTICS).
package enum PlaybookLimits {
  /// UTF-8 bytes of all files of one playbook together.
  package static let bytesMax = 1_048_576
  /// Metrics, tags, scores, segments, funnels, templates, calendars, journeys and channels together.
  package static let definitionsMax = 2_000
  /// Collections inside each other in one file, aliases followed.
  package static let nestingMax = 32
  /// Nodes that the aliases of one file stand for.
  package static let aliasNodesMax = 10_000
  package static let nameBytesMax = 128
  /// A sliding or two-sided window, and every other length of time that a playbook names.
  package static let windows = TimeSpan.minutes(1)...TimeSpan.days(400)
  package static let funnelWindows = TimeSpan.minutes(1)...TimeSpan.days(180)
  package static let funnelStepsMax = 32
  package static let journeyStepsMax = 64
  package static let templateBytesMax = 4_096
  package static let capTouchesMax = 1_000
  /// Doubled keys that are reported in one file; past them the file is given up.
  static let doubledKeysMax = 20
  /// Faults that are listed; past them the rest of the playbook is not looked at.
  package static let faultsMax = 1_000
}

/// The bounds of one expression.
package enum ExpressionLimits {
  package static let bytesMax = 4_096
  /// Parentheses, calls, `not` and signs inside each other.
  package static let nestingMax = 32
  /// Operations inside each other, a chain of `+` or `*` counted too: what a recursive reader meets.
  package static let depthMax = 128
  /// The shortest unit of `floor(elapsed(x) / unit)`: the formula changes once a unit.
  package static let elapsedUnitMin = TimeSpan.minutes(1)
}
