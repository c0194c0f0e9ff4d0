import EventModel

/// What a formula reads while it is evaluated: the decided metrics and tags of one subject, or the event at hand.
package protocol FormulaContext {
  /// The value of the program's metric at `index`; `.null` when it has none.
  func metric(_ index: Int) -> Value
  /// The value of the program's tag at `index`; `.null` when it has none.
  func tag(_ index: Int) -> Value
  /// A field of the event at hand, as `Event.field(_:)` gives it; `nil` where there is no such field or no event.
  func field(_ name: String) -> Value?
  /// The subject's clock.
  var now: Instant { get }
}

/// The context of a `where`: one event, no metrics, no tags.
package struct EventContext: FormulaContext {
  package let event: Event

  package init(event: Event) { self.event = event }

  package func metric(_ index: Int) -> Value { .null }
  package func tag(_ index: Int) -> Value { .null }
  package func field(_ name: String) -> Value? { event.field(name) }
  package var now: Instant { event.time }
}
