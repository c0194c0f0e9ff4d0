import EventModel

package struct JourneyDefinition: Sendable {
  package var name: String
  package var label: LocalizedText
  /// Starts when a member enters this segment.
  package var startSegment: String
  /// A member may start again this long after the last start; `nil`: never.
  package var againAfter: TimeSpan?
  package var steps: [Step]

  package enum Step: Hashable, Sendable {
    case send(template: String, channel: String, expires: TimeSpan)
    /// Ends the journey when such an event comes within the time, else goes on.
    case wait(types: [String], atMost: TimeSpan)
    case delay(TimeSpan)
    case end
  }

  package init(name: String, label: LocalizedText, startSegment: String, againAfter: TimeSpan?, steps: [Step]) {
    self.name = name
    self.label = label
    self.startSegment = startSegment
    self.againAfter = againAfter
    self.steps = steps
  }
}
