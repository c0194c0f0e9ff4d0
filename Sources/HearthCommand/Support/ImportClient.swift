import Digests
import EventModel
import IngestService

/// The import routes of ingest.
struct ImportClient {
  private let ingest: IngestClient

  init(address: (host: String, port: Int), key: String) {
    ingest = IngestClient(
      host: address.host,
      port: address.port,
      key: key,
      what: "import",
      whenAway: "start it, then run the same import again: it goes on where it stopped"
    )
  }

  /// The tenant of the key.
  func tenant() throws -> String { try ingest.tenant() }

  /// Rows that are done; nil when the import is finished.
  func open(_ identity: ImportIdentity, total: Int, first: Instant, last: Instant) throws -> Int? {
    let body = Value.object([
      .init("files_sha256", .string(hexadecimal(identity.filesDigest))), .init("first_time", .time(first)),
      .init("id", .string(identity.id)), .init("last_time", .time(last)),
      .init("mapping_sha256", .string(hexadecimal(identity.mappingDigest))), .init("total", .whole(Int64(total))),
    ])
    let answer = try ingest.exchange("POST", "/v1/imports", body: body.canonicalJSON, type: "application/json")
    if answer["state"] == .string("finished") { return nil }
    return IngestClient.whole(answer["done"])
  }

  /// Rows done, and why events of this batch were refused.
  func send(_ identity: ImportIdentity, body: [UInt8], row: Int) throws -> (done: Int, refused: [String]) {
    let answer = try ingest.exchange("POST", "/v1/imports/\(identity.id)/events?row=\(row)", body: body)
    return (IngestClient.whole(answer["done"]) ?? row, IngestClient.refusals(in: answer))
  }

  func finish(_ identity: ImportIdentity, until: Instant?) throws {
    let body = until.map { Value.object([.init("until", .time($0))]).canonicalJSON } ?? []
    _ = try ingest.exchange("POST", "/v1/imports/\(identity.id)/finish", body: body, type: "application/json")
  }
}
