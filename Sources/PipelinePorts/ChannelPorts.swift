import EventModel

/// One attempt at one touch's message.
package struct OutgoingMessage: Hashable, Sendable {
  package var tenant: String
  /// The touch's id, the same at every attempt: receivers know a repetition by it.
  package var touch: String
  /// JSON (UTF-8), the same bytes at every attempt.
  package var body: [UInt8]
  /// When this attempt is made.
  package var attemptedAt: Instant
  /// Of a tenant whose clock is its log: only a replay sink may take it.
  package var isReplay: Bool

  package init(tenant: String, touch: String, body: [UInt8], attemptedAt: Instant, isReplay: Bool) {
    self.tenant = tenant
    self.touch = touch
    self.body = body
    self.attemptedAt = attemptedAt
    self.isReplay = isReplay
  }
}

/// What one attempt came to. Reasons hold no payload, address or secret.
package enum DeliveryResult: Hashable, Sendable {
  /// The receiver took it.
  case sent
  /// Try again; `retryAfter` is what the receiver asked for.
  case retriable(reason: String, retryAfter: TimeSpan?)
  /// It will never be taken.
  case permanent(reason: String)
  /// The receiver asks to be left alone for good.
  case disabled(reason: String)
  /// It may have been taken, and a repetition could reach the person twice.
  case unknown(reason: String)
}

/// A way to reach people. Calls may run at the same time; each waits for a free place and is bounded in time.
package protocol MessageChannel: Sendable {
  /// Whether a repetition under the same touch id does no harm.
  var isIdempotent: Bool { get }
  func deliver(_ message: OutgoingMessage) async -> DeliveryResult
  /// Waits for attempts under way and frees what the channel holds; later calls are `retriable`.
  func close() async
}
