/// Elements of inline drawings; colours are classes of the page's style. All text is escaped.
///
/// Classes: `a` accent, `b` second colour, `f` faint ground, `g` grey, `c` a cut or warning; of texts `s` soft, `w` bold,
/// `h` with a halo, `i` on a bar; `l` a line, `o` a dashed frame, `q` quiet hours, `k` a dark dot.
package enum SVG {
  package enum Anchor: String, Sendable { case start, middle, end }

  /// Width of drawings, in their own units; a page scales them to its column.
  package static let width = 400.0

  /// A drawing `width` by `height`; `name` is what a reader who does not see it is told.
  package static func drawing(width: Double = width, height: Double, name: String, _ parts: [String]) -> String {
    "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(Markup.escape(name))\">\n"
      + parts.joined(separator: "\n") + "\n</svg>\n"
  }

  /// `tip` is what a reader sees who points at it; `opacity` 0 to 1.
  package static func box(
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
    let rest = " width=\"\(number(max(0, width)))\" height=\"\(number(max(0, height)))\"\(shade)>"
    return start + rest + title(tip) + "</rect>"
  }

  package static func dot(_ style: String, x: Double, y: Double, radius: Double, tip: String? = nil) -> String {
    "<circle class=\"\(style)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\">\(title(tip))</circle>"
  }

  /// A cross of two strokes: something that was not done.
  package static func cross(_ style: String, x: Double, y: Double, size: Double, tip: String? = nil) -> String {
    let arm = size / 2
    let path =
      "M\(number(x - arm)) \(number(y - arm))l\(number(size)) \(number(size))m0 -\(number(size))l-\(number(size)) "
    return "<path class=\"\(style)\" d=\"\(path)\(number(size))\">\(title(tip))</path>"
  }

  package static func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String = "l") -> String {
    "<line class=\"\(style)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
  }

  /// `style`: classes of the page's style, for instance `s` for soft.
  package static func text(
    _ text: Caption,
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
    let start = "<text\(named) \(place) font-size=\"\(size)\" text-anchor=\"\(anchor.rawValue)\">"
    return start + text.elements("tspan") + "</text>"
  }

  /// At most two places, without a locale; 0 for what is no finite number.
  package static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let sign = hundredths < 0 ? "-" : ""
    let (whole, part) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
    return part == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(part < 10 ? "0" : "")\(part)"
  }

  private static func title(_ tip: String?) -> String {
    tip.map { "<title>\(Markup.escape($0))</title>" } ?? ""
  }
}
