import EventModel

extension SchedulerCommunityState {
  /// Version of the stored form, its first byte.
  private static let version: UInt8 = 1

  /// The stored form; the subject is not in it, for it is the row's key.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.optional(through) { $0.instant($1) }
    writer.optional(since) { $0.instant($1) }
    writer.optional(kind) { writer, kind in
      writer.instant(kind.time)
      writer.text(kind.id)
      writer.text(kind.name)
    }
    writer.optional(dissolvedAt) { $0.instant($1) }
    writer.list(followed.sorted()) { $0.unsigned($1) }
    writer.list(tags.sorted()) { $0.text($1) }
    writer.list(pendingTags) { writer, change in
      writer.instant(change.at)
      writer.text(change.tag)
      writer.flag(change.holds)
    }
    return writer.bytes
  }

  /// Reads the stored form.
  /// - Throws: when the bytes are anything else; never traps on them.
  package init(decoding bytes: [UInt8], subject: Subject) throws(StateCodingFailure) {
    self.init(subject: subject)
    var reader = try StateReader(bytes, version: Self.version)
    through = try reader.maybe { reader throws(StateCodingFailure) in try reader.instant() }
    since = try reader.maybe { reader throws(StateCodingFailure) in try reader.instant() }
    kind = try reader.maybe { reader throws(StateCodingFailure) in
      Kind(time: try reader.instant(), id: try reader.text("id"), name: try reader.text("kind"))
    }
    dissolvedAt = try reader.maybe { reader throws(StateCodingFailure) in try reader.instant() }
    followed = Set(try reader.list("calendars") { reader throws(StateCodingFailure) in try reader.unsigned() })
    tags = Set(try reader.list("tags") { reader throws(StateCodingFailure) in try reader.text("tag") })
    pendingTags = try reader.list("changes") { reader throws(StateCodingFailure) in
      TagChange(at: try reader.instant(), tag: try reader.text("tag"), holds: try reader.flag())
    }
    try reader.finish()
    guard zip(pendingTags, pendingTags.dropFirst()).allSatisfy({ $0.at <= $1.at }) else {
      throw .outOfRange("changes")
    }
  }
}
