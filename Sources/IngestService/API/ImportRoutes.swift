import EventCodec
import EventModel
import Hummingbird
import PipelinePorts

/// The HTTP face of imports.
struct ImportRoutes: Sendable {
  let gate: Gate
  let sessions: ImportSessions

  /// `{"id","files_sha256","mapping_sha256","total","first_time","last_time"}` → `{"done","id","state","total"}`.
  func open(_ request: Request) async throws(Refusal) -> Response {
    let key = try await gate.key(of: request)
    return try await gate.withBody(of: request) { (body) async throws(Refusal) in
      let fields = try ImportFields(body)
      let record = try await sessions.open(
        ImportRecord(
          tenant: key.tenant,
          id: try fields.identifier("id"),
          filesDigest: try fields.digest("files_sha256"),
          mappingDigest: try fields.digest("mapping_sha256"),
          total: try fields.count("total"),
          firstTime: try fields.time("first_time"),
          lastTime: try fields.time("last_time")
        )
      )
      let state = record.finished ? "finished" : record.done > 0 ? "resumable" : "new"
      return jsonResponse(200, Self.answer(record, state: state))
    }
  }

  /// NDJSON, sorted by time; `?row=N` is the number of events sent before.
  func events(_ request: Request, id: String) async throws(Refusal) -> Response {
    let key = try await gate.key(of: request)
    guard let row = request.uri.queryParameters["row"].flatMap({ Int64($0) }), row >= 0 else {
      throw Refusal(400, "row", "?row=N is expected: the number of events sent before").beforeBody
    }
    return try await gate.withBody(of: request) { (body) async throws(Refusal) in
      let items = try IngestAPI.items(body, .lines, gate.limits)
      let (outcome, done) = try await sessions.take(body, items: items, tenant: key.tenant, id: id, row: row)
      return jsonResponse(
        200,
        outcome.value(onlyRejected: true, extra: [.init(name: "done", value: whole(done))])
      )
    }
  }

  /// `{"until": TIME}` or nothing → `{"done","id","state":"finished","total"}`.
  func finish(_ request: Request, id: String) async throws(Refusal) -> Response {
    let key = try await gate.key(of: request)
    return try await gate.withBody(of: request) { (body) async throws(Refusal) in
      let until: Instant? = body.isEmpty ? nil : try ImportFields(body).optionalTime("until")
      let record = try await sessions.finish(tenant: key.tenant, id: id, until: until)
      return jsonResponse(200, Self.answer(record, state: "finished"))
    }
  }

  private static func answer(_ record: ImportRecord, state: String) -> Value {
    .object([
      .init(name: "done", value: whole(record.done)), .init(name: "id", value: .string(record.id)),
      .init(name: "state", value: .string(state)), .init(name: "total", value: whole(record.total)),
    ])
  }
}
