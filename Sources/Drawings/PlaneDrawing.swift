/// Members by two scores from 0 to 100 as shaded cells, the cuts as lines, the four corners named.
package struct PlaneDrawing: Sendable {
  package struct Axis: Sendable {
    package var label: Caption
    package var name: String
    /// Where the line stands; held to 0…100.
    package var cut: Double
    package var cutText: String

    package init(label: Caption, name: String, cut: Double, cutText: String) {
      self.label = label
      self.name = name
      self.cut = min(max(cut, 0), 100)
      self.cutText = cutText
    }
  }

  /// Members whose scores lie in a cell of `cellPoints`; `x` and `y` count cells from 0.
  package struct Cell: Sendable {
    package var x: Int
    package var y: Int
    package var members: Int

    package init(x: Int, y: Int, members: Int) {
      self.x = x
      self.y = y
      self.members = members
    }
  }

  package struct Corner: Sendable {
    package var label: Caption
    package var figure: String
    package var xHigh: Bool
    package var yHigh: Bool

    package init(label: Caption, figure: String, xHigh: Bool, yHigh: Bool) {
      self.label = label
      self.figure = figure
      self.xHigh = xHigh
      self.yHigh = yHigh
    }
  }

  package static let cellPoints = 5
  static let left = 44.0
  static let top = 8.0
  static let side = 340.0
  static let lineHeight = 16.0

  package var x: Axis
  package var y: Axis
  package var cells: [Cell]
  package var corners: [Corner]

  package init(x: Axis, y: Axis, cells: [Cell], corners: [Corner]) {
    self.x = x
    self.y = y
    self.cells = cells
    self.corners = corners
  }

  package func render() -> String {
    var parts = [SVG.box("f", x: Self.left, y: Self.top, width: Self.side, height: Self.side)]
    parts += cells.map(shaded)
    parts.append(SVG.rule(Self.x(x.cut), Self.y(0), Self.x(x.cut), Self.y(100)))
    parts.append(SVG.rule(Self.x(0), Self.y(y.cut), Self.x(100), Self.y(y.cut)))
    parts += corners.flatMap(named)
    let below = Self.y(0) + 15
    parts += [
      SVG.text(Caption(x.cutText), x: Self.x(x.cut), y: below, size: 12, anchor: .middle, style: "s"),
      SVG.text(Caption(y.cutText), x: Self.left - 5, y: Self.y(y.cut) + 4, size: 12, anchor: .end, style: "s"),
      SVG.text(Caption("0"), x: Self.left, y: below, size: 12, anchor: .middle, style: "s"),
      SVG.text(Caption("100"), x: Self.x(100), y: below, size: 12, anchor: .end, style: "s"),
      SVG.text(x.label, x: Self.x(50), y: below + 18, size: 13, anchor: .middle, style: "s"),
      SVG.text(y.label, x: 13, y: Self.y(50), size: 13, anchor: .middle, style: "s", upright: false),
    ]
    return SVG.drawing(height: below + 26, name: "quadrants", parts)
  }

  /// Counts of a crowd span orders of magnitude: the square root keeps the thin cells visible.
  private func shaded(_ cell: Cell) -> String {
    let largest = Double(max(1, cells.map(\.members).max() ?? 1)).squareRoot()
    let points = Self.cellPoints
    let (fromX, fromY) = (cell.x * points, cell.y * points)
    let size = Self.side * Double(points) / 100 - 0.6
    let tip = "\(x.name) \(fromX)–\(fromX + points), \(y.name) \(fromY)–\(fromY + points): \(cell.members)"
    return SVG.box(
      "b",
      x: Self.x(Double(fromX)),
      y: Self.y(Double(fromY + points)),
      width: size,
      height: size,
      opacity: 0.08 + 0.82 * Double(cell.members).squareRoot() / largest,
      tip: tip
    )
  }

  private func named(_ corner: Corner) -> [String] {
    let place = corner.xHigh ? Self.left + Self.side - 6 : Self.left + 6
    let anchor: SVG.Anchor = corner.xHigh ? .end : .start
    // A line for each language: side by side the names of two corners would meet.
    var lines = [(corner.label.zh, "h w zh")]
    if corner.label.en != corner.label.zh { lines.append((corner.label.en, "h en")) }
    lines.append((corner.figure, "h"))
    let first = corner.yHigh ? Self.top + 18 : Self.top + Self.side - 8 - Double(lines.count - 1) * Self.lineHeight
    return lines.enumerated().map { index, line in
      let y = first + Double(index) * Self.lineHeight
      return SVG.text(Caption(line.0), x: place, y: y, size: index == 0 ? 14 : 12, anchor: anchor, style: line.1)
    }
  }

  private static func x(_ score: Double) -> Double { left + score * side / 100 }
  private static func y(_ score: Double) -> Double { top + (100 - score) * side / 100 }
}
