import EventModel
import Playbook

// A fold is stored with the events and texts that it refers to.
extension FoldState {
  /// - Parameter program: whose words the fold's are; nil where they are tokens, as read.
  func write(to writer: inout StateWriter, _ history: History, _ program: TaggingProgram?) {
    writer.time(born)
    writer.time(instant)
    writer.time(newest.time)
    writer.text(newest.id)
    writer.count(history.series.count)
    if let program {
      var tokens = words
      var kept: [Value] = []
      for channel in program.channels where channel.series >= 0 {
        let stretch = rebase(channel, in: &tokens, program)
        history.series[channel.series].write(stretch, to: &writer)
      }
      tokenize(&tokens, &kept, history.arena, program)
      writer.count(kept.count)
      for value in kept { writer.value(value) }
      writer.tokens(tokens)
    } else {
      for series in history.series { series.write(series.begin..<series.end, to: &writer) }
      writer.count(history.arena.values.count)
      for value in history.arena.values { writer.value(value) }
      writer.tokens(words)
    }
    writer.count(rests.count)
    for index in rests.keys.sorted() {
      writer.count(index)
      rests[index]?.write(to: &writer)
    }
  }

  /// Reads a fold whose words are tokens until a program is there to say what they are.
  init(from reader: inout StateReader, _ history: inout History) throws(StateDecodeFailure) {
    let born = try reader.time()
    let instant = try reader.time()
    let newestTime = try reader.time()
    let newestID = try reader.text()
    for _ in 0..<(try reader.count()) { history.series.append(try Series(from: &reader)) }
    for _ in 0..<(try reader.count()) { _ = history.arena.pack(try reader.value()) }
    self.init(stored: try reader.tokens())
    (self.born, self.instant, newest) = (born, instant, (newestTime, newestID))
    for _ in 0..<(try reader.count()) {
      let index = Int(try reader.unsigned() & 0xffff_ffff)
      guard rests.updateValue(try MetricRest(from: &reader), forKey: index) == nil else { throw .malformed }
    }
  }

  // MARK: Tokens

  // A token is 0 where a word is as before the first event, or is found again from others: what a subject never touched
  // takes next to nothing.

  /// Counts a channel's places from the first event that any of its windows holds. Returns the stretch to be stored.
  private func rebase(_ channel: Channel, in tokens: inout [Int64], _ program: TaggingProgram) -> Range<Int> {
    var start = words[program.metrics[channel.lead].at.start]
    for index in channel.metrics where program.metrics[index].series >= 0 {
      start = min(start, words[program.metrics[index].at.start])
    }
    for index in channel.metrics where program.metrics[index].series >= 0 {
      let at = program.metrics[index].at
      for place in [at.start, at.inside, at.end] { tokens[place] -= start }
    }
    return Int(start)..<Int(words[program.metrics[channel.lead].at.end])
  }

  private func tokenize(
    _ tokens: inout [Int64],
    _ kept: inout [Value],
    _ arena: ValueArena,
    _ program: TaggingProgram
  ) {
    let layout = program.layout
    for place in tokens.indices {
      switch layout.roles[place] {
      case .derived: tokens[place] = 0
      case .flags: tokens[place] = tokens[place] & MetricFlags.touched == 0 ? 0 : 1
      case .value:
        if packed(place).kind == .kept {
          kept.append(arena.unpack(packed(place)))
          tokens[place] = Int64(kept.count - 1)
        }
        tokens[place] = Int64(bitPattern: zigzag(tokens[place]))
      default:
        let initial = layout.initial[place]
        let token = words[place] == initial && initial != 0 ? 0 : zigzag(tokens[place]) &+ (initial == 0 ? 0 : 1)
        tokens[place] = Int64(bitPattern: token)
      }
    }
  }

  /// The fold whose tokens `stored` holds; nil where a program with this layout cannot have written it.
  init?(_ stored: FoldState, _ program: TaggingProgram, _ history: History) {
    let layout = program.layout
    guard stored.words.count == layout.initial.count, history.series.count == program.seriesCount,
      (stored.born == Slot.none) == (stored.instant == Slot.none)
    else { return nil }
    self = stored
    for place in words.indices {
      guard let word = Self.word(UInt64(bitPattern: words[place]), layout.roles[place], layout.initial[place]) else {
        return nil
      }
      words[place] = word
    }
    guard isSound(program, history) else { return nil }
  }

  private static func word(_ token: UInt64, _ role: WordRole, _ initial: Int64) -> Int64? {
    switch role {
    case .derived: return token == 0 ? initial : nil
    case .flags: return token <= 1 ? initial | (token == 1 ? MetricFlags.touched : 0) : nil
    default: break
    }
    if initial != 0, token == 0 { return initial }
    let word = unzigzag(initial == 0 ? token : token - 1)
    let isSound =
      switch role {
      case .time: word.magnitude <= TaggingLimits.instantMagnitude.magnitude
      case .count: word >= 0 && word <= 1 << 50
      case .cursor: word >= 0 && word <= Int64(Int32.max)
      case .day: word.magnitude <= 1 << 30
      // Far past what events can sum to, far below what arithmetic on sums could overflow.
      case .wide: word.magnitude < 1 << 56
      case .kind: word >= 0 && word <= Int64(PackedValue.Kind.kept.rawValue)
      case .anything, .value, .derived, .flags: true
      }
    return isSound ? word : nil
  }

  /// Whether what the words and sets refer to is there and of the right kind; a stored state may be anything.
  private func isSound(_ program: TaggingProgram, _ history: History) -> Bool {
    for plan in program.metrics where plan.series >= 0 {
      let series = history.series[plan.series]
      let (start, inside, end) = (words[plan.at.start], words[plan.at.inside], words[plan.at.end])
      guard start <= inside, inside <= end, end == Int64(series.times.count),
        end - start <= Int64(TaggingLimits.exactEvents),
        series.numbers.count == (plan.keepsNumbers ? series.times.count : 0),
        series.values.count == (plan.keepsValues ? series.times.count : 0),
        series.keys.count == (plan.keepsKeys ? series.times.count : 0)
      else { return false }
    }
    for place in program.packedPlaces {
      let value = packed(place)
      let isSound =
        switch value.kind {
        case .kept: value.word >= 0 && value.word < Int64(history.arena.values.count)
        case .number: FixedDecimal(millionths: value.word) != nil
        case .time: value.word.magnitude <= TaggingLimits.instantMagnitude.magnitude
        case .span: value.word.magnitude <= Instant.distantFuture.milliseconds.magnitude
        case .null, .no, .yes: value.word == 0
        }
      guard isSound else { return false }
    }
    return rests.keys.allSatisfy { $0 < program.metrics.count }
  }
}

extension StateWriter {
  /// Runs of zeros and of others by turns.
  fileprivate mutating func tokens(_ tokens: [Int64]) {
    count(tokens.count)
    var place = 0
    while place < tokens.count {
      var end = place
      while end < tokens.count, tokens[end] == 0 { end += 1 }
      count(end - place)
      place = end
      while end < tokens.count, tokens[end] != 0 { end += 1 }
      count(end - place)
      for token in tokens[place..<end] { unsigned(UInt64(bitPattern: token)) }
      place = end
    }
  }
}

extension StateReader {
  fileprivate mutating func tokens() throws(StateDecodeFailure) -> [Int64] {
    let total = Int(try unsigned() & 0xffff_ffff)
    guard total <= TaggingLimits.foldWords else { throw .tooLarge }
    var tokens: [Int64] = []
    tokens.reserveCapacity(total)
    while tokens.count < total {
      let zeros = Int(try unsigned() & 0xffff_ffff)
      guard zeros <= total - tokens.count else { throw .malformed }
      tokens.append(contentsOf: repeatElement(0, count: zeros))
      let others = try count()
      guard others <= total - tokens.count, zeros + others > 0 else { throw .malformed }
      for _ in 0..<others { tokens.append(Int64(bitPattern: try unsigned())) }
    }
    return tokens
  }
}
