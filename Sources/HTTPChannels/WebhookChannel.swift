import EventModel
import Messaging
import PipelinePorts

/// Delivers touches to one URL as Standard Webhooks: a signed POST of JSON, told apart by `webhook-id`.
///
/// Before each attempt the host is resolved once; if any of its addresses is private, link-local or otherwise not
/// public, nothing is sent, and else the connection goes to the first address and no other. Redirects are not followed.
package final class WebhookChannel: MessageChannel {
  package struct Configuration: Sendable {
    package var url: String
    /// `whsec_…`, the newest first; several while one is being replaced. Empty: messages go unsigned.
    package var secrets: [String]
    /// Also `http:` URLs; for tests and networks that encrypt below.
    package var allowsPlainHTTP = false
    package var addresses = AddressPolicy()
    package var connectTimeout = TimeSpan.seconds(5)
    /// Of the whole attempt, resolving apart.
    package var timeout = TimeSpan.seconds(15)
    /// The response is dropped; past this it is not even received.
    package var responseBytesMax = 65_536
    /// Whether the receiver drops what it has seen by `webhook-id`, as the specification asks.
    package var isIdempotent = true
    /// PEM file of the authorities to trust; nil for the system's.
    package var authorityFile: String?

    package init(url: String, secrets: [String]) {
      self.url = url
      self.secrets = secrets
    }
  }

  /// Bytes of a touch id, which must be printable ASCII without full stops.
  package static let idBytesMax = 2048

  private let configuration: Configuration
  private let target: WebhookTarget
  private let signature: WebhookSignature
  private let workers: BlockingWorkers

  package var isIdempotent: Bool { configuration.isIdempotent }

  /// - Parameters:
  ///   - workers: threads the attempts run on, and so how many run at once; may serve several channels.
  ///   - name: the channel's, for errors.
  /// - Throws: a permanent failure for a URL that is not https (or allowed http) or a secret that is none.
  package init(name: String, configuration: Configuration, workers: BlockingWorkers) throws(AdapterFailure) {
    guard let target = WebhookTarget(configuration.url) else {
      throw AdapterFailure(
        code: "URL",
        reason: "channel \(name): expected an absolute URL without user",
        disposition: .permanent
      )
    }
    guard target.scheme == "https" || configuration.allowsPlainHTTP else {
      throw AdapterFailure(
        code: "SCHEME",
        reason: "channel \(name): expected https, got \(target.scheme)",
        disposition: .permanent
      )
    }
    guard let signature = WebhookSignature(secrets: configuration.secrets) else {
      throw AdapterFailure(
        code: "SECRET",
        reason: "channel \(name): expected whsec_ and base64 of 24 to 64 bytes",
        disposition: .permanent
      )
    }
    self.configuration = configuration
    self.target = target
    self.signature = signature
    self.workers = workers
  }

  package func deliver(_ message: OutgoingMessage) async -> DeliveryResult {
    guard !message.isReplay else { return .permanent(reason: "replay refused") }
    guard Self.isHeaderText(message.touch) else { return .permanent(reason: "touch id refused") }
    return await withCheckedContinuation { continuation in
      let isTaken = workers.submit { continuation.resume(returning: self.attempt(message)) }
      if !isTaken { continuation.resume(returning: .retriable(reason: "too many attempts waiting", retryAfter: nil)) }
    }
  }

  /// The workers are the owner's to close.
  package func close() async {}

  /// The id stands in a header and before a full stop in what is signed.
  private static func isHeaderText(_ id: String) -> Bool {
    (1...Self.idBytesMax).contains(id.utf8.count)
      && id.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }
  }

  private func attempt(_ message: OutgoingMessage) -> DeliveryResult {
    switch target.resolve() {
    case .temporary: return .retriable(reason: "name not resolved", retryAfter: nil)
    case .unknownHost: return .retriable(reason: "unknown host", retryAfter: nil)
    case .addresses(let addresses):
      guard let address = addresses.first, addresses.allSatisfy(configuration.addresses.admits) else {
        return .permanent(reason: "address refused")
      }
      return result(of: post(message, to: address).perform())
    }
  }

  private func post(_ message: OutgoingMessage, to address: NetworkAddress) -> CurlPost {
    let timestamp = floorDivide(message.attemptedAt.milliseconds, 1000).quotient
    var headers = [
      ("content-type", "application/json"), ("webhook-id", message.touch), ("webhook-timestamp", String(timestamp)),
    ]
    if !signature.isEmpty {
      headers.append(
        ("webhook-signature", signature.header(id: message.touch, timestamp: timestamp, body: message.body))
      )
    }
    return CurlPost(
      target: target,
      address: address,
      headers: headers.map { (name: $0.0, value: $0.1) },
      body: message.body,
      connectTimeout: configuration.connectTimeout,
      timeout: configuration.timeout,
      responseBytesMax: configuration.responseBytesMax,
      authorityFile: configuration.authorityFile
    )
  }

  private func result(of answer: CurlPost.Answer) -> DeliveryResult {
    switch answer {
    case .status(let status, let retryAfter): DeliveryResult(.http(status: status, retryAfter: retryAfter))
    case .failed(let reason, let afterSending):
      DeliveryResult(.interrupted(afterSending: afterSending, isIdempotent: isIdempotent, reason: reason))
    }
  }
}

extension DeliveryResult {
  /// The port's form of an outcome.
  package init(_ outcome: AttemptOutcome) {
    switch outcome {
    case .sent: self = .sent
    case .retriable(let reason, let retryAfter): self = .retriable(reason: reason, retryAfter: retryAfter)
    case .permanent(let reason): self = .permanent(reason: reason)
    case .disabled(let reason): self = .disabled(reason: reason)
    case .unknown(let reason): self = .unknown(reason: reason)
    }
  }
}
