import EventModel

/// What one attempt to deliver came to.
package enum AttemptOutcome: Hashable, Sendable {
  /// The receiver took it.
  case sent
  /// It certainly was not taken, or a repetition under the same id does no harm: try again.
  case retriable(reason: String, retryAfter: TimeSpan? = nil)
  /// It will never be taken.
  case permanent(reason: String)
  /// The receiver asks to be left alone for good: the channel itself is at an end.
  case disabled(reason: String)
  /// It may have been taken, and a repetition could reach the person twice.
  case unknown(reason: String)

  /// The class of an HTTP answer: 2xx sent; 410 disabled; 408, 425, 429 and 5xx retriable; redirects and every other
  /// status permanent.
  package static func http(status: Int, retryAfter: TimeSpan? = nil) -> AttemptOutcome {
    switch status {
    case 200...299: .sent
    case 300...399: .permanent(reason: "redirect \(status) refused")
    case 410: .disabled(reason: "http 410")
    case 408, 425, 429, 500...599: .retriable(reason: "http \(status)", retryAfter: retryAfter)
    default: .permanent(reason: "http \(status)")
    }
  }

  /// The class of a connection that broke. Before the request was sent nothing can have arrived; after that it may
  /// have, and only an idempotent receiver may be given it again.
  package static func interrupted(afterSending: Bool, isIdempotent: Bool, reason: String) -> AttemptOutcome {
    afterSending && !isIdempotent && !mutated(.blindRetry) ? .unknown(reason: reason) : .retriable(reason: reason)
  }
}
