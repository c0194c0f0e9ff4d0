/// The event types that a playbook may name, with the fields of their `data`.
package struct EventCatalogue: Sendable {
  /// One event type.
  package struct EventType: Sendable {
    package var name: String
    /// Fields of `data` with their kinds; `unknown` where the kind differs from event to event.
    package var fields: [String: ValueKind]
    /// Whether `data` may hold other fields, of unknown kind.
    package var isOpen: Bool
    /// A total without a member: node 0 of a funnel, never a step.
    package var isAggregate: Bool

    package init(name: String, fields: [String: ValueKind], isOpen: Bool = false, isAggregate: Bool = false) {
      self.name = name
      self.fields = fields
      self.isOpen = isOpen
      self.isAggregate = isAggregate
    }

    /// Kind of an envelope word or a field of `data`; `nil` when the type has neither.
    package func kind(of field: String) -> ValueKind? {
      if EventCatalogue.envelopeWords.contains(field) { return .string }
      return fields[field] ?? (isOpen ? .unknown : nil)
    }

    /// Whether an event of this type, done by the member, is behaviour (SEMANTICS "Settled details").
    package var isBehaviour: Bool {
      !["touch.", "member.", "consent."].contains { name.hasPrefix($0) } && !isAggregate
    }
  }

  /// Words of the envelope that stand before a field of `data` with that name.
  package static let envelopeWords: Set<String> = ["member", "community", "channel", "operator"]

  package private(set) var types: [String: EventType]

  package init(types: [EventType]) {
    self.types = Dictionary(types.map { ($0.name, $0) }) { $1 }
  }

  /// Adds a type, or fields to a known one.
  package mutating func declare(_ type: EventType) {
    guard var known = types[type.name] else {
      types[type.name] = type
      return
    }
    known.fields.merge(type.fields) { $1 }
    types[type.name] = known
  }

  /// A field path: the longest known event type that begins `path`, and what stands after it; `nil` when no known type
  /// begins it. The field itself is not looked up.
  package func split(_ path: String) -> (type: EventType, field: String?)? {
    var end = path.endIndex
    while true {
      if let type = types[String(path[..<end])] {
        return (type, end == path.endIndex ? nil : String(path[path.index(after: end)...]))
      }
      guard let dot = path[..<end].lastIndex(of: ".") else { return nil }
      end = dot
    }
  }
}
