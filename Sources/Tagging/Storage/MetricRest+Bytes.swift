import EventModel

extension MetricRest {
  private enum Part {
    static let distinct: UInt8 = 1
    static let recent: UInt8 = 2
    static let older: UInt8 = 4
    static let all: UInt8 = 7
  }

  func write(to writer: inout StateWriter) {
    var parts: UInt8 = 0
    if !distinct.isEmpty { parts |= Part.distinct }
    if !recent.isEmpty { parts |= Part.recent }
    if !older.isEmpty { parts |= Part.older }
    writer.byte(parts)
    if parts & Part.distinct != 0 {
      writer.byte(distinct.overflowed ? 1 : 0)
      writer.count(distinct.keys.count)
      for key in distinct.keys.sorted(by: DistinctKey.precedes) { writer.key(key) }
    }
    if parts & Part.recent != 0 {
      let sorted = recent.sorted
      writer.count(sorted.count)
      for (time, key) in sorted {
        writer.signed(time)
        writer.key(key)
      }
    }
    if parts & Part.older != 0 { older.write(to: &writer) }
  }

  init(from reader: inout StateReader) throws(StateDecodeFailure) {
    self.init()
    let parts = try reader.byte()
    guard parts & ~Part.all == 0 else { throw .malformed }
    if parts & Part.distinct != 0 {
      let overflowed = try reader.byte() == 1
      for _ in 0..<(try reader.count()) { distinct.keys.insert(try reader.key()) }
      guard distinct.keys.count <= TaggingLimits.distinctValues else { throw .malformed }
      distinct.overflowed = overflowed
    }
    if parts & Part.recent != 0 {
      for _ in 0..<(try reader.count()) {
        let time = try reader.instant()
        recent.add(time, try reader.key())
      }
    }
    if parts & Part.older != 0 { older = try OlderEvents(from: &reader) }
  }
}

extension OlderEvents {
  func write(to writer: inout StateWriter) {
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
