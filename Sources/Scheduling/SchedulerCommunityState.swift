import EventModel
import Playbook

/// What the scheduler knows of one community: since when it exists, its kind and the tags that audiences name. Its
/// calendars fire from it: courtesy (quiet hours, caps) is the members', a community post is not held by it.
///
/// As with members the caller advances to the clock before it gives the community's next input; tag changes dated
/// after the clock take effect at their instant.
package struct SchedulerCommunityState: Hashable, Sendable {
  package let subject: Subject
  var through: Instant?
  /// When it first came to notice; earlier slots are not its.
  var since: Instant?
  var kind: Kind?
  /// When it was dissolved; no slot at or after fires.
  var dissolvedAt: Instant?
  /// Audience tags that hold.
  var tags: Set<String> = []
  /// Marks of the calendars it follows. One that a new playbook brings is followed from the next `advance` on: what
  /// fell before was no slot of this community.
  var followed: Set<UInt64> = []
  /// Tag changes ahead of the clock, by instant.
  var pendingTags: [TagChange] = []

  /// The newest kind by (time, id).
  struct Kind: Hashable, Sendable {
    var time: Instant
    var id: String
    var name: String
  }

  struct TagChange: Hashable, Sendable {
    var at: Instant
    var tag: String
    var holds: Bool
  }

  /// Events that say something about the community itself.
  static let eventTypes: Set<String> = ["community.created", "community.dissolved"]
  /// Tag changes kept ahead of the clock; over it the oldest takes effect early.
  package static let pendingTagsMax = 64

  /// A community of which nothing is known.
  package init(subject: Subject) { self.subject = subject }

  /// Whether it came to notice at all.
  package var isKnown: Bool { since != nil }

  /// An event of the community: the first one makes it known from its `receivedAt`, `community.created` gives its
  /// kind (`data.kind`), `community.dissolved` ends its calendars.
  package mutating func eventSeen(_ event: Event, program: SchedulerProgram) {
    notice(at: event.receivedAt, program: program)
    switch event.type {
    case "community.created":
      guard case .string(let name)? = event.data["kind"], name.utf8.count <= StateLimits.textBytesMax else { return }
      if let kind, (kind.time, kind.id) > (event.time, event.id) { return }
      kind = Kind(time: event.time, id: event.id, name: name)
    case "community.dissolved": dissolvedAt = min(event.time, dissolvedAt ?? event.time)
    default: break
    }
  }

  /// A tag of the community has a new value at `at`; only `true` holds. In every mode: a tag's value is a fact, and
  /// acting is the slot's doing.
  package mutating func tagChanged(_ name: String, value: Value, at: Instant, program: SchedulerProgram) {
    notice(at: at, program: program)
    guard program.concerns(tag: name, of: .community) else { return }
    let change = TagChange(at: at, tag: name, holds: value == .bool(true))
    guard let through, at <= through else {
      let index = pendingTags.firstIndex { $0.at > at } ?? pendingTags.endIndex
      pendingTags.insert(change, at: index)
      if pendingTags.count > Self.pendingTagsMax { apply(pendingTags.removeFirst()) }
      return
    }
    apply(change)
  }

  /// The next instant at which `advance` has something to do: a slot falls for this community as it is now or may come
  /// to be by a known change, or, at once, a calendar of a new playbook is to be followed.
  package func nextDue(program: SchedulerProgram) -> Instant? {
    guard let start else { return nil }
    guard followed.isSuperset(of: program.calendarMarks) else { return start }
    var earliest: Instant?
    for calendar in program.calendars where mayAddress(calendar.audience) {
      let slots = WallClockSlots(slot: calendar.slot, zone: program.zone)
      guard let next = slots.next(after: start)?.instant, isAlive(at: next) else { continue }
      earliest = earliest.map { min($0, next) } ?? next
    }
    return earliest
  }

  private mutating func notice(at instant: Instant, program: SchedulerProgram) {
    if since == nil { followed = Set(program.calendarMarks) }
    since = min(instant, since ?? instant)
  }

  mutating func apply(_ change: TagChange) {
    if change.holds { tags.insert(change.tag) } else { tags.remove(change.tag) }
  }

  /// Slots later than this may fire; nil for an unknown community.
  var start: Instant? { since.map { max($0, through ?? $0) } }

  func isAlive(at instant: Instant) -> Bool { dissolvedAt.map { instant < $0 } ?? true }

  private func mayAddress(_ audience: CalendarDefinition.Audience) -> Bool {
    switch audience {
    case .everyCommunity: true
    case .communityKind(let name): kind?.name == name
    case .communityTag(let tag): tags.contains(tag) || pendingTags.contains { $0.tag == tag && $0.holds }
    }
  }

  /// Whether the community belongs to the audience at `instant`.
  func isAddressed(by audience: CalendarDefinition.Audience, at instant: Instant) -> Bool {
    switch audience {
    case .everyCommunity: true
    case .communityKind(let name): kind?.name == name
    case .communityTag(let tag):
      pendingTags.last { $0.tag == tag && $0.at <= instant }?.holds ?? tags.contains(tag)
    }
  }
}
