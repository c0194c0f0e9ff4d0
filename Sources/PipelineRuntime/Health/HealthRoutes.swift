import Hummingbird

/// `/livez`, `/readyz` and `/metrics`, which every service serves.
package enum HealthRoutes {
  package static func add(
    to router: Router<BasicRequestContext>,
    health: Health,
    metrics: MetricsRegistry
  ) {
    router.get("livez") { _, _ in
      plain(health.isLive ? "ok\n" : "the loop does not turn\n", health.isLive ? .ok : .serviceUnavailable)
    }
    router.get("readyz") { _, _ in
      let missing = health.missing
      return missing.isEmpty
        ? plain("ok\n", .ok) : plain("missing: \(missing.joined(separator: ", "))\n", .serviceUnavailable)
    }
    router.get("metrics") { _, _ in
      plain(metrics.render(), .ok, type: "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  private static func plain(
    _ text: String,
    _ status: HTTPResponse.Status,
    type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}
