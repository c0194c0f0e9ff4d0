import EventModel

extension Series {
  private enum Kind {
    static let numbers: UInt8 = 1
    static let values: UInt8 = 2
    static let keys: UInt8 = 4
  }

  func write(_ stretch: Range<Int>, to writer: inout StateWriter) {
    writer.count(stretch.count)
    if stretch.isEmpty { return }
    var former: Int64 = 0
    for place in stretch {
      writer.signed(time(place) - former)
      former = time(place)
    }
    let (values, keys) = (values, keys)
    writer.byte((hasNumbers ? Kind.numbers : 0) | (values.isEmpty ? 0 : Kind.values) | (keys.isEmpty ? 0 : Kind.keys))
    for place in stretch {
      if hasNumbers { writer.signed(number(place)) }
      if !values.isEmpty { writer.value(values[place - begin]) }
      if !keys.isEmpty { writer.key(keys[place - begin]) }
    }
  }

  init(from reader: inout StateReader) throws(StateDecodeFailure) {
    self.init()
    let count = try reader.count()
    if count == 0 { return }
    var times: [Int64] = []
    times.reserveCapacity(count)
    var former: Int64 = 0
    for _ in 0..<count {
      let (time, overflow) = former.addingReportingOverflow(try reader.signed())
      guard !overflow, time.magnitude <= TaggingLimits.instantMagnitude.magnitude, times.isEmpty || time >= former
      else { throw .malformed }
      times.append(time)
      former = time
    }
    let kinds = try reader.byte()
    guard [0, Kind.numbers, Kind.values, Kind.keys].contains(kinds) else { throw .malformed }
    for time in times {
      switch kinds {
      case Kind.numbers: append(time, .number(try reader.signed(within: FixedDecimal.limit)))
      case Kind.values: append(time, .value(try reader.value()))
      case Kind.keys: append(time, .key(try reader.key()))
      default: append(time, .none)
      }
    }
  }
}
