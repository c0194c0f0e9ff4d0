import EventModel

/// A flow of touches for one member, begun when the member enters a segment.
package struct JourneyDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  /// Starts when a member enters this segment.
  package var startSegment: String
  /// A member may start again this long after the last start; `nil`: never.
  package var againAfter: TimeSpan?
  /// One to 64, taken in order.
  package var steps: [Step]
  /// Under caps the touches of a higher priority go first; 0 unless said otherwise.
  package var priority: Int

  /// One step of a journey.
  package enum Step: Hashable, Sendable {
    case send(template: String, channel: String, expires: TimeSpan)
    /// Ends the journey when such an event comes within the time, else goes on.
    case wait(types: [String], atMost: TimeSpan)
    case delay(TimeSpan)
    case end
  }

  package init(
    name: String,
    label: LocalizedText,
    startSegment: String,
    againAfter: TimeSpan?,
    steps: [Step],
    priority: Int = 0
  ) {
    self.name = name
    self.label = label
    self.startSegment = startSegment
    self.againAfter = againAfter
    self.steps = steps
    self.priority = priority
  }
}
