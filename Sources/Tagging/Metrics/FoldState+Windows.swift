import EventModel
import Playbook

// The qualifying events of one sliding or two-sided window: the newest 1,024 one by one in the channel's series, older
// ones in buckets. Time goes forward: what has left is forgotten.
extension FoldState {
  func isEmpty(_ plan: MetricPlan) -> Bool {
    words[plan.at.end] == words[plan.at.start] && (rests[plan.index]?.older.isEmpty ?? true)
  }

  /// Lets events enter and leave as of `instant`.
  mutating func advance(_ plan: MetricPlan, _ span: WindowSpan, to instant: Int64, _ history: History) {
    var inside = Int(words[plan.at.inside])
    let end = Int(words[plan.at.end])
    while inside < end, history.series[plan.series].time(inside) + span.to <= instant {
      enterWindow(plan, inside, history)
      inside += 1
    }
    words[plan.at.inside] = Int64(inside)
    var start = Int(words[plan.at.start])
    while start < inside, history.series[plan.series].time(start) + span.from <= instant {
      leaveWindow(plan, start, history)
      start += 1
    }
    words[plan.at.start] = Int64(start)
    if rests.isEmpty { return }
    rests[plan.index]?.older.advance(to: instant, span)
  }

  /// The next instant after `instant` at which something enters or leaves; `.max` without one.
  func windowDue(_ plan: MetricPlan, _ span: WindowSpan, after instant: Int64, _ history: History) -> Int64 {
    var due = Int64.max
    let (start, inside) = (Int(words[plan.at.start]), Int(words[plan.at.inside]))
    if inside < Int(words[plan.at.end]) { due = history.series[plan.series].time(inside) + span.to }
    if start < inside { due = min(due, history.series[plan.series].time(start) + span.from) }
    if rests.isEmpty { return due }
    return min(due, rests[plan.index]?.older.due(after: instant, span) ?? .max)
  }

  /// Finds again what is not stored of the events inside.
  mutating func restoreInside(_ plan: MetricPlan, _ history: History) {
    guard plan.series >= 0 else { return }
    let inside = Int(words[plan.at.start])..<Int(words[plan.at.inside])
    if plan.keepsKeys, rests[plan.index] != nil { rests[plan.index]?.insideKeys = [:] }
    for place in inside { enterWindow(plan, place, history) }
  }

  /// Puts an event of a channel between others in their series and in every window over it.
  mutating func insert(
    _ channel: Channel,
    _ time: Int64,
    _ payload: Payload,
    _ now: Int64,
    _ program: TaggingProgram,
    _ history: inout History
  ) {
    let place = history.series[channel.series].insert(time, payload)
    for index in channel.metrics {
      let plan = program.metrics[index]
      guard case .events(let span) = plan.shape else { continue }
      words[plan.at.end] += 1
      if place < Int(words[plan.at.start]) {
        words[plan.at.start] += 1
        words[plan.at.inside] += 1
        // Older than all that are kept one by one: the window that still holds it is full of newer ones.
        if time + span.from > now { rests[index, default: MetricRest()].older.take(time, payload, span) }
      } else if place < Int(words[plan.at.inside]) {
        words[plan.at.inside] += 1
        enterWindow(plan, place, history)
      }
      demoteExcess(plan, history)
    }
  }

  /// Moves the oldest event of a window into the buckets where there are more than are kept one by one.
  mutating func demoteExcess(_ plan: MetricPlan, _ history: History) {
    guard words[plan.at.end] - words[plan.at.start] > Int64(TaggingLimits.exactEvents),
      case .events(let span) = plan.shape
    else { return }
    let place = Int(words[plan.at.start])
    let series = history.series[plan.series]
    rests[plan.index, default: MetricRest()].older.take(series.time(place), payload(plan, place, series), span)
    if place < Int(words[plan.at.inside]) {
      leaveWindow(plan, place, history)
    } else {
      words[plan.at.inside] += 1
    }
    words[plan.at.start] += 1
  }

  /// Smallest and largest number inside, buckets apart; nil when there is none.
  func extremesInside(_ plan: MetricPlan, _ history: History) -> (low: Int64, high: Int64)? {
    let inside = Int(words[plan.at.start])..<Int(words[plan.at.inside])
    guard !inside.isEmpty else { return nil }
    if words[plan.at.value + 1] & MetricFlags.extremesStand != 0 { return (words[plan.at.low], words[plan.at.high]) }
    var (low, high) = (Int64.max, Int64.min)
    for place in inside {
      let number = history.series[plan.series].number(place)
      low = min(low, number)
      high = max(high, number)
    }
    return (low, high)
  }

  private func payload(_ plan: MetricPlan, _ place: Int, _ series: Series) -> Payload {
    if plan.keepsNumbers { return .number(series.number(place)) }
    if plan.keepsValues { return .value(series.value(place)) }
    return plan.keepsKeys ? .key(series.key(place)) : .none
  }

  private mutating func enterWindow(_ plan: MetricPlan, _ place: Int, _ history: History) {
    if plan.keepsKeys {
      rests[plan.index, default: MetricRest()].insideKeys[history.series[plan.series].key(place), default: 0] += 1
    }
    guard plan.keepsNumbers else { return }
    let number = history.series[plan.series].number(place)
    setSum(plan, sum(plan) + Int128(number))
    guard plan.needsExtremes, words[plan.at.value + 1] & MetricFlags.extremesStand != 0 else { return }
    words[plan.at.low] = min(words[plan.at.low], number)
    words[plan.at.high] = max(words[plan.at.high], number)
  }

  private mutating func leaveWindow(_ plan: MetricPlan, _ place: Int, _ history: History) {
    if plan.keepsKeys {
      let key = history.series[plan.series].key(place)
      if let count = rests[plan.index]?.insideKeys[key] {
        rests[plan.index]?.insideKeys[key] = count > 1 ? count - 1 : nil
      }
    }
    guard plan.keepsNumbers else { return }
    let number = history.series[plan.series].number(place)
    setSum(plan, sum(plan) - Int128(number))
    guard plan.needsExtremes, number == words[plan.at.low] || number == words[plan.at.high] else { return }
    words[plan.at.value + 1] &= ~MetricFlags.extremesStand
  }
}
