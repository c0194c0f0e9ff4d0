import EventModel

/// What a subject's folds of different instants share: the events of windows, which each fold marks its own stretch of,
/// and the texts that their words refer to.
struct History: Sendable {
  var series: [Series] = []
  var arena = ValueArena()

  init() {}
  init(_ program: TaggingProgram) { series = Array(repeating: Series(), count: program.seriesCount) }

  /// Drops events that stand behind those of `fold`, where the head is made anew from it.
  mutating func truncate(to fold: FoldState, _ program: TaggingProgram) {
    for plan in program.metrics where plan.series >= 0 {
      series[plan.series].truncate(to: Int(fold.words[plan.at.end]))
    }
  }

  /// Drops events that have left every window of `fold`, the oldest that is kept.
  mutating func compact(to fold: FoldState, _ program: TaggingProgram) {
    for channel in program.channels where channel.series >= 0 && series[channel.series].isWorthCompacting {
      var start = Int.max
      for metric in channel.metrics where program.metrics[metric].series >= 0 {
        start = min(start, Int(fold.words[program.metrics[metric].at.start]))
      }
      series[channel.series].compact(to: start)
    }
  }
}

/// Events of one channel in order of time, for windows to count. Places are counted from the subject's first event on
/// and stay as older events are dropped.
struct Series: Sendable {
  private(set) var times: [Int64] = []
  /// Beside `times` where the channel is of numbers, else empty.
  private(set) var numbers: [Int64] = []
  /// Values or keys, which few channels are of; none or one.
  private var rare: [Rare] = []
  /// The place of the first in `times`.
  private(set) var begin = 0

  private struct Rare: Sendable {
    var values: [Value] = []
    var keys: [DistinctKey] = []
  }

  /// Shorter series are left as they are: what has left their windows is not worth a look.
  private static let compactFrom = 64

  var end: Int { begin + times.count }
  var isWorthCompacting: Bool { times.count >= Self.compactFrom }

  func time(_ place: Int) -> Int64 { times[place - begin] }
  func number(_ place: Int) -> Int64 { numbers[place - begin] }
  func value(_ place: Int) -> Value { rare[0].values[place - begin] }
  func key(_ place: Int) -> DistinctKey { rare[0].keys[place - begin] }

  var hasNumbers: Bool { !numbers.isEmpty }
  var values: [Value] { rare.isEmpty ? [] : rare[0].values }
  var keys: [DistinctKey] { rare.isEmpty ? [] : rare[0].keys }

  mutating func append(_ time: Int64, _ payload: Payload) {
    times.append(time)
    switch payload {
    case .none: break
    case .number(let number): numbers.append(number)
    case .value(let value):
      makeRare()
      rare[0].values.append(value)
    case .key(let key):
      makeRare()
      rare[0].keys.append(key)
    }
  }

  /// Puts an event between others, behind those of its time. Answers its place.
  mutating func insert(_ time: Int64, _ payload: Payload) -> Int {
    var index = times.count
    while index > 0, times[index - 1] > time { index -= 1 }
    times.insert(time, at: index)
    switch payload {
    case .none: break
    case .number(let number): numbers.insert(number, at: index)
    case .value(let value):
      makeRare()
      rare[0].values.insert(value, at: index)
    case .key(let key):
      makeRare()
      rare[0].keys.insert(key, at: index)
    }
    return begin + index
  }

  mutating func truncate(to end: Int) {
    let excess = self.end - end
    guard excess > 0 else { return }
    times.removeLast(excess)
    if !numbers.isEmpty { numbers.removeLast(excess) }
    guard !rare.isEmpty else { return }
    if !rare[0].values.isEmpty { rare[0].values.removeLast(excess) }
    if !rare[0].keys.isEmpty { rare[0].keys.removeLast(excess) }
  }

  mutating func compact(to start: Int) {
    let count = start - begin
    guard count * 2 > times.count else { return }
    times.removeFirst(count)
    if !numbers.isEmpty { numbers.removeFirst(count) }
    begin = start
    guard !rare.isEmpty else { return }
    if !rare[0].values.isEmpty { rare[0].values.removeFirst(count) }
    if !rare[0].keys.isEmpty { rare[0].keys.removeFirst(count) }
  }

  private mutating func makeRare() {
    if rare.isEmpty { rare.append(Rare()) }
  }
}
