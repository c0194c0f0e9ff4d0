import EventModel

extension SchedulerMemberState {
  /// Version of the stored form, its first byte.
  private static let version: UInt8 = 1

  /// The stored form; the subject is not in it, for it is the row's key.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.optional(through) { $0.instant($1) }
    writer.optional(judgedThrough) { $0.instant($1) }
    writer.optional(zone) { $0.text($1) }
    writer.list(consents.sorted { $0.key < $1.key }) { writer, consent in
      writer.text(consent.key)
      writer.instant(consent.value.time)
      writer.flag(consent.value.isRefused)
    }
    writer.list(entries) { writer, entry in
      writer.instant(entry.at)
      writer.text(entry.segment)
    }
    writer.list(seen) { writer, event in
      writer.text(event.type)
      writer.instant(event.time)
    }
    writer.list(starts.sorted { $0.key < $1.key }) { writer, start in
      writer.text(start.key)
      writer.instant(start.value)
    }
    writer.list(instances) { $1.write(to: &$0) }
    writer.list(sent) { writer, touch in
      writer.instant(touch.at)
      writer.text(touch.kind)
    }
    return writer.bytes
  }

  /// Reads the stored form.
  /// - Throws: when the bytes are anything else; never traps on them.
  package init(decoding bytes: [UInt8], subject: Subject) throws(StateCodingFailure) {
    self.init(subject: subject)
    var reader = try StateReader(bytes, version: Self.version)
    through = try reader.maybe { reader throws(StateCodingFailure) in try reader.instant() }
    judgedThrough = try reader.maybe { reader throws(StateCodingFailure) in try reader.instant() }
    zone = try reader.maybe { reader throws(StateCodingFailure) in try reader.text("zone") }
    let consentList = try reader.list("consents") { reader throws(StateCodingFailure) in
      (try reader.text("purpose"), ConsentChange(time: try reader.instant(), isRefused: try reader.flag()))
    }
    consents = Dictionary(consentList) { first, _ in first }
    entries = try reader.list("entries") { reader throws(StateCodingFailure) in
      Entry(at: try reader.instant(), segment: try reader.text("segment"))
    }
    seen = try reader.list("seen") { reader throws(StateCodingFailure) in
      JourneyInstance.SeenEvent(type: try reader.text("type"), time: try reader.instant())
    }
    let startList = try reader.list("starts") { reader throws(StateCodingFailure) in
      (try reader.text("journey"), try reader.instant())
    }
    starts = Dictionary(startList) { first, _ in first }
    instances = try reader.list("instances") { reader throws(StateCodingFailure) in
      try JourneyInstance(from: &reader)
    }
    sent = try reader.list("sent") { reader throws(StateCodingFailure) in
      SentTouch(at: try reader.instant(), kind: try reader.text("kind"))
    }
    try reader.finish()
    guard isOrdered(entries.map(\.at)) else { throw .outOfRange("entries") }
    guard isOrdered(sent.map(\.at)) else { throw .outOfRange("sent") }
  }

  private func isOrdered(_ instants: [Instant]) -> Bool {
    zip(instants, instants.dropFirst()).allSatisfy { $0 <= $1 }
  }
}

extension JourneyInstance {
  private enum Code: UInt8 { case waiting, delaying, sending, finished }

  func write(to writer: inout StateWriter) {
    writer.text(journey)
    writer.instant(startedAt)
    writer.signed(Int64(step))
    switch phase {
    case .waiting(let since, let until, let answeredAt):
      writer.byte(Code.waiting.rawValue)
      writer.instant(since)
      writer.instant(until)
      writer.optional(answeredAt) { $0.instant($1) }
    case .delaying(let until):
      writer.byte(Code.delaying.rawValue)
      writer.instant(until)
    case .sending(let touch):
      writer.byte(Code.sending.rawValue)
      writer.text(touch.template)
      writer.text(touch.channel)
      writer.instant(touch.dueAt)
      writer.instant(touch.expiresAt)
      writer.instant(touch.attemptAt)
      writer.optional(touch.deferredFor) { $0.text($1) }
    case .finished: writer.byte(Code.finished.rawValue)
    }
  }

  init(from reader: inout StateReader) throws(StateCodingFailure) {
    let journey = try reader.text("journey")
    let startedAt = try reader.instant()
    let step = Int(try reader.number("step", in: 0...Int64(StateLimits.itemsMax)))
    guard let code = Code(rawValue: try reader.byte()) else { throw .outOfRange("phase") }
    let phase: Phase
    switch code {
    case .waiting:
      phase = .waiting(
        since: try reader.instant(),
        until: try reader.instant(),
        answeredAt: try reader.maybe { reader throws(StateCodingFailure) in try reader.instant() }
      )
    case .delaying: phase = .delaying(until: try reader.instant())
    case .sending:
      phase = .sending(
        PendingTouch(
          template: try reader.text("template"),
          channel: try reader.text("channel"),
          dueAt: try reader.instant(),
          expiresAt: try reader.instant(),
          attemptAt: try reader.instant(),
          deferredFor: try reader.maybe { reader throws(StateCodingFailure) in try reader.text("reason") }
        )
      )
    case .finished: phase = .finished
    }
    self.init(journey: journey, startedAt: startedAt, step: step, phase: phase)
  }
}
