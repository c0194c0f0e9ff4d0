/// Elements of inline drawings; colours are the page's classes. All text is escaped.
enum SVG {
  enum Anchor: String { case start, middle, end }

  static func drawing(width: Int, height: Int, name: String, _ parts: [String]) -> String {
    "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(HTML.escape(name))\">\n"
      + parts.joined(separator: "\n") + "\n</svg>\n"
  }

  /// `tip` is what a reader sees who points at it.
  static func box(
    _ style: String,
    x: Double,
    y: Double,
    width: Double,
    height: Double,
    opacity: Double = 1,
    tip: String? = nil
  ) -> String {
    let shade = opacity < 1 ? " opacity=\"\(number(opacity))\"" : ""
    let start = "<rect class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\""
    let rest = " width=\"\(number(width))\" height=\"\(number(height))\"\(shade)>"
    return start + rest + (tip.map { "<title>\(HTML.escape($0))</title>" } ?? "") + "</rect>"
  }

  static func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"l\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
  }

  /// `style`: classes of the page's style, for instance `s` for soft.
  static func text(
    _ text: String,
    x: Double,
    y: Double,
    size: Int,
    anchor: Anchor = .start,
    style: String = "",
    upright: Bool = true
  ) -> String {
    let place =
      upright
      ? "x=\"\(number(x))\" y=\"\(number(y))\"" : "transform=\"translate(\(number(x)) \(number(y))) rotate(-90)\""
    let named = style.isEmpty ? "" : " class=\"\(style)\""
    return "<text\(named) \(place) font-size=\"\(size)\" text-anchor=\"\(anchor.rawValue)\">\(HTML.escape(text))</text>"
  }

  /// At most two places, without a locale.
  static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let (whole, part) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
    return part == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(part < 10 ? "0" : "")\(part)"
  }
}
