import EventModel

/// Why bytes are not a delivery's state.
package enum DeliveryDecodingFailure: Error, Hashable, Sendable {
  /// Written by a version this one does not know.
  case version(UInt8)
  case truncated
  case malformed
  /// Bytes after the end.
  case trailing
}

extension DeliveryState {
  private static let version: UInt8 = 1
  private static let textBytesMax = 4096
  private static let instants = -1_000_000_000_000_000...1_000_000_000_000_000 as ClosedRange<Int64>

  /// The stored form: the version byte, then whole numbers of 8 bytes (big-endian) and texts with their length first.
  package func encoded() -> [UInt8] {
    var bytes = [Self.version]
    func write(_ number: Int64) { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
    func write(_ text: some Collection<UInt8>) {
      write(Int64(text.count))
      bytes.append(contentsOf: text)
    }
    write(touch.utf8)
    write(channel.utf8)
    write(isIdempotent ? 1 : 0)
    write(body)
    write(expiresAt.milliseconds)
    write(status.rawValue.utf8)
    write(Int64(attempts))
    write(nextAttemptAt == nil ? 0 : 1)
    write(nextAttemptAt?.milliseconds ?? 0)
    write(reason.utf8)
    write(updatedAt.milliseconds)
    write(disablesChannel ? 1 : 0)
    return bytes
  }

  /// Reads the stored form.
  /// - Throws: when the bytes are anything else; never traps on them.
  package init(decoding bytes: [UInt8]) throws(DeliveryDecodingFailure) {
    guard let first = bytes.first else { throw .truncated }
    guard first == Self.version else { throw .version(first) }
    var reader = Reader(rest: bytes.dropFirst())
    let touch = try reader.text(bytesMax: Self.textBytesMax)
    let channel = try reader.text(bytesMax: Self.textBytesMax)
    let isIdempotent = try reader.number(in: 0...1) == 1
    let body = try reader.bytes(countMax: Self.bodyBytesMax)
    let expiresAt = Instant(milliseconds: try reader.number(in: Self.instants))
    guard let status = Status(rawValue: try reader.text(bytesMax: Self.textBytesMax)) else { throw .malformed }
    let attempts = Int(try reader.number(in: 0...Int64(RetrySchedule.attemptsMax)))
    let isPlanned = try reader.number(in: 0...1) == 1
    let next = Instant(milliseconds: try reader.number(in: Self.instants))
    let reason = try reader.text(bytesMax: Self.reasonBytesMax)
    let updatedAt = Instant(milliseconds: try reader.number(in: Self.instants))
    let disablesChannel = try reader.number(in: 0...1) == 1
    guard reader.rest.isEmpty else { throw .trailing }
    guard isPlanned == (status == .pending) else { throw .malformed }
    self.init(
      touch: touch,
      channel: channel,
      isIdempotent: isIdempotent,
      body: body,
      expiresAt: expiresAt,
      status: status,
      attempts: attempts,
      nextAttemptAt: isPlanned ? next : nil,
      reason: reason,
      updatedAt: updatedAt,
      disablesChannel: disablesChannel
    )
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func number(in range: ClosedRange<Int64>) throws(DeliveryDecodingFailure) -> Int64 {
      guard rest.count >= 8 else { throw .truncated }
      let value = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
      guard range.contains(Int64(bitPattern: value)) else { throw .malformed }
      return Int64(bitPattern: value)
    }

    mutating func bytes(countMax: Int) throws(DeliveryDecodingFailure) -> [UInt8] {
      let count = Int(try number(in: 0...Int64(countMax)))
      guard rest.count >= count else { throw .truncated }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }

    mutating func text(bytesMax: Int) throws(DeliveryDecodingFailure) -> String {
      guard let text = String(validating: try bytes(countMax: bytesMax), as: UTF8.self) else { throw .malformed }
      return text
    }
  }
}
