import EventModel

/// A value folded from a subject's events (SEMANTICS "Metrics").
package struct MetricDefinition: Sendable {
  package var name: String
  package var fold: Fold
  /// Event types, with a field in every one or in none.
  package var sources: [EventSelector]
  /// Reads only event fields.
  package var filter: Formula?
  package var window: Window
  /// Whose events count; members' alone by default.
  package var actors: ActorFilter
  /// Kind of the result.
  package var kind: ValueKind

  package init(
    name: String,
    fold: Fold,
    sources: [EventSelector],
    filter: Formula? = nil,
    window: Window = .lifetime,
    actors: ActorFilter = .only([.member]),
    kind: ValueKind = .decimal
  ) {
    self.name = name
    self.fold = fold
    self.sources = sources
    self.filter = filter
    self.window = window
    self.actors = actors
    self.kind = kind
  }
}

/// How events become a value.
package enum Fold: String, Sendable, CaseIterable {
  case count, sum, min, max, mean, first, last, distinct, streak
}

/// An event type, with the field that is folded where the fold takes one (`order.paid.amount`).
package struct EventSelector: Hashable, Sendable {
  package var type: String
  package var field: String?
  package init(type: String, field: String? = nil) {
    self.type = type
    self.field = field
  }
}

/// Whose events count.
package enum ActorFilter: Hashable, Sendable {
  case any
  case only(Set<Actor>)

  /// Whether an event of this actor counts.
  package func admits(_ actor: Actor) -> Bool {
    switch self {
    case .any: true
    case .only(let actors): actors.contains(actor)
    }
  }
}
