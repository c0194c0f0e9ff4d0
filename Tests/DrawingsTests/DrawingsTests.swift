import Drawings
import PipelineTestSupport
import Testing

/// Elements of a drawing with their attributes, as a strict reader of XML would take them.
struct DrawnElements {
  var rects: [[String: Double]] = []
  var names: [String] = []
  var isBalanced = true

  init(_ svg: String) {
    var open: [Substring] = []
    for match in svg.matches(of: /<(\/?)([a-z]+)([^<>]*?)(\/?)>/) {
      let (_, end, name, attributes, selfClosed) = match.output
      if !end.isEmpty {
        if open.popLast() != name { isBalanced = false }
        continue
      }
      names.append(String(name))
      if selfClosed.isEmpty { open.append(name) }
      guard name == "rect" else { continue }
      var values: [String: Double] = [:]
      for one in attributes.matches(of: /([a-z]+)="([^"]*)"/) { values[String(one.output.1)] = Double(one.output.2) }
      rects.append(values)
    }
    isBalanced = isBalanced && open.isEmpty
  }
}

@Suite("Drawings")
struct DrawingsTests {
  static let hostile = "<script>\"&'\u{1B}"

  /// Every drawing, filled from a seed and with names that mean harm.
  static func drawings(_ seed: UInt64) -> [String] {
    var generator = SeededGenerator(seed: seed)
    func count(_ most: Int = 5000) -> Int { Int.random(in: 0...most, using: &generator) }
    let name = Caption(zh: "名\(hostile)", en: hostile)
    let steps = (0..<count(6)).map { _ in
      FunnelDrawing.Step(label: name, count: count(), figure: hostile, share: hostile, stands: count(1) == 1)
    }
    let columns = (0..<count(60)).map { index in
      ColumnsDrawing.Column(
        name: "\(index)",
        value: count(4) == 0 ? nil : Double.random(in: -1...2, using: &generator),
        tip: hostile
      )
    }
    let marks = (0..<count(40)).map { _ in
      DayHourDrawing.Mark(
        day: count(40) - 5,
        hour: Double.random(in: -2...26, using: &generator),
        kind: [.happened, .sent, .held][count(2)],
        tip: hostile
      )
    }
    let cells = (0..<count(40)).map { _ in PlaneDrawing.Cell(x: count(19), y: count(19), members: count()) }
    let axis = PlaneDrawing.Axis(label: name, name: hostile, cut: Double(count(200)) - 50, cutText: hostile)
    return [
      FunnelDrawing(name: hostile, node: count(1) == 0 ? nil : steps.first, steps: steps).render(),
      HeatMapDrawing(
        name: hostile,
        rows: (0..<count(8)).map { _ in name },
        columns: (0..<count(24)).map { "\($0)" },
        counts: (0..<count(9)).map { _ in (0..<count(25)).map { _ in count() } },
        texts: [[hostile]],
        tips: [[hostile]]
      ).render(),
      ColumnsDrawing(name: hostile, columns: columns, top: 1, topText: hostile, zeroText: "0").render(),
      DayHourDrawing(
        name: hostile,
        days: (0..<count(31)).map { "\($0)" },
        quiet: (Double(count(30)), Double(count(30))),
        marks: marks
      ).render(),
      PlaneDrawing(
        x: axis,
        y: axis,
        cells: cells,
        corners: [.init(label: name, figure: hostile, xHigh: true, yHigh: false)]
      ).render(),
    ]
  }

  @Test("Every drawing is closed, escaped, and stays within its frame", arguments: 1...60)
  func wellFormed(_ seed: UInt64) throws {
    for svg in Self.drawings(seed) {
      let drawn = DrawnElements(svg)
      #expect(drawn.isBalanced, "seed \(seed)")
      #expect(!svg.contains("<script") && !svg.contains("\u{1B}"), "seed \(seed)")
      let frame = try #require(svg.firstMatch(of: /viewBox="0 0 ([0-9.]+) ([0-9.]+)"/))
      let (width, height) = (try #require(Double(frame.output.1)), try #require(Double(frame.output.2)))
      for rect in drawn.rects {
        let (x, y) = (try #require(rect["x"]), try #require(rect["y"]))
        let (wide, high) = (try #require(rect["width"]), try #require(rect["height"]))
        #expect(x >= 0 && x + wide <= width + 0.02, "seed \(seed): \(rect) in \(width)")
        #expect(y >= 0 && y + high <= height + 0.02, "seed \(seed): \(rect) in \(height)")
      }
    }
  }

  @Test("A funnel's bars are as long as their counts, the first the longest; node 0 is a frame of its own")
  func funnel() throws {
    let counts = [800, 400, 100, 0]
    let steps = counts.map { FunnelDrawing.Step(label: Caption("s"), count: $0, figure: "\($0)", share: "← 1 %") }
    let node = FunnelDrawing.Step(label: Caption("shown"), count: 90_000, figure: "90,000")
    let svg = FunnelDrawing(name: "path", node: node, steps: steps).render()
    let widths = DrawnElements(svg).rects.compactMap { $0["width"] }
    #expect(widths == [399, 399, 199.5, 49.88, 0])
    #expect(svg.contains("class=\"o\"") && svg.contains("90,000"))
  }

  @Test("The deepest cell of a heat map is the largest count, and an empty one is only ground")
  func heatMap() throws {
    let svg = HeatMapDrawing(
      name: "heat",
      rows: [Caption("a"), Caption("b")],
      columns: ["0", "1"],
      counts: [[100, 0], [25, 1]]
    ).render()
    let shades = DrawnElements(svg).rects.map { $0["opacity"] ?? 1 }
    // Ground and shade in turn; the empty cell has ground alone.
    #expect(shades == [1, 1, 1, 1, 0.56, 1, 0.21])
  }

  @Test("Columns: what is not known is not drawn, and what is over the top ends there")
  func columns() throws {
    let drawing = ColumnsDrawing(
      name: "days",
      columns: [
        .init(name: "1", value: 0.5, tip: ""), .init(name: "2", value: nil, tip: ""),
        .init(name: "3", value: 3, tip: "", stands: true),
      ],
      top: 1,
      topText: "100 %",
      zeroText: "0"
    )
    let svg = drawing.render()
    #expect(DrawnElements(svg).rects.compactMap { $0["height"] } == [55, 110])
    #expect(svg.contains("class=\"a\""))
  }

  @Test("Quiet hours over midnight are two bands; marks outside the days are not drawn")
  func quietHours() {
    let marks = [
      DayHourDrawing.Mark(day: 0, hour: 23.5, kind: .held, tip: "held"),
      DayHourDrawing.Mark(day: 5, hour: 3, kind: .sent, tip: "outside"),
    ]
    let svg = DayHourDrawing(name: "m", days: ["1", "2"], quiet: (23, 8), marks: marks).render()
    let drawn = DrawnElements(svg)
    #expect(drawn.rects.count == 3)
    #expect(drawn.rects.dropFirst().compactMap { $0["height"] } == [60, 7.5])
    #expect(svg.contains("held") && !svg.contains("outside"))
    let day = DayHourDrawing(name: "m", days: ["1"], quiet: (12, 14), marks: []).render()
    #expect(DrawnElements(day).rects.count == 2)
  }

  @Test(
    "Numbers have at most two places and no locale; no number is 0",
    arguments: [
      (0.0, "0"), (1.005, "1"), (-0.25, "-0.25"), (12.3, "12.30"), (1e15, "0"), (.nan, "0"), (.infinity, "0"),
    ]
  )
  func numbers(_ value: Double, _ text: String) { #expect(SVG.number(value) == text) }

  @Test("A caption is written once where both languages say the same")
  func captions() {
    #expect(Caption("42").elements("span") == "42")
    #expect(
      Caption(zh: "人", en: "<b>").elements("span")
        == "<span class=\"zh\">人</span> <span class=\"en\">&lt;b&gt;</span>"
    )
  }
}
