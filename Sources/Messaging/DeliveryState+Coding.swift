import EventModel

extension DeliveryState {
  /// Version of the stored form, its first byte.
  private static let version: UInt8 = 1

  /// The stored form.
  package func encoded() -> [UInt8] {
    var writer = StateWriter(version: Self.version)
    writer.text(touch)
    writer.text(channel)
    writer.flag(isIdempotent)
    writer.raw(body)
    writer.instant(expiresAt)
    writer.text(status.rawValue)
    writer.count(attempts)
    writer.optional(nextAttemptAt) { $0.instant($1) }
    writer.text(reason)
    writer.instant(updatedAt)
    writer.flag(disablesChannel)
    return writer.bytes
  }

  /// Reads the stored form.
  /// - Throws: when the bytes are anything else; never traps on them.
  package init(decoding bytes: [UInt8]) throws(StateCodingFailure) {
    var reader = try StateReader(bytes, version: Self.version)
    let touch = try reader.text("touch")
    let channel = try reader.text("channel")
    let isIdempotent = try reader.flag()
    let body = try reader.raw("body")
    let expiresAt = try reader.instant()
    guard let status = Status(rawValue: try reader.text("status")) else { throw .outOfRange("status") }
    let attempts = try reader.unsigned()
    guard attempts <= UInt64(RetrySchedule.attemptsMax) else { throw .outOfRange("attempts") }
    let nextAttemptAt = try reader.flag() ? try reader.instant() : nil
    let reason = try reader.text("reason")
    let updatedAt = try reader.instant()
    let disablesChannel = try reader.flag()
    try reader.finish()
    guard (nextAttemptAt != nil) == (status == .pending) else { throw .outOfRange("next attempt") }
    guard body.count <= Self.bodyBytesMax else { throw .outOfRange("body") }
    self.init(
      touch: touch,
      channel: channel,
      isIdempotent: isIdempotent,
      body: body,
      expiresAt: expiresAt,
      status: status,
      attempts: Int(attempts),
      nextAttemptAt: nextAttemptAt,
      reason: reason,
      updatedAt: updatedAt,
      disablesChannel: disablesChannel
    )
  }
}
