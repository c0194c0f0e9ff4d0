import EventModel

/// Bounds of what a member's funnels may hold.
package enum FunnelLimits {
  /// Steps of one funnel; they are kept as bits of a word.
  package static let stepsMax = 32
  /// Exclusions of one funnel; one more bit of the word stands for behaviour events in strict funnels.
  package static let exclusionsMax = 63
  /// Events kept per member and funnel, and as many again that are dated ahead of the clock; past it the oldest go
  /// and the entries that they could have served are marked approximate.
  package static let eventsMax = 1024
  /// A breakdown value that is longer as a text is none (it reads as null).
  package static let breakdownBytesMax = 256

  /// Events are thinned each time their number reaches a multiple of this, so that the cost is spread.
  static let thinningInterval = 32
  /// The end of local date d lies within this of (d + 1) × 24 h UTC: offsets reach ±15 h, and a zone may skip a date.
  static let zoneSlack = TimeSpan.hours(48)
}
