import Synchronization

/// The metrics of one process, rendered in Prometheus text format 0.0.4.
///
/// Labels are bounded by their makers: never a member's id. Registering the same name with the same labels gives the
/// same series.
package final class MetricsRegistry: Sendable {
  /// Series a process may have; further ones are folded into one labelled `overflow`.
  package static let seriesMax = 5_000

  package enum Kind: String, Sendable { case counter, gauge, histogram }

  private struct Family {
    var kind: Kind
    var help: String
    var series: [Series] = []
    /// Where in `series` the labels stand.
    var places: [[Label]: Int] = [:]
  }
  private struct Series {
    var labels: [Label]
    var value: Double = 0
    var buckets: [UInt64] = []
    var count: UInt64 = 0
  }
  private struct State {
    var families: [String: Family] = [:]
    var seriesCount = 0
  }

  package struct Label: Hashable, Sendable {
    package var name: String
    package var value: String
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Upper bounds of the latency histograms, in seconds.
  package static let latencyBounds: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30,
  ]

  private static let overflow = [Label("overflow", "true")]

  private let state = Mutex(State())

  package init() {}

  package func add(_ amount: Double = 1, to name: String, help: String, labels: [Label] = []) {
    update(name, .counter, help, labels) { $0.value += amount }
  }

  package func set(_ name: String, to value: Double, help: String, labels: [Label] = []) {
    update(name, .gauge, help, labels) { $0.value = value }
  }

  /// `seconds` into the latency histogram `name`.
  package func observe(_ seconds: Double, in name: String, help: String, labels: [Label] = []) {
    update(name, .histogram, help, labels) { series in
      if series.buckets.isEmpty { series.buckets = Array(repeating: 0, count: Self.latencyBounds.count) }
      for (index, bound) in Self.latencyBounds.enumerated() where seconds <= bound { series.buckets[index] += 1 }
      series.value += seconds
      series.count += 1
    }
  }

  private func update(
    _ name: String,
    _ kind: Kind,
    _ help: String,
    _ labels: [Label],
    _ change: (inout Series) -> Void
  ) {
    state.withLock { state in
      var family = state.families[name] ?? Family(kind: kind, help: help)
      // A name has one kind: what comes with another is a fault of its maker and is left out.
      guard family.kind == kind else { return }
      state.families[name] = nil  // so that the arrays below are changed in place
      let kept = family.places[labels] != nil || state.seriesCount < Self.seriesMax ? labels : Self.overflow
      let index = family.places[kept] ?? family.series.count
      if index == family.series.count {
        family.series.append(Series(labels: kept))
        family.places[kept] = index
        state.seriesCount += 1
      }
      change(&family.series[index])
      state.families[name] = family
    }
  }

  /// The current value of a counter or gauge; nil before its first use.
  package func value(of name: String, labels: [Label] = []) -> Double? {
    state.withLock { state in
      guard let family = state.families[name], let index = family.places[labels] else { return nil }
      return family.series[index].value
    }
  }

  /// Prometheus text format, families by name.
  package func render() -> String {
    state.withLock { state in
      var text = ""
      for (name, family) in state.families.sorted(by: { $0.key < $1.key }) {
        text += "# HELP \(name) \(Self.escapedHelp(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
        for series in family.series { text += Self.lines(name, family.kind, series) }
      }
      return text
    }
  }

  private static func lines(_ name: String, _ kind: Kind, _ series: Series) -> String {
    guard kind == .histogram else { return "\(name)\(braces(series.labels)) \(number(series.value))\n" }
    var text = ""
    for (index, bound) in latencyBounds.enumerated() {
      let labels = series.labels + [Label("le", number(bound))]
      text += "\(name)_bucket\(braces(labels)) \(series.buckets[index])\n"
    }
    text += "\(name)_bucket\(braces(series.labels + [Label("le", "+Inf")])) \(series.count)\n"
    text += "\(name)_sum\(braces(series.labels)) \(number(series.value))\n"
    text += "\(name)_count\(braces(series.labels)) \(series.count)\n"
    return text
  }

  private static func braces(_ labels: [Label]) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func escapedHelp(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}
