import Digests
import EventModel
import Hummingbird
import NIOCore
import PipelinePorts

/// What every route does first: who asks, and the body within its bounds.
package struct Gate: Sendable {
  private let keys: KeyRing
  private let budget: InFlightBudget
  let clock: any WallClock
  let limits: IngestLimits

  package init(keys: KeyRing, budget: InFlightBudget, clock: any WallClock, limits: IngestLimits) {
    self.keys = keys
    self.budget = budget
    self.clock = clock
    self.limits = limits
  }

  /// The key of the request: Basic (as user) or Bearer. Throws 401, 403 or 503.
  func key(of request: Request) async throws(Refusal) -> StoredKey {
    guard let text = Self.keyText(request.headers[.authorization]), let key = WriteKey(text) else {
      throw Refusal(401, "no_key", "a write key is needed, as Basic user or as Bearer token").beforeBody
    }
    let stored: StoredKey?
    do throws(AdapterFailure) {
      stored = try await keys.verify(key)
    } catch {
      throw Refusal(503, "store_unavailable", "keys cannot be checked now", retryAfter: 1).beforeBody
    }
    guard let stored else { throw Refusal(401, "bad_key", "the key is unknown, revoked or not this one").beforeBody }
    guard stored.scope != .read else { throw Refusal(403, "scope", "the key may only read").beforeBody }
    return stored
  }

  private static func keyText(_ header: String?) -> String? {
    guard let header, header.utf8.count <= 1024, let space = header.firstIndex(of: " ") else { return nil }
    let credentials = header[header.index(after: space)...]
    switch header[..<space].lowercased() {
    case "bearer": return String(credentials)
    case "basic":
      guard let decoded = base64Decode(String(credentials)) else { return nil }
      return String(decoding: decoded.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    default: return nil
    }
  }

  /// Reads the body and gives it to `work`; its bytes count against the budget until `work` has ended.
  ///
  /// Throws 413 over the body's bound, 408 when it comes too slowly, 415 for an encoding, 503 when too many bytes are
  /// held already: all before anything is enqueued.
  func withBody(
    of request: Request,
    _ work: (sending [UInt8]) async throws(Refusal) -> Response
  ) async throws(Refusal) -> Response {
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw Refusal(415, "encoding", "a body without content encoding is expected").beforeBody
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytesMax {
      throw tooLarge.beforeBody
    }
    var held = 0
    defer { budget.give(back: held) }
    let body = try await read(request, held: &held)
    return try await work(body)
  }

  private func read(_ request: Request, held: inout Int) async throws(Refusal) -> [UInt8] {
    let deadline = clock.now() + limits.bodyTime
    var body: [UInt8] = []
    do {
      for try await chunk in request.body {
        guard body.count + chunk.readableBytes <= limits.bodyBytesMax else { throw tooLarge }
        guard budget.take(chunk.readableBytes) else {
          throw Refusal(503, "busy", "too many bytes are in flight", retryAfter: 1)
        }
        held += chunk.readableBytes
        body.append(contentsOf: chunk.readableBytesView)
        guard clock.now() <= deadline else { throw Refusal(408, "slow", "the body came too slowly") }
      }
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(400, "body", "the body did not come whole")
    }
    return body
  }

  /// Reads a refused request's body away, within the bounds of bytes and time. A client that announced `Connection:
  /// close` writes it all before it reads the answer, and the server reads nothing more of such a connection.
  func discardBody(of request: Request) async {
    guard request.headers[.connection]?.lowercased() == "close" else { return }
    let deadline = clock.now() + limits.bodyTime
    var bytes = 0
    do {
      for try await chunk in request.body {
        bytes += chunk.readableBytes
        guard bytes <= limits.discardedBytesMax, clock.now() <= deadline else { return }
      }
    } catch {
      // The client is gone: nobody waits for the answer.
    }
  }

  private var tooLarge: Refusal {
    Refusal(413, "too_large", "a body has at most \(limits.bodyBytesMax) bytes")
  }
}

extension Refusal {
  /// What a sender is told of a failed write.
  init(_ failure: AdapterFailure) {
    if failure.code.hasSuffix("QUEUE_FULL") {
      self.init(429, "queue_full", "the queue to the broker is full", retryAfter: 1)
    } else {
      self.init(503, "unavailable", "events cannot be kept safe now; send them again", retryAfter: 2)
    }
  }

  init(_ failure: DecodeFailure) {
    self.init(
      failure.failureClass == .size ? 413 : 400,
      failure.failureClass.rawValue,
      "expected \(failure.expected), found \(failure.found)"
    )
  }
}
