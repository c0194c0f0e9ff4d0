import EventModel

/// Gathers the events of a simulation; those past its end are left out.
struct EventDrafts {
  private let tenant: String
  private let end: Instant
  private var events: [Event] = []

  static let source = "hearth/simulate"

  var count: Int { events.count }

  init(tenant: String, end: Instant) {
    self.tenant = tenant
    self.end = end
  }

  /// Who an event is of.
  enum Who {
    case member(String)
    case `operator`(String)
    case community(String)
    case channel(String)
  }

  mutating func add(
    _ type: String,
    at time: Instant,
    of who: Who,
    actor: Actor? = nil,
    community: String? = nil,
    channel: String? = nil,
    operator: String? = nil,
    _ data: [(String, Value)] = []
  ) {
    guard time < end else { return }
    let (subject, usual) = subject(of: who)
    events.append(
      Event(
        id: "",
        source: Self.source,
        tenant: tenant,
        type: type,
        time: time,
        receivedAt: time,
        actor: actor ?? usual,
        subject: subject,
        community: community,
        channel: channel,
        operator: `operator`,
        data: .object(data.map { Value.Member($0.0, $0.1) })
      )
    )
  }

  private func subject(of who: Who) -> (Subject, Actor) {
    switch who {
    case .member(let id): (Subject(tenant: tenant, kind: .member, id: id), .member)
    case .operator(let id): (Subject(tenant: tenant, kind: .operator, id: id), .operator)
    case .community(let id): (Subject(tenant: tenant, kind: .community, id: id), .operator)
    case .channel(let id): (Subject(tenant: tenant, kind: .channel, id: id), .system)
    }
  }

  /// By time, those of one instant as they were added, numbered so that ids have the same order.
  func sorted() -> [Event] {
    let order = events.indices.sorted { (events[$0].time, $0) < (events[$1].time, $1) }
    return order.enumerated().map { number, index in
      var event = events[index]
      event.id = "sim-" + Self.sevenDigits(number + 1)
      return event
    }
  }

  private static func sevenDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 7 - digits.count)) + digits
  }
}

extension Value {
  /// Money in yuan, from fen.
  static func fen(_ fen: Int) -> Value { FixedDecimal(millionths: Int64(fen) * 10_000).map(Value.number) ?? .null }

  static func count(_ number: Int) -> Value { .whole(Int64(number)) }
}
