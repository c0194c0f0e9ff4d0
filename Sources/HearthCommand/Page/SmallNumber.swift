/// Small numbers as texts, without a locale.
enum SmallNumber {
  /// `4.2`.
  static func tenths(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    let tenths = Int((min(value, 1e9) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// `0.004`, `3e-7`: one digit, rounded up, so that "at most" holds.
  static func atMost(_ value: Double) -> String { text(value, digits: 1, .up) }

  /// `0.00012`, `1.2e-7`: two digits, rounded down, so that "below" holds.
  static func below(_ value: Double) -> String { text(value, digits: 2, .down) }

  /// Of a value over 0 and at most 1; a value below 10⁻³⁰⁰ is told as that.
  private static func text(_ value: Double, digits: Int, _ rule: FloatingPointRoundingRule) -> String {
    guard value.isFinite else { return "–" }
    guard value > 1e-300 else { return "1e-300" }
    let whole = digits == 1 ? 1.0 : 10.0
    var figure = value
    var places = 0
    while figure < whole {
      figure *= 10
      places += 1
    }
    // The steps of ten are not exact: 0.01 must not become 0.0099.
    let nearest = figure.rounded()
    var number = Int(abs(figure - nearest) < 1e-9 * figure ? nearest : figure.rounded(rule))
    while places > 0, number.isMultiple(of: 10) {
      number /= 10
      places -= 1
    }
    let text = String(number)
    if places <= 6 {
      let padded = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
      return places == 0 ? padded : "\(padded.dropLast(places)).\(padded.suffix(places))"
    }
    let rest = text.dropFirst()
    return "\(text.prefix(1))\(rest.isEmpty ? "" : ".\(rest)")e-\(places - rest.count)"
  }
}
