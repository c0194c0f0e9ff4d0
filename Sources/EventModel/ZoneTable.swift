import Foundation
import Synchronization

/// One zone's offsets and first instants of days as flat tables, in milliseconds: a look-up costs nanoseconds where
/// Foundation's costs tens of them and locks.
final class ZoneTable: Sendable {
  /// Instants at which an offset begins, ascending; the first is the distant past.
  private let transitions: [Int64]
  private let offsets: [Int64]
  /// First instant of each day since 1970-01-01; a skipped date has its successor's.
  private let dayStarts: [Int64]

  /// Days of 1970-01-01 … 2099-12-31.
  static let days = 47_482
  private static let dayMilliseconds: Int64 = 86_400_000
  private static let known = Mutex<[String: ZoneTable]>([:])

  /// The table of a zone, made at its first use; `nil` when the zone database does not have the name.
  static func named(_ identifier: String) -> ZoneTable? {
    if let table = known.withLock({ $0[identifier] }) { return table }
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    let table = ZoneTable(zone: zone)
    known.withLock { $0[identifier] = table }
    return table
  }

  private init(zone: TimeZone) {
    var transitions = [Instant.distantPast.milliseconds]
    var offsets: [Int64] = []
    // Two changes of offset within one day would be missed; the zone database has none since 1970.
    let probe = { (second: Int64) -> Int64 in
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))) * 1000
    }
    var offset = probe(-86_400)
    offsets.append(offset)
    for day in 0...Int64(Self.days) {
      let next = probe(day * 86_400)
      guard next != offset else { continue }
      var (low, high) = ((day - 1) * 86_400, day * 86_400)
      while low + 1 < high {
        let middle = low + (high - low) / 2
        if probe(middle) == offset { low = middle } else { high = middle }
      }
      transitions.append(high * 1000)
      offsets.append(next)
      offset = next
    }
    self.transitions = transitions
    self.offsets = offsets
    dayStarts = (0...Self.days).map {
      Self.firstReading(Int64($0) * Self.dayMilliseconds, transitions: transitions, offsets: offsets)
    }
  }

  /// Offset from UTC in force at `instant`.
  func offset(at instant: Int64) -> Int64 {
    offsets[mutated(.zoneWithoutChanges) ? 0 : Self.segment(at: instant, transitions)]
  }

  /// First instant of the date `day` days after 1970-01-01.
  func startOfDay(_ day: Int) -> Int64 {
    if day >= 0, day <= Self.days { return dayStarts[day] }
    return firstReading(Int64(day) * Self.dayMilliseconds)
  }

  /// Days since 1970-01-01 of the date whose day holds `instant`.
  func day(at instant: Int64) -> Int {
    // Within ±26 h of the guess; among a skipped date and its successor, which share their start, the later stands.
    var day = Int(floorDivide(instant, Self.dayMilliseconds).quotient) + 2
    while startOfDay(day) > instant { day -= 1 }
    return day
  }

  /// First instant whose wall clock reads `wall` (milliseconds as if UTC) or later.
  func firstReading(_ wall: Int64) -> Int64 {
    Self.firstReading(wall, transitions: transitions, offsets: offsets)
  }

  private static func firstReading(_ wall: Int64, transitions: [Int64], offsets: [Int64]) -> Int64 {
    // No offset exceeds 26 h, so earlier segments ended before reading `wall`.
    var index = segment(at: wall - 26 * 3_600_000, transitions)
    while true {
      let candidate = mutated(.gapFallsBack) ? wall - offsets[index] : max(transitions[index], wall - offsets[index])
      if index + 1 == transitions.count || candidate < transitions[index + 1] { return candidate }
      index += 1
    }
  }

  /// Index of the last transition at or before `instant`.
  private static func segment(at instant: Int64, _ transitions: [Int64]) -> Int {
    var low = 0
    var high = transitions.count
    while low + 1 < high {
      let middle = (low + high) / 2
      if transitions[middle] <= instant { low = middle } else { high = middle }
    }
    return low
  }
}
