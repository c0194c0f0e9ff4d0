/// Something counted for `/metrics`, flushed with the lane.
package struct Tally: Hashable, Sendable {
  package let name: String
  package let help: String
  package let labels: [MetricsRegistry.Label]

  package init(_ name: String, help: String, labels: [MetricsRegistry.Label] = []) {
    self.name = name
    self.help = help
    self.labels = labels
  }

  package static func == (left: Tally, right: Tally) -> Bool { left.name == right.name && left.labels == right.labels }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
