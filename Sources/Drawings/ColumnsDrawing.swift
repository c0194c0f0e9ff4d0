/// Values side by side, for instance a share by day; those that a claim is about stand out.
package struct ColumnsDrawing: Sendable {
  package struct Column: Sendable {
    /// Under the column; empty for none.
    package var name: String
    /// 0 to the drawing's `top`; nil where there is nothing to show.
    package var value: Double?
    package var tip: String
    package var stands: Bool

    package init(name: String, value: Double?, tip: String, stands: Bool = false) {
      self.name = name
      self.value = value
      self.tip = tip
      self.stands = stands
    }
  }

  static let height = 110.0
  /// Room that a name under a column takes.
  static let nameWidth = 34.0

  package var name: String
  package var columns: [Column]
  /// The value of a column that is as high as the drawing.
  package var top: Double
  /// How `top` and 0 are written.
  package var topText: String
  package var zeroText: String
  /// Room for the axis texts.
  static let left = 40.0

  package init(name: String, columns: [Column], top: Double, topText: String, zeroText: String) {
    self.name = name
    self.columns = columns
    self.top = top
    self.topText = topText
    self.zeroText = zeroText
  }

  package func render() -> String {
    let width = (SVG.width - Self.left) / Double(max(1, columns.count))
    let base = Self.height + 8
    var parts = [
      SVG.text(Caption(topText), x: Self.left - 5, y: 14, size: 11, anchor: .end, style: "s"),
      SVG.text(Caption(zeroText), x: Self.left - 5, y: base, size: 11, anchor: .end, style: "s"),
      SVG.rule(Self.left, base, SVG.width, base, style: "l"),
    ]
    for (index, column) in columns.enumerated() {
      let x = Self.left + Double(index) * width
      if let value = column.value, top > 0 {
        let height = max(1, min(1, max(0, value / top)) * Self.height)
        let style = column.stands ? "a" : "b"
        let gap = min(2, width / 5)
        parts.append(
          SVG.box(style, x: x + gap / 2, y: base - height, width: width - gap, height: height, tip: column.tip)
        )
      }
      guard !column.name.isEmpty else { continue }
      // A name near the edge ends there.
      let middle = x + width / 2
      let isLast = middle + Self.nameWidth / 2 > SVG.width
      parts.append(
        SVG.text(
          Caption(column.name),
          x: isLast ? SVG.width : middle,
          y: base + 14,
          size: 11,
          anchor: isLast ? .end : .middle,
          style: "s"
        )
      )
    }
    return SVG.drawing(height: base + 20, name: name, parts)
  }
}
