/// One member's month: days to the right, the hours of the day down, quiet hours shaded; what happened as dots, what was
/// sent filled, what was held back as crosses.
package struct DayHourDrawing: Sendable {
  package enum Kind: Sendable { case happened, sent, held }

  package struct Mark: Sendable {
    /// From the first day, 0.
    package var day: Int
    /// 0 up to 24.
    package var hour: Double
    package var kind: Kind
    package var tip: String

    package init(day: Int, hour: Double, kind: Kind, tip: String) {
      self.day = day
      self.hour = hour
      self.kind = kind
      self.tip = tip
    }
  }

  static let left = 34.0
  static let top = 6.0
  static let hourHeight = 7.5

  package var name: String
  /// Under the days; an empty one is not written.
  package var days: [String]
  /// Hours in which nobody is written to, from the first up to the second; over midnight when the first is larger.
  package var quiet: (from: Double, to: Double)?
  package var marks: [Mark]

  package init(name: String, days: [String], quiet: (from: Double, to: Double)?, marks: [Mark]) {
    self.name = name
    self.days = days
    self.quiet = quiet
    self.marks = marks
  }

  package func render() -> String {
    let width = (SVG.width - Self.left - 6) / Double(max(1, days.count))
    let bottom = Self.y(24)
    var parts = [
      SVG.box("f", x: Self.left, y: Self.top, width: SVG.width - Self.left - 6, height: bottom - Self.top)
    ]
    for (from, to) in shaded {
      let y = Self.y(from)
      parts.append(SVG.box("q", x: Self.left, y: y, width: SVG.width - Self.left - 6, height: Self.y(to) - y))
    }
    for hour in stride(from: 0, through: 24, by: 6) {
      let y = Self.y(Double(hour))
      parts.append(
        SVG.text(Caption("\(hour):00"), x: Self.left - 4, y: y + 4, size: 10, anchor: .end, style: "s")
      )
    }
    for (index, day) in days.enumerated() where !day.isEmpty {
      let x = Self.left + (Double(index) + 0.5) * width
      parts.append(SVG.text(Caption(day), x: x, y: bottom + 14, size: 10, anchor: .middle, style: "s"))
    }
    // What was held back is drawn last: it is what the drawing is about.
    for kind in [Kind.happened, .sent, .held] {
      for mark in marks where mark.kind == kind && days.indices.contains(mark.day) && (0...24).contains(mark.hour) {
        parts.append(Self.drawn(mark, x: Self.left + (Double(mark.day) + 0.5) * width))
      }
    }
    return SVG.drawing(height: bottom + 20, name: name, parts)
  }

  private var shaded: [(Double, Double)] {
    guard let quiet, quiet.from != quiet.to else { return [] }
    return quiet.from < quiet.to ? [(quiet.from, quiet.to)] : [(0, quiet.to), (quiet.from, 24)]
  }

  private static func y(_ hour: Double) -> Double { top + min(24, max(0, hour)) * hourHeight }

  private static func drawn(_ mark: Mark, x: Double) -> String {
    switch mark.kind {
    case .happened: SVG.dot("k", x: x, y: y(mark.hour), radius: 3, tip: mark.tip)
    case .sent: SVG.dot("b", x: x, y: y(mark.hour), radius: 5, tip: mark.tip)
    case .held: SVG.cross("c", x: x, y: y(mark.hour), size: 11, tip: mark.tip)
    }
  }
}
