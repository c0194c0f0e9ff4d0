import EventModel
import Playbook

// One metric of one subject as of an instant. Events come in order of time; what comes behind its time, past the
// lateness bound, is still counted where it belongs.
extension FoldState {
  /// Takes one qualifying event into all metrics of a channel, at `now`, which is its time or, past the lateness bound,
  /// later.
  mutating func enter(
    _ channel: Channel,
    _ time: Int64,
    _ payload: Payload,
    _ now: Int64,
    _ program: TaggingProgram,
    _ history: inout History
  ) {
    for index in channel.metrics {
      let plan = program.metrics[index]
      advance(plan, to: now, program.zone, &history)
      words[plan.at.value + 1] |= MetricFlags.touched
      switch plan.shape {
      case .lifetime(let from, let to):
        if time >= from, time < to { accumulate(plan, time, payload, program.zone, &history.arena) }
      case .calendar(let period):
        if words[plan.at.period + 1] <= now { begin(plan, period, at: now, program.zone) }
        if time >= words[plan.at.period] { accumulate(plan, time, payload, program.zone, &history.arena) }
      case .events: break
      case .recent:
        if case .key(let key) = payload { rests[index, default: MetricRest()].recent.add(time, key) }
      }
    }
    guard channel.series >= 0 else { return }
    let end = Int(words[program.metrics[channel.lead].at.end])
    if end > history.series[channel.series].begin, history.series[channel.series].time(end - 1) > time {
      insert(channel, time, payload, now, program, &history)
      return
    }
    // Where the head was here before, the event stands in the series already.
    if end == history.series[channel.series].end { history.series[channel.series].append(time, payload) }
    for index in channel.metrics where program.metrics[index].series >= 0 {
      let plan = program.metrics[index]
      words[plan.at.end] += 1
      demoteExcess(plan, history)
    }
  }

  /// Brings the window to `instant`. Returns whether the value became another.
  mutating func bring(_ plan: MetricPlan, to instant: Int64, _ zone: CalendarZone, _ history: inout History) -> Bool {
    advance(plan, to: instant, zone, &history)
    let (value, isApproximate) = value(of: plan, at: instant, zone, history)
    let flags = words[plan.at.value + 1] & ~MetricFlags.approximate
    words[plan.at.value + 1] = flags | (isApproximate ? MetricFlags.approximate : 0)
    switch value {
    case .packed(let new):
      if history.arena.same(packed(plan.at.value), new) { return false }
      set(plan.at.value, new)
    case .plain(let new):
      if history.arena.holds(packed(plan.at.value), new) { return false }
      set(plan.at.value, history.arena.pack(new))
    }
    return true
  }

  /// Brings the window to `instant` and finds what is due next.
  private mutating func advance(
    _ plan: MetricPlan,
    to instant: Int64,
    _ zone: CalendarZone,
    _ history: inout History
  ) {
    var due = Int64.max
    switch plan.shape {
    case .lifetime: break
    case .calendar:
      let end = words[plan.at.period + 1]
      if end != 0, end <= instant { clear(plan) }
      if words[plan.at.period + 1] != 0 { due = words[plan.at.period + 1] }
    case .events(let span):
      advance(plan, span, to: instant, history)
      due = windowDue(plan, span, after: instant, history)
      if plan.fold == .streak, !isEmpty(plan) {
        due = min(due, zone.startOfNextDay(after: Instant(milliseconds: instant)).milliseconds)
      }
    case .recent(let width):
      if rests[plan.index] != nil {
        rests[plan.index]?.recent.advance(to: instant, width: width)
        due = rests[plan.index]?.recent.due(width: width) ?? .max
      }
    }
    if plan.at.run >= 0, words[plan.at.run + 2] > 0 { due = min(due, runBreak(plan, after: instant, zone)) }
    words[plan.at.due] = due
  }

  // MARK: Lifetimes and calendar windows

  func sum(_ plan: MetricPlan) -> Int128 {
    Int128(words[plan.at.sum + 1]) << 64 | Int128(UInt64(bitPattern: words[plan.at.sum]))
  }

  mutating func setSum(_ plan: MetricPlan, _ sum: Int128) {
    words[plan.at.sum] = Int64(truncatingIfNeeded: sum)
    words[plan.at.sum + 1] = Int64(truncatingIfNeeded: sum >> 64)
  }

  private mutating func accumulate(
    _ plan: MetricPlan,
    _ time: Int64,
    _ payload: Payload,
    _ zone: CalendarZone,
    _ arena: inout ValueArena
  ) {
    let count = words[plan.at.count]
    words[plan.at.count] = count + 1
    if plan.at.heldTime >= 0 {
      let held = words[plan.at.heldTime]
      if count == 0 || (plan.fold == .first ? time < held : time >= held) {
        words[plan.at.heldTime] = time
        if case .value(let value) = payload, !arena.holds(packed(plan.at.held), value) {
          set(plan.at.held, arena.pack(value))
        }
      }
    }
    switch payload {
    case .number(let number):
      setSum(plan, sum(plan) + Int128(number))
      guard plan.needsExtremes else { return }
      words[plan.at.low] = min(words[plan.at.low], number)
      words[plan.at.high] = max(words[plan.at.high], number)
    case .key(let key): rests[plan.index, default: MetricRest()].distinct.add(key)
    case .value: break
    case .none:
      if plan.at.run >= 0 { extendRun(plan, zone.date(at: Instant(milliseconds: time)), zone) }
    }
  }

  private mutating func begin(_ plan: MetricPlan, _ period: CalendarPeriod, at now: Int64, _ zone: CalendarZone) {
    words[plan.at.period] = period.start(at: Instant(milliseconds: now), zone).milliseconds
    words[plan.at.period + 1] = period.end(at: Instant(milliseconds: now), zone).milliseconds
  }

  /// A period's end: nothing is counted until the next event.
  private mutating func clear(_ plan: MetricPlan) {
    words[plan.at.count] = 0
    words[plan.at.period] = 0
    words[plan.at.period + 1] = 0
    if plan.at.sum >= 0 { setSum(plan, 0) }
    if plan.needsExtremes {
      words[plan.at.low] = .max
      words[plan.at.high] = .min
    }
    if plan.at.heldTime >= 0 { words[plan.at.heldTime] = 0 }
    if plan.at.held >= 0 { set(plan.at.held, .null) }
    if plan.at.run >= 0 { for place in plan.at.run..<(plan.at.run + 3) { words[place] = 0 } }
    if plan.keepsKeys { rests[plan.index] = nil }
  }

  // MARK: Streaks

  private mutating func extendRun(_ plan: MetricPlan, _ date: LocalDate, _ zone: CalendarZone) {
    let day = Int64(date.daysSinceEpoch)
    let (end, days) = (words[plan.at.run + 1], words[plan.at.run + 2])
    guard days == 0 || day > end else { return }
    let joins = days > 0 && Int64(zone.previousDate(before: date).daysSinceEpoch) == end
    if !joins { words[plan.at.run] = day }
    words[plan.at.run + 1] = day
    words[plan.at.run + 2] = joins ? days + 1 : 1
  }

  /// First instant of the second existing day after the run's last: neither today nor yesterday holds it then.
  private func runBreak(_ plan: MetricPlan, after instant: Int64, _ zone: CalendarZone) -> Int64 {
    let next = zone.nextDate(after: LocalDate(daysSinceEpoch: Int(words[plan.at.run + 1])))
    let end = zone.instant(of: zone.nextDate(after: next)).milliseconds
    return end > instant ? end : .max
  }
}
