import EventModel

/// Numbers, times and values as a report writes them.
package enum ReportText {
  /// `1,234,567`.
  package static func number(_ value: Int) -> String { grouped(String(value)) }

  /// A decimal text with its whole part in groups of three: `4,596,039.58`.
  package static func grouped(_ text: String) -> String {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    var digits = String(parts.first ?? "")
    let sign = digits.hasPrefix("-") ? "-" : ""
    digits.removeFirst(sign.count)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    let whole = sign + ([digits] + groups).joined(separator: ",")
    return parts.count > 1 ? "\(whole).\(parts[1])" : whole
  }

  /// `17.5 %`; a dash where the whole is 0.
  package static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "–" }
    let tenths = roundedHalfEven(Int128(part) * 1000, dividedBy: Int128(whole))
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// `2017-03-05 14:03` by the zone's wall clock.
  package static func time(_ instant: Instant, _ zone: CalendarZone) -> String {
    let minutes = zone.timeOfDay(at: instant).milliseconds / 60_000
    return "\(zone.date(at: instant).text) \(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
  }

  private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// `14 d 3 h`, `2 h 5 min`, `40 s`: the two largest units.
  package static func span(_ span: TimeSpan) -> String {
    let units: [(name: String, milliseconds: Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000),
    ]
    var rest = span.milliseconds
    guard let first = units.firstIndex(where: { rest >= $0.milliseconds }) else { return "0 s" }
    var parts: [String] = []
    for unit in units[first..<min(first + 2, units.count)] {
      let count = rest / unit.milliseconds
      rest %= unit.milliseconds
      if count > 0 { parts.append("\(count) \(unit.name)") }
    }
    return parts.joined(separator: " ")
  }

  /// A value for people: texts without quotes, no value as a dash.
  package static func plain(_ value: Value) -> String {
    switch value {
    case .null: "–"
    case .string(let text): text
    case .time(let instant): String(instant.text.prefix(16)).replacing("T", with: " ")
    case .span(let length): span(length)
    default: String(decoding: value.canonicalJSON, as: UTF8.self)
    }
  }
}
