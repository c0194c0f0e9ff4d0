import EventModel

/// The ids of a subject's accepted events, each kept until its arrival + lateness bound + 5 min.
struct SeenEvents: Sendable {
  struct Entry: Sendable {
    /// Digest of the id; ids with the same one are compared.
    var key: UInt64
    /// Digest of what the event says.
    var content: UInt64
    var arrival: Int64
    var id: String

    init(content: UInt64, arrival: Int64, id: String) {
      var digest = Digest64()
      digest.add(id)
      key = digest.value
      self.content = content
      self.arrival = arrival
      self.id = id
    }
  }

  /// In order of folding.
  private(set) var entries: [Entry] = []
  /// Places in `entries` by key, once they are many.
  private var index: [UInt64: [Int32]] = [:]

  static let retention = AcceptanceLimits.lateness.milliseconds + AcceptanceLimits.ahead.milliseconds
  /// Past `retention` an entry still stands this long, for records whose `receivedAt` is behind others'.
  private static let slack = TimeSpan.hours(1).milliseconds
  private static let indexedFrom = 24

  init() {}

  init(entries: [Entry]) {
    self.entries = entries
    if entries.count > Self.indexedFrom { rebuildIndex() }
  }

  /// Whether the id is known at the event's arrival, and if so whether the copy says the same.
  mutating func judge(_ event: Event) -> SubjectOutcome.Acceptance {
    let entry = Entry(content: Self.content(of: event), arrival: event.receivedAt.milliseconds, id: event.id)
    let now = entry.arrival
    // Judged by the two arrivals, not by whether the entry was purged yet: the outcome rests on the log alone.
    if let known = find(entry.key, event.id, now: now), !mutated(.duplicateCounted) {
      return known.content == entry.content ? .duplicate : .duplicateConflict
    }
    purge(now: now)
    entries.append(entry)
    if !index.isEmpty {
      index[entry.key, default: []].append(Int32(entries.count - 1))
    } else if entries.count > Self.indexedFrom {
      rebuildIndex()
    }
    return .accepted
  }

  private func find(_ key: UInt64, _ id: String, now: Int64) -> Entry? {
    if index.isEmpty {
      return entries.last { $0.key == key && identical($0.id, id) && $0.arrival + Self.retention >= now }
    }
    return index[key]?.lazy.map { entries[Int($0)] }.last {
      identical($0.id, id) && $0.arrival + Self.retention / (mutated(.idsForgottenEarly) ? 2 : 1) >= now
    }
  }

  /// Forgets what is past its time, once that is a quarter of all.
  private mutating func purge(now: Int64) {
    let probe = entries.count / 4
    guard probe >= 4, entries[probe].arrival + Self.retention + Self.slack < now else { return }
    entries.removeAll { $0.arrival + Self.retention + Self.slack < now }
    index = [:]
    if entries.count > Self.indexedFrom { rebuildIndex() }
  }

  private mutating func rebuildIndex() {
    index = [:]
    for (place, entry) in entries.enumerated() { index[entry.key, default: []].append(Int32(place)) }
  }

  /// Digest of what a copy must share. Times are left out: a retry changes `sentAt`, hence `time`.
  private static func content(of event: Event) -> UInt64 {
    var digest = Digest64()
    digest.add(event.type)
    digest.add(event.actor.rawValue)
    digest.add(event.subject.kind.rawValue)
    digest.add(event.subject.id)
    digest.add(event.community ?? "")
    digest.add(event.channel ?? "")
    digest.add(event.operator ?? "")
    digest.add(event.data)
    return digest.value
  }
}
