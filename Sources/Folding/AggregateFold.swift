import EventModel

/// The totals of one channel or campaign (SEMANTICS "Subjects": aggregate events): one value for each event type and
/// day, of which the newest by (`receivedAt`, id) stands.
///
/// At most `totalsMax` are remembered; past that the oldest days are forgotten, whose totals then stand as written.
package struct AggregateFold: Sendable {
  package static let version: UInt8 = 129
  package static let totalsMax = 4_096

  private struct Key: Hashable, Comparable {
    var day: LocalDate
    var type: String

    static func < (left: Key, right: Key) -> Bool {
      left.day != right.day ? left.day < right.day : precedesBytewise(left.type, right.type)
    }
  }

  private struct Standing {
    var receivedAt: Instant
    var id: String
  }

  package let subject: Subject
  private var standing: [Key: Standing] = [:]

  package init(subject: Subject) { self.subject = subject }

  /// The total that the event makes stand; nil when a newer one stands, or it names no number.
  ///
  /// The day is `data.day`, else the local one of the event's time; the number is `data.count` or `data.amount`.
  package mutating func apply(_ event: Event, zone: CalendarZone) -> AggregateTotal? {
    guard let value = Self.number(event) else { return nil }
    let key = Key(day: Self.day(event) ?? zone.date(at: event.time), type: event.type)
    if let known = standing[key], !Self.replaces(event, known) { return nil }
    standing[key] = Standing(receivedAt: event.receivedAt, id: event.id)
    if standing.count > Self.totalsMax, let oldest = standing.keys.min() { standing[oldest] = nil }
    return AggregateTotal(subject: subject, type: event.type, day: key.day, value: value)
  }

  private static func replaces(_ event: Event, _ known: Standing) -> Bool {
    if event.receivedAt != known.receivedAt { return event.receivedAt > known.receivedAt }
    return precedesBytewise(known.id, event.id)
  }

  private static func number(_ event: Event) -> FixedDecimal? {
    for name in ["count", "amount"] {
      if case .number(let number)? = event.data[name] { return number }
    }
    return nil
  }

  private static func day(_ event: Event) -> LocalDate? {
    guard case .string(let text)? = event.data["day"] else { return nil }
    return LocalDate(text: text)
  }

  package func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.version)
    writer.text(subject.key)
    writer.count(standing.count)
    for (key, one) in standing.sorted(by: { $0.key < $1.key }) {
      writer.integer(Int64(key.day.daysSinceEpoch))
      writer.text(key.type)
      writer.integer(one.receivedAt.milliseconds)
      writer.text(one.id)
    }
    return writer.output
  }

  /// Throws when the bytes are not of this version or not whole.
  package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
    var reader = ByteReader(bytes)
    guard try reader.byte() == Self.version, let subject = Subject(key: try reader.text()) else {
      throw ByteReader.Failure()
    }
    self.subject = subject
    for _ in 0..<(try reader.count()) {
      let key = Key(day: LocalDate(daysSinceEpoch: Int(try reader.integer())), type: try reader.text())
      standing[key] = Standing(receivedAt: Instant(milliseconds: try reader.integer()), id: try reader.text())
    }
  }
}

/// One total: what a channel or campaign had of one kind on one day.
package struct AggregateTotal: Hashable, Sendable {
  package var subject: Subject
  package var type: String
  package var day: LocalDate
  package var value: FixedDecimal
}
