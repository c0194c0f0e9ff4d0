import EventModel

extension SchedulerCommunityState {
  /// Version of the stored form, its first byte.
  private static let version: UInt8 = 1

  /// The stored form; the subject is not in it, for it is the row's key.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.write(through) { $0.write($1) }
    writer.write(since) { $0.write($1) }
    writer.write(kind) { writer, kind in
      writer.write(kind.time)
      writer.write(kind.id)
      writer.write(kind.name)
    }
    writer.write(dissolvedAt) { $0.write($1) }
    writer.write(tags.sorted()) { $0.write($1) }
    writer.write(pendingTags) { writer, change in
      writer.write(change.at)
      writer.write(change.tag)
      writer.write(change.holds)
    }
    return writer.bytes
  }

  /// Reads the stored form.
  /// - Throws: when the bytes are anything else; never traps on them.
  package init(decoding bytes: [UInt8], subject: Subject) throws(StateDecodingFailure) {
    self.init(subject: subject)
    var reader = try StateReader(bytes, version: Self.version)
    through = try reader.optional { reader throws(StateDecodingFailure) in try reader.instant() }
    since = try reader.optional { reader throws(StateDecodingFailure) in try reader.instant() }
    kind = try reader.optional { reader throws(StateDecodingFailure) in
      Kind(time: try reader.instant(), id: try reader.text(), name: try reader.text())
    }
    dissolvedAt = try reader.optional { reader throws(StateDecodingFailure) in try reader.instant() }
    tags = Set(try reader.list { reader throws(StateDecodingFailure) in try reader.text() })
    pendingTags = try reader.list { reader throws(StateDecodingFailure) in
      TagChange(at: try reader.instant(), tag: try reader.text(), holds: try reader.flag())
    }
    try reader.end()
    guard zip(pendingTags, pendingTags.dropFirst()).allSatisfy({ $0.at <= $1.at }) else { throw .malformed }
  }
}
