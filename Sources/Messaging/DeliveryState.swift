import EventModel

/// The delivery of one touch: `pending → attempting → sent | failed | unknown`, back to `pending` for a further try.
///
/// Store it after `begin` and before the channel is called, and again after `finish`. A process that dies in between
/// leaves `attempting`, which `recover` turns into what may be done about it.
package struct DeliveryState: Hashable, Sendable {
  /// The touch's id.
  package let touch: String
  package let channel: String
  /// Whether the receiver knows a repetition by its id.
  package let isIdempotent: Bool
  /// What is delivered, the same bytes at every attempt.
  package let body: [UInt8]
  /// No attempt begins at or after this.
  package let expiresAt: Instant
  package private(set) var status: Status
  /// Attempts begun.
  package private(set) var attempts: Int
  /// When the next attempt is due; nil once settled or while attempting.
  package private(set) var nextAttemptAt: Instant?
  /// Of the last thing that happened: `http 503`, `expired`.
  package private(set) var reason: String
  package private(set) var updatedAt: Instant
  /// The receiver asked to be left alone for good.
  package private(set) var disablesChannel: Bool

  package enum Status: String, Sendable, CaseIterable { case pending, attempting, sent, failed, unknown }

  package enum Step: Hashable, Sendable {
    /// Store the state, then call the channel: this is attempt number … (from 1).
    case attempt(Int)
    /// Not due before then.
    case wait(until: Instant)
    /// Nothing more is to be done.
    case settled
  }

  package static let bodyBytesMax = 65_536
  package static let reasonBytesMax = 200

  /// A delivery due at once. nil when the body is over `bodyBytesMax`.
  package init?(
    touch: String,
    channel: String,
    isIdempotent: Bool,
    body: [UInt8],
    expiresAt: Instant,
    at instant: Instant
  ) {
    guard body.count <= Self.bodyBytesMax else { return nil }
    self.init(
      touch: touch,
      channel: channel,
      isIdempotent: isIdempotent,
      body: body,
      expiresAt: expiresAt,
      status: .pending,
      attempts: 0,
      nextAttemptAt: instant,
      reason: "",
      updatedAt: instant,
      disablesChannel: false
    )
  }

  init(
    touch: String,
    channel: String,
    isIdempotent: Bool,
    body: [UInt8],
    expiresAt: Instant,
    status: Status,
    attempts: Int,
    nextAttemptAt: Instant?,
    reason: String,
    updatedAt: Instant,
    disablesChannel: Bool
  ) {
    self.touch = touch
    self.channel = channel
    self.isIdempotent = isIdempotent
    self.body = body
    self.expiresAt = expiresAt
    self.status = status
    self.attempts = attempts
    self.nextAttemptAt = nextAttemptAt
    self.reason = reason
    self.updatedAt = updatedAt
    self.disablesChannel = disablesChannel
  }

  package var isSettled: Bool { [.sent, .failed, .unknown].contains(status) }

  /// What to do at `instant`; begins an attempt when one is due.
  package mutating func begin(at instant: Instant) -> Step {
    guard status == .pending, let due = nextAttemptAt else { return .settled }
    guard instant < expiresAt || mutated(.attemptAfterExpiry) else {
      settle(.failed, reason: attempts == 0 ? "expired" : "expired after \(reason)", at: instant)
      return .settled
    }
    guard instant >= due else { return .wait(until: due) }
    status = .attempting
    attempts += 1
    nextAttemptAt = nil
    updatedAt = instant
    return .attempt(attempts)
  }

  /// The attempt came to `outcome` at `instant`. Ignored when no attempt is under way.
  ///
  /// - Parameter jitter: 0 … 1000, drawn evenly by the caller.
  package mutating func finish(_ outcome: AttemptOutcome, at instant: Instant, jitter: Int) {
    guard status == .attempting else { return }
    switch outcome {
    case .sent: settle(.sent, reason: "", at: instant)
    case .permanent(let reason): settle(.failed, reason: reason, at: instant)
    case .disabled(let reason):
      settle(.failed, reason: reason, at: instant)
      disablesChannel = true
    case .unknown(let reason): settle(.unknown, reason: reason, at: instant)
    case .retriable(let reason, let retryAfter):
      retry(
        RetrySchedule.next(afterAttempt: attempts, failedAt: instant, jitter: jitter, retryAfter: retryAfter),
        reason: reason,
        at: instant
      )
    }
  }

  /// A state read back as `attempting` belongs to a process that is gone: whether the message arrived is not known.
  /// An idempotent receiver is tried again, any other never blindly.
  package mutating func recover(at instant: Instant, jitter: Int) {
    finish(
      .interrupted(afterSending: true, isIdempotent: isIdempotent, reason: "interrupted"),
      at: instant,
      jitter: jitter
    )
  }

  private mutating func retry(_ next: Instant?, reason: String, at instant: Instant) {
    guard let next else { return settle(.failed, reason: "gave up after \(reason)", at: instant) }
    guard next < expiresAt else { return settle(.failed, reason: "expires after \(reason)", at: instant) }
    status = .pending
    nextAttemptAt = next
    self.reason = Self.bounded(reason)
    updatedAt = instant
  }

  private mutating func settle(_ status: Status, reason: String, at instant: Instant) {
    self.status = status
    self.reason = Self.bounded(reason)
    nextAttemptAt = nil
    updatedAt = instant
  }

  private static func bounded(_ text: String) -> String {
    var kept = text
    while kept.utf8.count > reasonBytesMax { kept.removeLast() }
    return kept
  }
}

/// What is told of a delivery: to `hearth.deliveries.v1`, the table of deliveries and the metrics.
package struct DeliveryReceipt: Hashable, Sendable {
  package var touch: String
  package var channel: String
  package var status: DeliveryState.Status
  package var attempts: Int
  package var reason: String
  package var at: Instant

  package init(
    touch: String,
    channel: String,
    status: DeliveryState.Status,
    attempts: Int,
    reason: String,
    at: Instant
  ) {
    self.touch = touch
    self.channel = channel
    self.status = status
    self.attempts = attempts
    self.reason = reason
    self.at = at
  }
}

extension DeliveryState {
  /// The receipt of the state as it stands.
  package var receipt: DeliveryReceipt {
    DeliveryReceipt(
      touch: touch,
      channel: channel,
      status: status,
      attempts: attempts,
      reason: reason,
      at: updatedAt
    )
  }
}
