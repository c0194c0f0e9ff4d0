import EventModel
import Playbook

/// What the scheduler knows of one member: running journeys, touches let go, own zone, consent.
///
/// The caller advances the state to the clock before it gives the member's next input. Inputs dated after the clock
/// are kept and take effect at their instant, so that their order among topics does not matter; those dated before it
/// take effect at once.
package struct SchedulerMemberState: Hashable, Sendable {
  package let subject: Subject
  var through: Instant?
  /// The last instant at which a touch was judged; never goes back, so that caps count in order.
  var judgedThrough: Instant?
  var zone: String?
  /// By purpose.
  var consents: [String: ConsentChange] = [:]
  /// Segments entered, not yet acted on; by instant.
  var entries: [Entry] = []
  /// Awaited events that a wait not yet begun may still need; in order of arrival.
  var seen: [JourneyInstance.SeenEvent] = []
  /// Last start of each journey.
  var starts: [String: Instant] = [:]
  var instances: [JourneyInstance] = []
  var sent: [SentTouch] = []

  struct Entry: Hashable, Sendable {
    var at: Instant
    var segment: String
  }

  /// Segment entries kept ahead of the clock; over it the oldest takes effect early.
  package static let entriesMax = 64
  /// Awaited events kept; over it the oldest is forgotten.
  package static let seenMax = 64
  /// An awaited event is kept this long behind the clock, for entries that come late.
  package static let seenFor = TimeSpan.minutes(10)

  /// A member of whom nothing is known.
  package init(subject: Subject) { self.subject = subject }

  /// Whether the state says nothing that matters: it need not be stored.
  package var isEmpty: Bool {
    zone == nil && consents.isEmpty && entries.isEmpty && seen.isEmpty && starts.isEmpty && instances.isEmpty
      && sent.isEmpty
  }

  /// The next instant at which `advance` has something to do; nil without one.
  package var nextDue: Instant? {
    let entry = entries.first?.at
    let due = instances.compactMap(\.due).min()
    guard let entry, let due else { return entry ?? due }
    return min(entry, due)
  }

  /// The member entered or left a segment at `at`. Only entering matters: it starts the journeys of that segment,
  /// unless one still runs or started less than its `againAfter` before.
  package mutating func segmentChanged(
    _ segment: String,
    entered: Bool,
    at: Instant,
    mode: ChangeMode,
    program: SchedulerProgram
  ) {
    guard entered, program.acts(on: mode), program.concerns(segment: segment) else { return }
    let entry = Entry(at: at, segment: segment)
    guard !entries.contains(entry) else { return }
    let index = entries.firstIndex { $0.at > at } ?? entries.endIndex
    entries.insert(entry, at: index)
    if entries.count > Self.entriesMax { start(entries.removeFirst(), program: program) }
  }

  /// An event of the member. Ends waits for its type, also ones that begin later but not after the event's time.
  package mutating func eventSeen(_ event: Event, program: SchedulerProgram) {
    if let (purpose, change) = ConsentChange.read(event),
      consents[purpose] != nil || consents.count < ConsentChange.purposesMax
    {
      consents[purpose] = change.merged(with: consents[purpose])
    }
    guard program.waits(for: event.type) else { return }
    for index in instances.indices {
      guard let journey = program.journey(named: instances[index].journey) else { continue }
      instances[index].event(type: event.type, time: event.time, of: journey)
    }
    let seenEvent = JourneyInstance.SeenEvent(type: event.type, time: event.time)
    guard event.time + Self.seenFor > through ?? .distantPast, !seen.contains(seenEvent) else { return }
    seen.append(seenEvent)
    if seen.count > Self.seenMax { seen.removeFirst() }
  }

  /// A tag of the member has a new value (null: none). The tag `zone` names the member's own IANA zone.
  package mutating func tagChanged(_ name: String, value: Value, program: SchedulerProgram) {
    guard name == SchedulerProgram.zoneTag else { return }
    if case .string(let text) = value, text.utf8.count <= StateLimits.textBytesMax { zone = text } else { zone = nil }
  }

  mutating func start(_ entry: Entry, program: SchedulerProgram) {
    for journey in program.journeys(startedBy: entry.segment) {
      guard !instances.contains(where: { $0.journey == journey.name }) else { continue }
      if let last = starts[journey.name] {
        guard let span = journey.againAfter, entry.at > last, entry.at >= last + span else { continue }
      }
      starts[journey.name] = entry.at
      let instance = JourneyInstance(of: journey, at: entry.at, seen: seen)
      if !instance.isFinished { instances.append(instance) }
    }
  }
}
