import EventCodec
import EventModel
import Foundation

/// `POST /v1/events` of an ingest that is reached by plain HTTP.
struct EventClient {
  private let host: String
  private let port: Int
  private let key: String

  /// Events of one request, as ingest bounds them.
  static let eventsMax = 2500
  /// Tries at a request while ingest is busy.
  private static let triesMax = 60

  /// `address` is `http://HOST:PORT`, an IPv6 host in brackets, with or without a slash at its end.
  init(address: String, key: String) throws(CommandFailure) {
    guard let parts = URLComponents(string: address), parts.scheme == "http", let host = parts.host, !host.isEmpty,
      let port = parts.port, ["", "/"].contains(parts.path), parts.query == nil, parts.user == nil
    else {
      throw CommandFailure(
        .usage,
        "address cannot be used",
        at: "--to",
        expected: "http://HOST:PORT",
        got: address,
        next: "give one like http://127.0.0.1:8080"
      )
    }
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    self.port = port
    self.key = key
  }

  /// The tenant of the key.
  func tenant() throws -> String {
    guard case .string(let tenant)? = try exchange("GET", "/v1/key", body: [])["tenant"] else {
      throw CommandFailure(.unreachable, "ingest does not say whose key it is", at: "\(host):\(port)")
    }
    return tenant
  }

  /// Sends lines of events; says how many were taken and why each of the others was not.
  func send(_ lines: [UInt8]) throws -> (accepted: Int, refused: [String]) {
    let answer = try exchange("POST", "/v1/events", body: lines)
    var refused: [String] = []
    if case .list(let items)? = answer["items"] {
      for item in items {
        guard case .string(let failureClass)? = item["class"] else { continue }
        var path = ""
        if case .string(let text)? = item["path"] { path = text }
        refused.append(path.isEmpty ? failureClass : "\(failureClass) at \(path)")
      }
    }
    guard case .number(let accepted)? = answer["accepted"] else { return (0, refused) }
    return (Int(accepted.millionths / FixedDecimal.scale), refused)
  }

  private func exchange(_ method: String, _ path: String, body: [UInt8]) throws -> Value {
    for attempt in 1... {
      let answer: LoopbackHTTP.Response
      do {
        answer = try LoopbackHTTP.send(
          host: host,
          port: port,
          method: method,
          path: path,
          headers: [("authorization", "Bearer \(key)"), ("content-type", "application/x-ndjson")],
          body: body
        )
      } catch {
        throw CommandFailure(
          .unreachable,
          "ingest does not answer",
          at: "\(host):\(port)",
          got: error.description,
          next: "hearth up"
        )
      }
      if answer.status == 200 { return try JSONReader.parse(answer.body) }
      // Ingest says how long it wants to be left alone.
      if [429, 503].contains(answer.status), attempt < Self.triesMax {
        Thread.sleep(forTimeInterval: Double(answer.headers["retry-after"] ?? "1") ?? 1)
        continue
      }
      let told = try? JSONReader.parse(answer.body)
      var reason = "status \(answer.status)"
      if case .string(let message)? = told?["message"] { reason = message }
      throw CommandFailure(.invalidInput, "events refused", at: "\(host):\(port)", got: reason)
    }
    throw CommandFailure(.unreachable, "ingest stays busy", at: "\(host):\(port)")
  }
}
