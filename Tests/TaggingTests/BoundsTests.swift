import EventModel
import Playbook
import Tagging
import Testing

@Suite("Bounds of exactness")
struct BoundsTests {
  private let start = instant("2026-03-01T00:00:00Z")

  @Test("The 1,025th event of a window turns the oldest into a bucket, and says so")
  func firstBucket() {
    var subject = Subject1(program([metric("n", .count, "a", .sliding(.days(1)))]))
    for index in 0..<1024 { subject.fold(event("e\(index)", "a", start + .seconds(Int64(index)))) }
    #expect(
      subject.state.metricValues(program: subject.program) == [MetricValue(value: decimal(1024), approximate: false)]
    )
    subject.fold(event("e1024", "a", start + .seconds(1024)))
    #expect(
      subject.state.metricValues(program: subject.program) == [MetricValue(value: decimal(1025), approximate: true)]
    )
    // 1 d / 256 = 337.5 s: the oldest event stands at the end of its bucket, which leaves whole.
    let width: Int64 = 337_500
    let stand = (start.milliseconds / width + 1) * width - 1
    subject.tick(Instant(milliseconds: stand + 86_400_000 - 1))
    #expect(subject.state.metricValues(program: subject.program)[0].approximate)
    subject.tick(Instant(milliseconds: stand + 86_400_000))
    #expect(!subject.state.metricValues(program: subject.program)[0].approximate)
  }

  @Test("A lifetime count and sum have no limit of events")
  func lifetime() {
    var subject = Subject1(program([metric("n", .count), metric("s", .sum, field: "amount")]))
    for index in 0..<3000 {
      subject.fold(event("e\(index)", "a", start + .seconds(Int64(index)), [("amount", decimal(2))]))
    }
    #expect(
      subject.state.metricValues(program: subject.program) == [
        MetricValue(value: decimal(3000), approximate: false), MetricValue(value: decimal(6000), approximate: false),
      ]
    )
  }

  @Test("Distinct values are exact to 1,024, then say 1,024 and approximate")
  func distinct() {
    let windows: [Window] = [.lifetime, .sliding(.hours(1)), .thisMonth]
    var subject = Subject1(program(windows.enumerated().map { metric("d\($0)", .distinct, field: "v", $1) }))
    for index in 0..<1024 {
      subject.fold(event("e\(index)", "a", start + .seconds(Int64(index)), [("v", decimal(index))]))
    }
    let exact = MetricValue(value: decimal(1024), approximate: false)
    #expect(subject.state.metricValues(program: subject.program) == [exact, exact, exact])
    subject.fold(event("more", "a", start + .seconds(1024), [("v", decimal(5000))]))
    let more = MetricValue(value: decimal(1024), approximate: true)
    #expect(subject.state.metricValues(program: subject.program) == [more, more, more])
    // The oldest value leaves the hour: exactly 1,024 are left.
    subject.tick(start + .hours(1))
    #expect(subject.state.metricValues(program: subject.program) == [more, exact, more])
    subject.tick(start + .hours(1) + .seconds(1))
    #expect(subject.state.metricValues(program: subject.program)[1].value == decimal(1023))
  }

  @Test("Past 1,024 events, values still rest on the set of events alone", arguments: [UInt64(1), 2])
  func crowded(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let windows: [Window] = [.sliding(.hours(9)), .between(from: .hours(20), to: .hours(2)), .sliding(.minutes(20))]
    var metrics: [MetricDefinition] = []
    for (index, window) in windows.enumerated() {
      for fold in [Fold.count, .sum, .min, .max, .mean, .last, .first].shuffled(using: &random).prefix(2) {
        metrics.append(metric("m\(index)_\(fold)", fold, field: fold == .count ? nil : "amount", window))
      }
    }
    metrics.append(metric("d", .distinct, field: "v", random.pick(windows)))
    let program = program(metrics)
    let events = burst(&random)
    var orders: [[Event]] = [
      events.sorted { ($0.time.milliseconds, $0.id) < ($1.time.milliseconds, $1.id) }.map {
        var inTime = $0
        inTime.receivedAt = $0.time
        return inTime
      }
    ]
    orders.append(events.sorted { ($0.receivedAt.milliseconds, $0.id) < ($1.receivedAt.milliseconds, $1.id) })
    var results: [[MetricValue]] = []
    let end = (events.map(\.receivedAt).max() ?? start) + .minutes(10)
    for order in orders {
      var state = TaggingState()
      for (index, one) in order.enumerated() {
        _ = state.apply(one, program: program)
        if index % 700 == 699 { state = try TaggingState(decoding: state.encoded()) }
      }
      _ = state.advance(through: end, program: program)
      results.append(state.metricValues(program: program))
    }
    #expect(results[0] == results[1], "seed \(seed)")
    let expected = metrics.map { BucketOracle(metric: $0, events: events).value(at: end.milliseconds) }
    #expect(results[0] == expected, "seed \(seed)")
    #expect(expected.contains { $0.approximate } && expected.contains { !$0.approximate })
  }

  /// 1,250 events in a day, two thirds of them in one hour; a few late.
  private func burst(_ random: inout SeededGenerator) -> [Event] {
    (0..<1250).map { index in
      let offset = random.chance(80) ? 40_000_000 + random.below(3_600_000) : random.below(86_400_000)
      let time = start + TimeSpan(milliseconds: Int64(offset))
      let delay = random.below(400) == 0 ? Int64(random.below(40_000_000)) : Int64(random.below(500))
      return event(
        "e\(index)",
        "a",
        time,
        received: time + TimeSpan(milliseconds: delay),
        [("amount", decimal(random.below(100_000))), ("v", decimal(random.below(60)))]
      )
    }
  }
}

/// A window's value by the rule of buckets: the newest 1,024 qualifying events one by one, older ones at the last
/// millisecond of their epoch-aligned interval.
private struct BucketOracle {
  let metric: MetricDefinition
  let events: [Event]

  func value(at now: Int64) -> MetricValue {
    let (from, to): (Int64, Int64) =
      switch metric.window {
      case .sliding(let width): (width.milliseconds, 0)
      case .between(let from, let to): (from.milliseconds, to.milliseconds)
      default: (0, 0)
      }
    let sorted = events.filter { $0.time.milliseconds <= now }.sorted {
      ($0.time.milliseconds, $0.id) < ($1.time.milliseconds, $1.id)
    }
    let exactFrom = max(0, sorted.count - 1024)
    let width = (from + 255) / 256
    // Distinct values of a sliding window are bounded by their number, not by that of the events.
    let always = metric.fold == .distinct && to == 0
    let held = sorted.indices.filter { index in
      let time = sorted[index].time.milliseconds
      if always || index >= exactFrom { return now - from < time && time <= now - to }
      let stand = (time / width + 1) * width - 1
      return now - from < stand && (to == 0 || stand <= now - to)
    }
    let approximate = !always && held.contains { $0 < exactFrom }
    return MetricValue(value: folded(held.map { sorted[$0] }), approximate: approximate)
  }

  private func folded(_ events: [Event]) -> Value {
    let amounts = events.compactMap { event -> Int128? in
      guard case .number(let number) = event.field("amount") else { return nil }
      return Int128(number.millionths)
    }
    let sum = amounts.reduce(0, +)
    let result: Int128? =
      switch metric.fold {
      case .count: Int128(events.count) * 1_000_000
      case .distinct: Int128(Set(events.compactMap { $0.field("v") }).count) * 1_000_000
      case .sum: sum
      case .min: amounts.min()
      case .max: amounts.max()
      case .first: amounts.first
      case .last: amounts.last
      default: amounts.isEmpty ? nil : roundedHalfEven(sum, dividedBy: Int128(amounts.count))
      }
    return result.flatMap { FixedDecimal(millionths: $0) }.map(Value.number) ?? .null
  }
}
