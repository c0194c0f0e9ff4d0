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
  /// UTF-8 bytes of a definition's name, an event type or the playbook's id.
  package static let nameBytesMax = 128
  /// A sliding or two-sided window of a metric.
  package static let windows = TimeSpan.minutes(1)...TimeSpan.days(400)
  /// Every other length of time: waits, delays, expiries, caps, refreshes.
  package static let lengths = TimeSpan.seconds(1)...TimeSpan.days(400)
  /// A funnel's window, from step 1.
  package static let funnelWindows = TimeSpan.minutes(1)...TimeSpan.days(180)
  /// Steps with an event; a `total` before them does not count.
  package static let funnelStepsMax = 32
  /// Steps of one journey.
  package static let journeyStepsMax = 64
  /// Of a journey; a higher one goes first.
  package static let priorities = 0...1_000
  /// UTF-8 bytes of a template's text.
  package static let templateBytesMax = 4_096
  /// The highest cap that can be written.
  package static let capTouchesMax = 1_000
  /// Doubled keys that are reported in one file; past them the file is given up.
  static let doubledKeysMax = 20
  /// Faults that are listed; past them the rest of the playbook is not looked at.
  package static let faultsMax = 1_000
}

/// The bounds of one expression.
package enum ExpressionLimits {
  /// UTF-8 bytes of one expression.
  package static let bytesMax = 4_096
  /// Parentheses, calls, `not` and signs inside each other.
  package static let nestingMax = 32
  /// Operations inside each other, a chain of `+` or `*` counted too: what a recursive reader meets.
  package static let depthMax = 128
  /// The shortest unit of `floor(elapsed(x) / unit)`: the formula changes once a unit.
  package static let elapsedUnitMin = TimeSpan.seconds(1)
}
