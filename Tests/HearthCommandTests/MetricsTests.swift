import PipelineRuntime
import Testing

@Suite("Metrics in text form")
struct MetricsTests {
  @Test("families by name, with help, kind, labels and values")
  func text() {
    let metrics = MetricsRegistry()
    metrics.set("hearth_lag", to: 1.5, help: "Behind.", labels: [.init("topic", "a"), .init("partition", "3")])
    metrics.add(2, to: "hearth_events_total", help: "Events.")
    metrics.add(to: "hearth_events_total", help: "Events.")
    #expect(
      metrics.render() == """
        # HELP hearth_events_total Events.
        # TYPE hearth_events_total counter
        hearth_events_total 3
        # HELP hearth_lag Behind.
        # TYPE hearth_lag gauge
        hearth_lag{topic="a",partition="3"} 1.5

        """
    )
    #expect(metrics.value(of: "hearth_events_total") == 3)
    #expect(metrics.value(of: "hearth_other") == nil)
  }

  @Test("a histogram's buckets add up to its count")
  func histogram() {
    let metrics = MetricsRegistry()
    for seconds in [0.0005, 0.03, 0.03, 100] { metrics.observe(seconds, in: "hearth_flush_seconds", help: "Flush.") }
    let lines = metrics.render().split(separator: "\n").map(String.init)
    #expect(lines.contains(#"hearth_flush_seconds_bucket{le="0.001"} 1"#))
    #expect(lines.contains(#"hearth_flush_seconds_bucket{le="0.05"} 3"#))
    #expect(lines.contains(#"hearth_flush_seconds_bucket{le="30"} 3"#))
    #expect(lines.contains(#"hearth_flush_seconds_bucket{le="+Inf"} 4"#))
    #expect(lines.contains("hearth_flush_seconds_sum 100.0605"))
    #expect(lines.contains("hearth_flush_seconds_count 4"))
  }

  @Test("quotes, backslashes and line ends are escaped; numbers without a finite value have their names")
  func escaping() {
    let metrics = MetricsRegistry()
    metrics.set("hearth_a", to: .nan, help: "One\\\nTwo.", labels: [.init("x", "q\"b\\n\n")])
    metrics.set("hearth_b", to: -.infinity, help: "B.")
    metrics.set("hearth_c", to: 1e20, help: "C.")
    #expect(
      metrics.render() == #"""
        # HELP hearth_a One\\\nTwo.
        # TYPE hearth_a gauge
        hearth_a{x="q\"b\\n\n"} NaN
        # HELP hearth_b B.
        # TYPE hearth_b gauge
        hearth_b -Inf
        # HELP hearth_c C.
        # TYPE hearth_c gauge
        hearth_c 1e+20

        """#
    )
  }

  @Test("a name keeps its first kind: what comes with another is left out")
  func kinds() {
    let metrics = MetricsRegistry()
    metrics.observe(1, in: "hearth_x", help: "X.")
    metrics.add(to: "hearth_x", help: "X.", labels: [.init("a", "b")])
    #expect(!metrics.render().contains("a=\"b\""))
  }

  @Test("series past the bound are folded into one")
  func bounded() {
    let metrics = MetricsRegistry()
    for number in 0..<(MetricsRegistry.seriesMax + 3) {
      metrics.add(to: "hearth_x", help: "X.", labels: [.init("n", String(number))])
    }
    let lines = metrics.render().split(separator: "\n")
    #expect(lines.count == MetricsRegistry.seriesMax + 3)
    #expect(lines.last == #"hearth_x{overflow="true"} 3"#)
  }
}
