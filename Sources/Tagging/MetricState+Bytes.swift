import EventModel
import Playbook

extension MetricState {
  private enum Part {
    static let accumulated: UInt8 = 1
    static let distinct: UInt8 = 2
    static let run: UInt8 = 4
    static let period: UInt8 = 8
    static let entries: UInt8 = 16
    static let recent: UInt8 = 32
    static let all: UInt8 = 63
  }

  /// What there is to write; 0 for a metric that holds nothing.
  var parts: UInt8 {
    var parts: UInt8 = 0
    if count != 0 { parts |= Part.accumulated }
    if !distinct.isEmpty { parts |= Part.distinct }
    if runDays != 0 { parts |= Part.run }
    if periodEnd != 0 { parts |= Part.period }
    if !entries.isEmpty { parts |= Part.entries }
    if !recent.isEmpty { parts |= Part.recent }
    return parts
  }

  func write(to writer: inout StateWriter) {
    let parts = parts
    writer.byte(parts)
    if parts & Part.accumulated != 0 {
      writer.signed(count)
      writer.wide(sum)
      writer.signed(low)
      writer.signed(high)
      writer.signed(heldTime)
      writer.value(held)
    }
    if parts & Part.distinct != 0 {
      writer.byte(distinct.overflowed ? 1 : 0)
      writer.count(distinct.keys.count)
      for key in distinct.keys.sorted(by: DistinctKey.precedes) { writer.key(key) }
    }
    if parts & Part.run != 0 {
      for number in [runStart, runEnd, runDays] { writer.signed(Int64(number)) }
    }
    if parts & Part.period != 0 {
      writer.signed(periodStart)
      writer.signed(periodEnd)
    }
    if parts & Part.entries != 0 { entries.write(to: &writer) }
    if parts & Part.recent != 0 {
      let sorted = recent.sorted
      writer.count(sorted.count)
      for (time, key) in sorted {
        writer.signed(time)
        writer.key(key)
      }
    }
  }

  init(from reader: inout StateReader) throws(StateDecodeFailure) {
    self.init()
    let parts = try reader.byte()
    guard parts & ~Part.all == 0 else { throw .malformed }
    if parts & Part.accumulated != 0 {
      count = try reader.signed(within: 1 << 50)
      sum = try reader.wide()
      low = try reader.signed()
      high = try reader.signed()
      heldTime = try reader.instant()
      held = try reader.value()
    }
    if parts & Part.distinct != 0 {
      let overflowed = try reader.byte() == 1
      for _ in 0..<(try reader.count()) { distinct.keys.insert(try reader.key()) }
      guard distinct.keys.count <= TaggingLimits.distinctValues else { throw .malformed }
      distinct.overflowed = overflowed
    }
    if parts & Part.run != 0 {
      runStart = Int(try reader.signed(within: 1 << 30))
      runEnd = Int(try reader.signed(within: 1 << 30))
      runDays = Int(try reader.signed(within: 1 << 30))
    }
    if parts & Part.period != 0 {
      periodStart = try reader.instant()
      periodEnd = try reader.instant()
    }
    if parts & Part.entries != 0 { entries = try WindowEntries(from: &reader) }
    if parts & Part.recent != 0 {
      for _ in 0..<(try reader.count()) {
        let time = try reader.instant()
        recent.add(time, try reader.key())
      }
    }
  }

  /// Whether what is kept is of the kind that the plan keeps; a stored state may be anything.
  func isSound(_ plan: MetricPlan) -> Bool {
    guard case .events = plan.shape else { return entries.isEmpty }
    let live = entries.times.count
    return entries.numbers.count == (plan.keepsNumbers ? live : 0)
      && entries.values.count == (plan.keepsValues ? live : 0)
      && entries.keys.count == (plan.keepsKeys ? live : 0)
  }
}

extension WindowEntries {
  func write(to writer: inout StateWriter) {
    writer.count(count)
    writer.count(inside - start)
    var former: Int64 = 0
    for time in times[start...] {
      writer.signed(time - former)
      former = time
    }
    writer.byte((numbers.isEmpty ? 0 : 1) | (values.isEmpty ? 0 : 2) | (keys.isEmpty ? 0 : 4))
    if !numbers.isEmpty { for number in numbers[start...] { writer.signed(number) } }
    if !values.isEmpty { for value in values[start...] { writer.value(value) } }
    if !keys.isEmpty { for key in keys[start...] { writer.key(key) } }
    writer.count(buckets.count)
    for bucket in buckets { bucket.write(to: &writer) }
    writer.time(lostStand)
    writer.count(demotedKeys.count)
    for demoted in demotedKeys {
      writer.signed(demoted.stand)
      writer.key(demoted.key)
    }
  }

  init(from reader: inout StateReader) throws(StateDecodeFailure) {
    self.init()
    let count = try reader.count()
    inside = Int(try reader.unsigned() & 0xffff_ffff)
    guard count <= TaggingLimits.exactEvents, inside <= count else { throw .malformed }
    var former: Int64 = 0
    for _ in 0..<count {
      let (time, overflow) = former.addingReportingOverflow(try reader.signed())
      guard !overflow, time.magnitude <= TaggingLimits.instantMagnitude.magnitude, times.isEmpty || time >= former
      else { throw .malformed }
      times.append(time)
      former = time
    }
    let kinds = try reader.byte()
    if kinds & 1 != 0 { for _ in 0..<count { numbers.append(try reader.signed()) } }
    if kinds & 2 != 0 { for _ in 0..<count { values.append(try reader.value()) } }
    if kinds & 4 != 0 { for _ in 0..<count { keys.append(try reader.key()) } }
    for _ in 0..<(try reader.count()) { buckets.append(try Bucket(from: &reader)) }
    lostStand = try reader.time()
    for _ in 0..<(try reader.count()) {
      let stand = try reader.instant()
      demotedKeys.append(Demoted(stand: stand, key: try reader.key()))
    }
  }
}

extension Bucket {
  func write(to writer: inout StateWriter) {
    writer.signed(stand)
    writer.signed(count)
    writer.wide(sum)
    writer.signed(low)
    writer.signed(high)
    writer.signed(firstTime)
    writer.value(first)
    writer.signed(lastTime)
    writer.value(last)
  }

  init(from reader: inout StateReader) throws(StateDecodeFailure) {
    stand = try reader.instant()
    count = try reader.signed(within: 1 << 50)
    sum = try reader.wide()
    low = try reader.signed()
    high = try reader.signed()
    firstTime = try reader.instant()
    first = try reader.value()
    lastTime = try reader.instant()
    last = try reader.value()
  }
}
