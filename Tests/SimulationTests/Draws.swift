import PipelineTestSupport

/// Draws that the generators share.
extension SeededGenerator {
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

  /// True in `percent` of a hundred draws.
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// One of a list that is not empty.
  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

  /// Some of a list, in its order; at least `least`.
  mutating func some<Element>(of list: [Element], least: Int) -> [Element] {
    let count = least + below(list.count - least + 1)
    let places = Set(list.indices.shuffled(using: &self).prefix(count))
    return list.indices.filter { places.contains($0) }.map { list[$0] }
  }
}
