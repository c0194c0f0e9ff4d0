import Foundation

/// `POST /v1/events` of an ingest that is reached by plain HTTP.
struct EventClient {
  private let ingest: IngestClient

  /// Events of one request, as ingest bounds them.
  static let eventsMax = 2500

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
    ingest = IngestClient(
      host: host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host,
      port: port,
      key: key,
      what: "events",
      whenAway: "hearth up"
    )
  }

  /// The tenant of the key.
  func tenant() throws -> String { try ingest.tenant() }

  /// Sends lines of events; says how many were taken and why each of the others was not.
  func send(_ lines: [UInt8]) throws -> (accepted: Int, refused: [String]) {
    let answer = try ingest.exchange("POST", "/v1/events", body: lines)
    return (IngestClient.whole(answer["accepted"]) ?? 0, IngestClient.refusals(in: answer))
  }
}
