/// Counts in rows and columns as shaded cells; the square root keeps thin cells visible.
package struct HeatMapDrawing: Sendable {
  package var name: String
  /// From the top.
  package var rows: [Caption]
  /// Under the columns; an empty one is not written.
  package var columns: [String]
  /// `counts[row][column]`, not negative; rows and columns that are missing are empty.
  package var counts: [[Int]]
  /// Written into the cells; empty for none. In the shape of `counts`.
  package var texts: [[String]]
  /// Room for the rows' names.
  package var left: Double
  package var cellHeight: Double
  /// Words before the count in a cell's tip, by row and column.
  package var tips: [[String]]

  package init(
    name: String,
    rows: [Caption],
    columns: [String],
    counts: [[Int]],
    texts: [[String]] = [],
    tips: [[String]] = [],
    left: Double = 58,
    cellHeight: Double = 20
  ) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.counts = counts
    self.texts = texts
    self.tips = tips
    self.left = left
    self.cellHeight = cellHeight
  }

  package func render() -> String {
    let width = (SVG.width - left) / Double(max(1, columns.count))
    let largest = Double(max(1, counts.joined().max() ?? 1))
    var parts: [String] = []
    for (row, name) in rows.enumerated() {
      let y = Double(row) * cellHeight
      parts.append(SVG.text(name, x: left - 6, y: y + cellHeight / 2 + 4, size: 12, anchor: .end, style: "s"))
      for column in columns.indices {
        let count = Self.at(row, column, in: counts) ?? 0
        let x = left + Double(column) * width
        let tip = [Self.at(row, column, in: tips), String(count)].compactMap { $0 }.joined(separator: ": ")
        parts.append(SVG.box("f", x: x, y: y, width: width - 1, height: cellHeight - 1, tip: tip))
        let shade = count > 0 ? 0.12 + 0.88 * (Double(count) / largest).squareRoot() : 0
        if count > 0 {
          parts.append(SVG.box("b", x: x, y: y, width: width - 1, height: cellHeight - 1, opacity: shade, tip: tip))
        }
        if let text = Self.at(row, column, in: texts), !text.isEmpty {
          let middle = (x + width / 2, y + cellHeight / 2 + 4)
          let style = shade > 0.6 ? "i" : ""
          parts.append(SVG.text(Caption(text), x: middle.0, y: middle.1, size: 12, anchor: .middle, style: style))
        }
      }
    }
    let below = Double(rows.count) * cellHeight + 14
    for (column, name) in columns.enumerated() where !name.isEmpty {
      let x = left + (Double(column) + 0.5) * width
      parts.append(SVG.text(Caption(name), x: x, y: below, size: 11, anchor: .middle, style: "s"))
    }
    return SVG.drawing(height: below + 6, name: name, parts)
  }

  private static func at<Item>(_ row: Int, _ column: Int, in table: [[Item]]) -> Item? {
    table.indices.contains(row) && table[row].indices.contains(column) ? table[row][column] : nil
  }
}
