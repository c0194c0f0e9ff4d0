/// A path as bars under each other, each as wide as its share of the first step with members.
///
/// A node before the first step counts no persons; it has a scale of its own and is drawn as a frame across the whole
/// width.
package struct FunnelDrawing: Sendable {
  package struct Step: Sendable {
    package var label: Caption
    package var count: Int
    /// As it is written, for instance `1,234`.
    package var figure: String
    /// Of the step before, as it is written; empty without one.
    package var share: String
    /// Steps that a claim is about stand out.
    package var stands: Bool

    package init(label: Caption, count: Int, figure: String, share: String = "", stands: Bool = false) {
      self.label = label
      self.count = count
      self.figure = figure
      self.share = share
      self.stands = stands
    }
  }

  static let rowHeight = 50.0
  static let barHeight = 24.0
  /// Room that a share needs on a bar.
  static let shareWidth = 84.0

  package var name: String
  /// A total without members, before the first step.
  package var node: Step?
  package var steps: [Step]

  package init(name: String, node: Step? = nil, steps: [Step]) {
    self.name = name
    self.node = node
    self.steps = steps
  }

  package func render() -> String {
    let largest = Double(max(1, steps.map(\.count).max() ?? 1))
    var parts: [String] = []
    if let node {
      parts += row(node, at: 0, width: SVG.width - 1, style: "o")
    }
    let first = node == nil ? 0 : 1
    for (index, step) in steps.enumerated() {
      let width = Double(step.count) / largest * (SVG.width - 1)
      parts += row(step, at: first + index, width: step.count > 0 ? max(2, width) : 0, style: step.stands ? "a" : "b")
    }
    return SVG.drawing(height: Self.rowHeight * Double(first + steps.count), name: name, parts)
  }

  private func row(_ step: Step, at place: Int, width: Double, style: String) -> [String] {
    let top = Double(place) * Self.rowHeight
    let tip = "\(step.label.plain): \(step.figure)" + (step.share.isEmpty ? "" : ", \(step.share)")
    var parts = [
      SVG.text(step.label, x: 0, y: top + 15, size: 13),
      SVG.text(Caption(step.figure), x: SVG.width, y: top + 15, size: 14, anchor: .end, style: "w"),
      SVG.box(style, x: 0.5, y: top + 21, width: width, height: Self.barHeight, tip: tip),
    ]
    if !step.share.isEmpty {
      // On the bar where there is room, else behind it.
      let fits = width >= Self.shareWidth
      let x = fits ? 8 : width + 6
      parts.append(SVG.text(Caption(step.share), x: x, y: top + 38, size: 13, style: fits ? "i" : "s"))
    }
    return parts
  }
}
