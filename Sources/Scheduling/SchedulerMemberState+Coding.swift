import EventModel

extension SchedulerMemberState {
  /// Version of the stored form, its first byte.
  private static let version: UInt8 = 1

  /// The stored form; the subject is not in it, for it is the row's key.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.write(through) { $0.write($1) }
    writer.write(judgedThrough) { $0.write($1) }
    writer.write(zone) { $0.write($1) }
    writer.write(consent) { writer, consent in
      writer.write(consent.time)
      writer.write(consent.optedOut)
    }
    writer.write(entries) { writer, entry in
      writer.write(entry.at)
      writer.write(entry.segment)
    }
    writer.write(seen) { writer, event in
      writer.write(event.type)
      writer.write(event.time)
    }
    writer.write(starts.sorted { $0.key < $1.key }) { writer, start in
      writer.write(start.key)
      writer.write(start.value)
    }
    writer.write(instances) { $1.write(to: &$0) }
    writer.write(sent) { writer, touch in
      writer.write(touch.at)
      writer.write(touch.kind)
    }
    return writer.bytes
  }

  /// Reads the stored form.
  /// - Throws: when the bytes are anything else; never traps on them.
  package init(decoding bytes: [UInt8], subject: Subject) throws(StateDecodingFailure) {
    self.init(subject: subject)
    var reader = try StateReader(bytes, version: Self.version)
    through = try reader.optional { reader throws(StateDecodingFailure) in try reader.instant() }
    judgedThrough = try reader.optional { reader throws(StateDecodingFailure) in try reader.instant() }
    zone = try reader.optional { reader throws(StateDecodingFailure) in try reader.text() }
    consent = try reader.optional { reader throws(StateDecodingFailure) in
      ConsentChange(time: try reader.instant(), optedOut: try reader.flag())
    }
    entries = try reader.list { reader throws(StateDecodingFailure) in
      Entry(at: try reader.instant(), segment: try reader.text())
    }
    seen = try reader.list { reader throws(StateDecodingFailure) in
      JourneyInstance.SeenEvent(type: try reader.text(), time: try reader.instant())
    }
    let startList = try reader.list { reader throws(StateDecodingFailure) in
      (try reader.text(), try reader.instant())
    }
    starts = Dictionary(startList) { first, _ in first }
    instances = try reader.list { reader throws(StateDecodingFailure) in try JourneyInstance(from: &reader) }
    sent = try reader.list { reader throws(StateDecodingFailure) in
      SentTouch(at: try reader.instant(), kind: try reader.text())
    }
    try reader.end()
    guard isOrdered(entries.map(\.at)), isOrdered(sent.map(\.at)) else { throw .malformed }
  }

  private func isOrdered(_ instants: [Instant]) -> Bool {
    zip(instants, instants.dropFirst()).allSatisfy { $0 <= $1 }
  }
}

extension JourneyInstance {
  private enum Code: Int64 { case waiting, delaying, sending, finished }

  func write(to writer: inout StateWriter) {
    writer.write(journey)
    writer.write(startedAt)
    writer.write(step)
    switch phase {
    case .waiting(let since, let until, let answeredAt):
      writer.write(Code.waiting.rawValue)
      writer.write(since)
      writer.write(until)
      writer.write(answeredAt) { $0.write($1) }
    case .delaying(let until):
      writer.write(Code.delaying.rawValue)
      writer.write(until)
    case .sending(let touch):
      writer.write(Code.sending.rawValue)
      writer.write(touch.template)
      writer.write(touch.channel)
      writer.write(touch.dueAt)
      writer.write(touch.expiresAt)
      writer.write(touch.attemptAt)
      writer.write(touch.deferredFor) { $0.write($1) }
    case .finished: writer.write(Code.finished.rawValue)
    }
  }

  init(from reader: inout StateReader) throws(StateDecodingFailure) {
    let journey = try reader.text()
    let startedAt = try reader.instant()
    let step = try reader.number(in: 0...Int64(StateLimits.itemsMax))
    guard let code = Code(rawValue: try reader.number()) else { throw .malformed }
    let phase: Phase
    switch code {
    case .waiting:
      phase = .waiting(
        since: try reader.instant(),
        until: try reader.instant(),
        answeredAt: try reader.optional { reader throws(StateDecodingFailure) in try reader.instant() }
      )
    case .delaying: phase = .delaying(until: try reader.instant())
    case .sending:
      phase = .sending(
        PendingTouch(
          template: try reader.text(),
          channel: try reader.text(),
          dueAt: try reader.instant(),
          expiresAt: try reader.instant(),
          attemptAt: try reader.instant(),
          deferredFor: try reader.optional { reader throws(StateDecodingFailure) in try reader.text() }
        )
      )
    case .finished: phase = .finished
    }
    self.init(journey: journey, startedAt: startedAt, step: step, phase: phase)
  }
}
