import EventModel
import Hummingbird
import PipelinePorts

/// `POST /v1/events` and the import routes, on any router.
package struct IngestAPI: Sendable {
  private let gate: Gate
  private let acceptance: BatchAcceptance
  private let imports: ImportSessions?
  private let observer: any IngestObserver

  /// Without `imports` there are no import routes.
  package init(
    gate: Gate,
    acceptance: BatchAcceptance,
    imports: ImportSessions? = nil,
    observer: any IngestObserver = SilentObserver()
  ) {
    self.gate = gate
    self.acceptance = acceptance
    self.imports = imports
    self.observer = observer
  }

  /// Adds `POST /v1/events`, `GET /v1/key` and, with imports, `POST /v1/imports`, `…/:id/events` and `…/:id/finish`.
  package func addRoutes(to router: Router<BasicRequestContext>) {
    router.post("/v1/events") { request, _ in
      await self.answer(request) { () async throws(Refusal) in try await self.events(request) }
    }
    router.get("/v1/key") { request, _ in
      await self.answer(request) { () async throws(Refusal) in try await self.key(request) }
    }
    guard let imports else { return }
    let routes = ImportRoutes(gate: gate, sessions: imports)
    router.post("/v1/imports") { request, _ in
      await self.answer(request) { () async throws(Refusal) in try await routes.open(request) }
    }
    router.post("/v1/imports/:id/events") { request, context in
      await self.answer(request) { () async throws(Refusal) in
        try await routes.events(request, id: context.parameters.get("id") ?? "")
      }
    }
    router.post("/v1/imports/:id/finish") { request, context in
      await self.answer(request) { () async throws(Refusal) in
        try await routes.finish(request, id: context.parameters.get("id") ?? "")
      }
    }
  }

  private func answer(_ request: Request, _ work: () async throws(Refusal) -> Response) async -> Response {
    do throws(Refusal) {
      return try await work()
    } catch {
      observer.refused(status: error.status, code: error.code)
      if error.bodyIsUnread { await gate.discardBody(of: request) }
      return error.response
    }
  }

  /// Whose key it is: `{"scope","tenant"}`.
  private func key(_ request: Request) async throws(Refusal) -> Response {
    let key = try await gate.key(of: request)
    return jsonResponse(
      200,
      .object([
        .init(name: "scope", value: .string(key.scope.rawValue)), .init(name: "tenant", value: .string(key.tenant)),
      ])
    )
  }

  private func events(_ request: Request) async throws(Refusal) -> Response {
    let key = try await gate.key(of: request)
    let form = try Self.form(request.headers[.contentType])
    return try await gate.withBody(of: request) { (body) async throws(Refusal) in
      let items = try Self.items(body, form, gate.limits)
      let now = gate.clock.now()
      do throws(AdapterFailure) {
        let outcome = try await acceptance.accept(body, items: items, tenant: key.tenant, receivedAt: now, now: now)
        return jsonResponse(200, outcome.value())
      } catch {
        throw Refusal(error)
      }
    }
  }

  static func items(_ body: [UInt8], _ form: BatchForm, _ limits: IngestLimits) throws(Refusal) -> [Range<Int>] {
    let items: [Range<Int>]
    do throws(DecodeFailure) {
      items = try form.items(of: body, itemsMax: limits.eventsMax)
    } catch {
      throw Refusal(error)
    }
    guard !items.isEmpty, !body.isEmpty else { throw Refusal(400, "empty", "at least one event is expected") }
    return items
  }

  private static func form(_ header: String?) throws(Refusal) -> BatchForm {
    let type = (header ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    switch type {
    case "application/json", "application/cloudevents-batch+json": return .array
    case "application/x-ndjson", "application/ndjson": return .lines
    case "application/cloudevents+json": return .single
    default:
      throw Refusal(
        415,
        "content_type",
        "expected application/json, application/cloudevents-batch+json, application/cloudevents+json or "
          + "application/x-ndjson"
      ).beforeBody
    }
  }
}
