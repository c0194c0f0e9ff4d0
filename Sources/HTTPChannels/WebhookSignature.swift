import Digests
import EventModel

/// Signing as the Standard Webhooks specification has it: HMAC-SHA-256 of `id.timestamp.body`.
package struct WebhookSignature: Sendable {
  private let keys: [[UInt8]]

  /// Length of a key in bytes, by the specification.
  package static let keyBytes = 24...64
  /// Secrets in use at once while one is being replaced.
  package static let secretsMax = 8
  /// How far a timestamp may be from the reader's clock.
  package static let tolerance = TimeSpan.minutes(5)

  /// nil when a secret is not base64 of 24 to 64 bytes (`whsec_` in front or not), or there are too many.
  package init?(secrets: [String]) {
    guard secrets.count <= Self.secretsMax else { return nil }
    var keys: [[UInt8]] = []
    for secret in secrets {
      let text = secret.hasPrefix("whsec_") ? secret.dropFirst(6) : secret[...]
      guard let key = base64Decode(text), Self.keyBytes.contains(key.count) else { return nil }
      keys.append(key)
    }
    self.keys = keys
  }

  /// Whether there is nothing to sign with.
  package var isEmpty: Bool { keys.isEmpty }

  /// The header `webhook-signature`: `v1,BASE64` for each secret, separated by spaces.
  package func header(id: String, timestamp: Int64, body: [UInt8]) -> String {
    let message = Array("\(id).\(timestamp).".utf8) + body
    return keys.map { "v1," + base64Encode(hmacSHA256(key: $0, message: message)) }.joined(separator: " ")
  }

  /// Whether `header` holds a signature of one of the secrets and the timestamp lies within `tolerance` of `now`. For
  /// receivers; whoever acts on a message also remembers its id for twice the tolerance, so that none counts twice.
  package func verify(header: String, id: String, timestamp: String, body: [UInt8], now: Instant) -> Bool {
    guard let seconds = Int64(timestamp), seconds > 0, seconds < 1 << 40,
      abs(now.milliseconds - seconds * 1000) <= Self.tolerance.milliseconds
    else { return false }
    let message = Array("\(id).\(timestamp).".utf8) + body
    let given = header.split(separator: " ").compactMap { $0.hasPrefix("v1,") ? base64Decode($0.dropFirst(3)) : nil }
    return keys.contains { key in
      let own = hmacSHA256(key: key, message: message)
      return given.contains { constantTimeEqual($0, own) }
    }
  }
}
