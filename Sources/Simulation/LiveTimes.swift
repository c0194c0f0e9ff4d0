import EventModel

/// Sets simulated events to the present, for a stream: event number n (from 0) stands n / rate seconds after the first.
///
/// Order is kept and nothing else: a month passes in minutes, so a stream shows the pipeline at work and not the planted
/// truths, which lie in days. `receivedAt` is left to whoever receives. Totals of a channel and day become the running
/// total of the day that it is now, as the newest replaces the one before.
package struct LiveTimes: Sendable {
  private let first: Instant
  private let ratePerSecond: Int
  private var totals: [String: FixedDecimal] = [:]
  private var number: Int64 = 0

  /// Events a second.
  package static let rateBounds = 1...20_000

  /// `ratePerSecond` at least 1.
  package init(first: Instant, ratePerSecond: Int) {
    self.first = first
    self.ratePerSecond = max(1, ratePerSecond)
  }

  /// The instant of event number `number`.
  package func instant(of number: Int) -> Instant {
    first + TimeSpan(milliseconds: Int64(number) * 1000 / Int64(ratePerSecond))
  }

  /// The next event, in its new place. Ids get the first instant in front, so that a second stream is not taken for a
  /// repetition of the first.
  package mutating func next(_ event: Event) -> Event {
    var event = event
    event.time = instant(of: Int(number))
    event.receivedAt = event.time
    event.id = "\(first.milliseconds)-\(event.id)"
    number += 1
    if event.subject.kind == .channel { addUp(&event) }
    return event
  }

  private mutating func addUp(_ event: inout Event) {
    guard case .object(let members) = event.data else { return }
    let days = floorDivide((event.time + SimulatedPeriod.offset).milliseconds, 86_400_000).quotient
    let day = LocalDate(daysSinceEpoch: Int(days)).text
    let key = "\(event.type) \(event.subject.id) \(day)"
    event.data = .object(
      members.map { member in
        switch (member.name, member.value) {
        case ("day", _): return Value.Member("day", .string(day))
        case ("count", .number(let number)), ("amount", .number(let number)):
          let sum = (totals[key] ?? .zero).adding(number) ?? number
          totals[key] = sum
          return Value.Member(member.name, .number(sum))
        default: return member
        }
      }
    )
  }
}
