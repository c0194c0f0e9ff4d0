import EventCodec
import EventModel
import Foundation

/// A client of ingest's routes: sends with a key, waits while ingest is busy, reads the JSON it answers.
struct IngestClient {
  let host: String
  let port: Int
  let key: String
  /// What is sent, as a refusal names it: `events`, `import`.
  let what: String
  /// What people should do where nothing answers.
  let whenAway: String

  /// Tries at a request while ingest is busy.
  private static let triesMax = 60
  /// Seconds that one step of a request may take: a large batch waits for the broker.
  private static let timeoutSeconds = 300

  /// The tenant of the key.
  func tenant() throws -> String {
    guard case .string(let tenant)? = try exchange("GET", "/v1/key", body: [])["tenant"] else {
      throw CommandFailure(.unreachable, "ingest does not say whose key it is", at: "\(host):\(port)")
    }
    return tenant
  }

  /// The answer of one request; throws for anything but a 200.
  func exchange(
    _ method: String,
    _ path: String,
    body: [UInt8],
    type: String = "application/x-ndjson"
  ) throws -> Value {
    for attempt in 1... {
      let answer: LoopbackHTTP.Response
      do {
        answer = try LoopbackHTTP.send(
          host: host,
          port: port,
          method: method,
          path: path,
          headers: [("authorization", "Bearer \(key)"), ("content-type", type)],
          body: body,
          timeoutSeconds: Self.timeoutSeconds
        )
      } catch {
        throw CommandFailure(
          .unreachable,
          "ingest does not answer",
          at: "\(host):\(port)",
          got: error.description,
          next: whenAway
        )
      }
      if answer.status == 200 { return try JSONReader.parse(answer.body) }
      // Ingest says how long it wants to be left alone.
      if [429, 503].contains(answer.status), attempt < Self.triesMax {
        Thread.sleep(forTimeInterval: Double(answer.headers["retry-after"] ?? "1") ?? 1)
        continue
      }
      throw refusal(answer)
    }
    throw CommandFailure(.unreachable, "ingest stays busy", at: "\(host):\(port)")
  }

  private func refusal(_ answer: LoopbackHTTP.Response) -> CommandFailure {
    var reason = "status \(answer.status)"
    if case .string(let message)? = (try? JSONReader.parse(answer.body))?["message"] { reason = message }
    return CommandFailure(
      answer.status == 409 ? .wouldLoseData : .invalidInput,
      "\(what) refused",
      at: "\(host):\(port)",
      got: reason
    )
  }

  /// Why items of a batch were refused, one reason each.
  static func refusals(in answer: Value) -> [String] {
    guard case .list(let items)? = answer["items"] else { return [] }
    return items.compactMap { item in
      guard case .string(let failureClass)? = item["class"] else { return nil }
      guard case .string(let path)? = item["path"], !path.isEmpty else { return failureClass }
      return "\(failureClass) at \(path)"
    }
  }

  /// A whole number of an answer.
  static func whole(_ value: Value?) -> Int? {
    guard case .number(let number)? = value else { return nil }
    return Int(number.millionths / FixedDecimal.scale)
  }
}
