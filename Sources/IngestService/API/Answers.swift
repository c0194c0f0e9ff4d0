import EventCodec
import EventModel
import Hummingbird
import NIOCore

/// A whole request refused: status, and JSON with `code` and `message`.
package struct Refusal: Error, Hashable, Sendable {
  /// HTTP status.
  package var status: Int
  /// Stable word for programs.
  package var code: String
  /// For people.
  package var message: String
  /// Seconds after which the same request may succeed.
  package var retryAfter: Int?
  /// The request's body was not touched, so that it may be read away.
  private(set) var bodyIsUnread = false

  package init(_ status: Int, _ code: String, _ message: String, retryAfter: Int? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.retryAfter = retryAfter
  }

  /// The same, thrown before the request's body was touched.
  var beforeBody: Refusal {
    var refusal = self
    refusal.bodyIsUnread = true
    return refusal
  }

  var response: Response {
    let body = Value.object([
      .init(name: "code", value: .string(code)), .init(name: "message", value: .string(message)),
    ])
    var response = jsonResponse(status, body)
    if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
    if status == 401 { response.headers[.wwwAuthenticate] = #"Basic realm="hearth""# }
    return response
  }
}

/// Compact JSON with its length.
func jsonResponse(_ status: Int, _ body: Value) -> Response {
  var bytes: [UInt8] = []
  JSONWriter.write(body, to: &bytes)
  return jsonResponse(status, bytes)
}

func jsonResponse(_ status: Int, _ bytes: [UInt8]) -> Response {
  var buffer = ByteBuffer()
  buffer.writeBytes(bytes)
  return Response(
    status: .init(code: status),
    headers: [.contentType: "application/json"],
    body: .init(byteBuffer: buffer)
  )
}

extension BatchOutcome {
  /// `{"accepted":n,"items":[{"id","status"} or {"class","id","message","path","status"}],"rejected":m}`, items in the
  /// order of the request; `onlyRejected` leaves out the accepted ones and numbers the others by `index`.
  func value(onlyRejected: Bool = false, extra: [Value.Member] = []) -> Value {
    var answers: [Value] = []
    for (index, item) in items.enumerated() where !onlyRejected || item.failure != nil {
      answers.append(answer(item, index: onlyRejected ? index : nil))
    }
    return .object(
      extra + [
        .init(name: "accepted", value: whole(accepted)), .init(name: "items", value: .list(answers)),
        .init(name: "rejected", value: whole(rejected)),
      ]
    )
  }

  private func answer(_ item: Item, index: Int?) -> Value {
    var members: [Value.Member] = [.init(name: "id", value: item.id.map { .string($0) } ?? .null)]
    members.append(.init(name: "status", value: .string(item.failure == nil ? "accepted" : "rejected")))
    if let index { members.append(.init(name: "index", value: whole(index))) }
    if let failure = item.failure {
      members.append(.init(name: "class", value: .string(failure.failureClass.rawValue)))
      members.append(.init(name: "path", value: .string(failure.path)))
      members.append(.init(name: "message", value: .string("expected \(failure.expected), found \(failure.found)")))
    }
    return .object(members)
  }
}

func whole(_ number: some BinaryInteger) -> Value { FixedDecimal(Int(number)).map { .number($0) } ?? .null }
