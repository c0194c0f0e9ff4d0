/// Who did it. Counts take `member` unless the playbook says otherwise.
package enum Actor: String, Sendable, CaseIterable {
  case member
  case `operator`
  case insider
  case system
}

/// One accepted behaviour event (a CloudEvents 1.0 envelope with its typed `data`).
package struct Event: Hashable, Sendable {
  /// Unique per tenant and subject; the first in the log wins.
  package var id: String
  package var source: String
  package var tenant: String
  /// `order.paid` and the like.
  package var type: String
  package var time: Instant
  package var receivedAt: Instant
  package var actor: Actor
  /// The first subject: the member, or what else the event is of.
  package var subject: Subject
  /// The community's id, where the event names one.
  package var community: String?
  package var channel: String?
  package var `operator`: String?
  /// Always an object.
  package var data: Value

  package init(
    id: String,
    source: String,
    tenant: String,
    type: String,
    time: Instant,
    receivedAt: Instant,
    actor: Actor,
    subject: Subject,
    community: String? = nil,
    channel: String? = nil,
    operator: String? = nil,
    data: Value
  ) {
    self.id = id
    self.source = source
    self.tenant = tenant
    self.type = type
    self.time = time
    self.receivedAt = receivedAt
    self.actor = actor
    self.subject = subject
    self.community = community
    self.channel = channel
    self.operator = `operator`
    self.data = data
  }

  /// The member's id, when the first subject is a member.
  package var member: String? { subject.kind == .member ? subject.id : nil }

  /// The community that folds a copy of this event: named by the extension attribute, or itself the subject.
  package var communitySubject: Subject? {
    if subject.kind == .community { return subject }
    guard let community else { return nil }
    return Subject(tenant: tenant, kind: .community, id: community)
  }

  /// A field by name: an envelope word stands before a field of `data` with that name; `nil` when there is neither.
  package func field(_ name: String) -> Value? {
    switch name {
    case "member": if let member { return .string(member) }
    case "community": if let id = communitySubject?.id { return .string(id) }
    case "channel": if let channel { return .string(channel) }
    case "operator": if let name = self.operator { return .string(name) }
    default: break
    }
    guard let value = data[name], !value.isNull else { return nil }
    return value
  }
}

/// Names of the topics, as `schemas/topics.yaml` describes them.
package enum Topic {
  package static let events = "hearth.events.v1"
  package static let communityEvents = "hearth.community-events.v1"
  package static let deadLetter = "hearth.deadletter.v1"
  package static let tags = "hearth.tags.v1"
  package static let funnels = "hearth.funnels.v1"
  package static let profiles = "hearth.profiles.v1"
  /// Decided inputs of segments (rule results, ranking values): from the tagger to the segmenter.
  package static let signals = "hearth.signals.v1"
  package static let segments = "hearth.segments.v1"
  package static let touches = "hearth.touches.v1"
  package static let deliveries = "hearth.deliveries.v1"

  /// The header that marks a control record; subscribers skip such a record unread.
  package static let controlHeader = "hearth-control"
}

/// A record of the log that carries the clock or an administrative cut, not an event.
package enum ControlRecord: Hashable, Sendable {
  /// `tenant` is `*` for all live tenants. `source` names the topic whose partition clock it carries.
  /// `ends` marks the last tick of an import.
  case tick(tenant: String, time: Instant, source: String, ends: Bool)
  case activate(tenant: String, version: Int64)
  /// The cut of a population segment: members whose (value, id) stands at or before the cut are in.
  case population(tenant: String, segment: String, asOf: Instant, cut: Value, lastMember: String)
}

/// The bounds of acceptance (SEMANTICS "Accepting").
package enum AcceptanceLimits {
  /// An event may come this long after it happened.
  package static let lateness = TimeSpan.hours(72)
  /// An event may be dated this far ahead of its arrival; also the slack of deduplication.
  package static let ahead = TimeSpan.minutes(5)
  /// A timer due at u fires at the first tick at or after u + this.
  package static let timerGrace = TimeSpan(milliseconds: 500)
  package static let eventBytesMax = 65_536
  package static let idBytesMax = 100
  package static let nameBytesMax = 128
  package static let dataDepthMax = 16
}
