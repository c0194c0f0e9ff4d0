import EventModel
import HTTPChannels
import Messaging
import PipelinePorts
import Testing

private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
private let newSecret = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
private let attemptedAt = Instant(milliseconds: 1_614_265_330_999)
private let loopback = AddressPolicy(allowed: [AddressBlock(text: "127.0.0.0/8")].compactMap { $0 })

private func message(touch: String = "shop/journey/recall/0/t/member/900", isReplay: Bool = false) -> OutgoingMessage {
  OutgoingMessage(
    tenant: "shop",
    touch: touch,
    body: Array(#"{"text":"好久不见"}"#.utf8),
    attemptedAt: attemptedAt,
    isReplay: isReplay
  )
}

private func configuration(_ url: String, secrets: [String] = [secret]) -> WebhookChannel.Configuration {
  var configuration = WebhookChannel.Configuration(url: url, secrets: secrets)
  configuration.allowsPlainHTTP = true
  configuration.addresses = loopback
  return configuration
}

/// One delivery on a pool of its own.
private func deliver(
  _ configuration: WebhookChannel.Configuration,
  _ message: OutgoingMessage = message()
) async throws -> DeliveryResult {
  let workers = BlockingWorkers(name: "test", threads: 1)
  let channel = try WebhookChannel(name: "hook", configuration: configuration, workers: workers)
  let result = await channel.deliver(message)
  await workers.close()
  return result
}

@Suite struct WebhookSignatureTests {
  @Test("The specification's example signs as its reference libraries have it")
  func vector() throws {
    let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    let body = Array(#"{"test": 2432232314}"#.utf8)
    for text in [secret, String(secret.dropFirst(6))] {
      let signature = try #require(WebhookSignature(secrets: [text]))
      #expect(signature.header(id: id, timestamp: 1_614_265_330, body: body) == expected)
      #expect(
        signature.verify(header: expected, id: id, timestamp: "1614265330", body: body, now: attemptedAt)
      )
    }
    let both = try #require(WebhookSignature(secrets: [newSecret, secret]))
    let header = both.header(id: id, timestamp: 1_614_265_330, body: body)
    #expect(header.split(separator: " ").count == 2 && header.hasSuffix(expected))
  }

  @Test("A reader refuses a wrong signature, id, body, version, and a timestamp more than five minutes off")
  func refused() throws {
    let signature = try #require(WebhookSignature(secrets: [secret]))
    let body = Array("{}".utf8)
    let header = signature.header(id: "a", timestamp: 1_614_265_330, body: body)
    func reads(
      _ header: String,
      id: String = "a",
      at timestamp: String = "1614265330",
      body: [UInt8] = Array("{}".utf8),
      late: TimeSpan = .seconds(0)
    ) -> Bool {
      let now = Instant(milliseconds: 1_614_265_330_000) + late
      return signature.verify(header: header, id: id, timestamp: timestamp, body: body, now: now)
    }
    #expect(reads(header) && reads("v1,AAAA v2,BBBB \(header)"))
    #expect(reads(header, late: .minutes(5)) && reads(header, late: .minutes(-5)))
    #expect(!reads(header, late: TimeSpan(milliseconds: 300_001)))
    #expect(!reads(header, late: TimeSpan(milliseconds: -300_001)))
    #expect(!reads("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="))
    #expect(!reads(header.replacing("v1,", with: "v2,")) && !reads(""))
    #expect(!reads(header, id: "b") && !reads(header, body: Array("[]".utf8)))
    for timestamp in ["", "x", "1614265331", "-1", "9223372036854775807"] { #expect(!reads(header, at: timestamp)) }
  }

  @Test("Secrets that are not base64 of 24 to 64 bytes are refused")
  func secrets() {
    for bad in ["", "whsec_", "whsec_QUJD", "whsec_!!!!", "whsec_" + String(repeating: "QUJD", count: 22)] {
      #expect(WebhookSignature(secrets: [bad]) == nil, "\(bad)")
    }
    #expect(WebhookSignature(secrets: Array(repeating: secret, count: 9)) == nil)
    #expect(WebhookSignature(secrets: [])?.isEmpty == true)
  }
}

@Suite struct AddressPolicyTests {
  @Test("Only public unicast addresses are admitted")
  func addresses() throws {
    let refused = [
      "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "100.127.255.255", "127.0.0.1", "127.255.255.255",
      "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1",
      "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::",
      "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
      "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
    ]
    let admitted = [
      "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
      "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111",
      "2001:4860:4860::8888",
    ]
    for text in refused { #expect(!AddressPolicy().admits(try #require(NetworkAddress(text: text))), "\(text)") }
    for text in admitted { #expect(AddressPolicy().admits(try #require(NetworkAddress(text: text))), "\(text)") }
  }

  @Test("An allowed block admits its addresses and no others")
  func blocks() throws {
    let policy = AddressPolicy(allowed: ["10.20.0.0/15", "::1/128"].compactMap(AddressBlock.init(text:)))
    for (text, admits) in [
      ("10.20.0.0", true), ("10.21.255.255", true), ("10.22.0.0", false), ("10.19.255.255", false), ("::1", true),
      ("::2", false), ("127.0.0.1", false),
    ] {
      #expect(policy.admits(try #require(NetworkAddress(text: text))) == admits, "\(text)")
    }
    for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "host"] {
      #expect(AddressBlock(text: bad) == nil, "\(bad)")
    }
  }
}

@Suite struct WebhookChannelTests {
  @Test("The receiver gets the body unchanged under the touch's id, with a signature of each secret")
  func delivers() async throws {
    let server = try LocalServer { _, _ in .status(204) }
    defer { server.close() }
    #expect(try await deliver(configuration(server.url, secrets: [newSecret, secret])) == .sent)
    let request = try #require(server.requests.first)
    #expect(request.line == "POST /hook HTTP/1.1" && request.body == message().body)
    #expect(request.headers["webhook-id"] == message().touch)
    #expect(request.headers["webhook-timestamp"] == "1614265330")
    #expect(request.headers["content-type"] == "application/json" && request.headers["expect"] == nil)
    for one in [secret, newSecret] {
      let reader = try #require(WebhookSignature(secrets: [one]))
      #expect(
        reader.verify(
          header: request.headers["webhook-signature"] ?? "",
          id: request.headers["webhook-id"] ?? "",
          timestamp: request.headers["webhook-timestamp"] ?? "",
          body: request.body,
          now: attemptedAt
        )
      )
    }
  }

  @Test("Without a secret the message goes unsigned")
  func unsigned() async throws {
    let server = try LocalServer { _, _ in .status(200) }
    defer { server.close() }
    #expect(try await deliver(configuration(server.url, secrets: [])) == .sent)
    #expect(server.requests.first?.headers["webhook-signature"] == nil)
  }

  @Test("Each status comes back as its class, with the pause the receiver asked for")
  func statuses() async throws {
    let cases: [(LocalServer.Answer, DeliveryResult)] = [
      (.status(200), .sent), (.status(410), .disabled(reason: "http 410")),
      (.status(404), .permanent(reason: "http 404")),
      (.status(503), .retriable(reason: "http 503", retryAfter: nil)),
      (.status(429, headers: ["retry-after: 7"]), .retriable(reason: "http 429", retryAfter: .seconds(7))),
      (.hangUp, .retriable(reason: "connection broke", retryAfter: nil)),
    ]
    for (answer, result) in cases {
      let server = try LocalServer { _, _ in answer }
      defer { server.close() }
      #expect(try await deliver(configuration(server.url)) == result)
      #expect(server.connections == 1)
    }
  }

  @Test("A redirect is refused and its target never visited")
  func redirect() async throws {
    let other = try LocalServer { _, _ in .status(200) }
    let target = other.url
    let server = try LocalServer { _, _ in .status(302, headers: ["location: \(target)"]) }
    defer {
      server.close()
      other.close()
    }
    #expect(try await deliver(configuration(server.url)) == .permanent(reason: "redirect 302 refused"))
    #expect(server.connections == 1 && other.connections == 0)
  }

  @Test("A private address is refused however it is written, and no connection is made")
  func privateAddress() async throws {
    let server = try LocalServer { _, _ in .status(200) }
    defer { server.close() }
    let hosts = [
      "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "[::1]", "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]", "[::127.0.0.1]", "169.254.169.254", "127.0.0.1.",
    ]
    for host in hosts {
      var refusing = configuration("http://\(host):\(server.port)/hook")
      refusing.addresses = AddressPolicy()
      let result = try await deliver(refusing)
      #expect(
        result == .permanent(reason: "address refused")
          || (host.hasSuffix(".") && result == .retriable(reason: "unknown host", retryAfter: nil)),
        "\(host)"
      )
    }
    #expect(server.connections == 0)
  }

  @Test("A receiver that says nothing is given up in time: tried again where it knows repetitions, else unknown")
  func timeout() async throws {
    let server = try LocalServer { _, _ in .silence }
    defer { server.close() }
    for idempotent in [true, false] {
      var hurried = configuration(server.url)
      hurried.timeout = TimeSpan(milliseconds: 150)
      hurried.isIdempotent = idempotent
      let expected: DeliveryResult =
        idempotent ? .retriable(reason: "timed out", retryAfter: nil) : .unknown(reason: "timed out")
      #expect(try await deliver(hurried) == expected)
    }
  }

  @Test("Where nothing listens nothing was sent: tried again also without idempotence")
  func nothingListens() async throws {
    let server = try LocalServer { _, _ in .status(200) }
    server.close()
    var careful = configuration(server.url)
    careful.isIdempotent = false
    #expect(try await deliver(careful) == .retriable(reason: "connection refused", retryAfter: nil))
  }

  @Test("A response past the bound is cut off, its status counts")
  func longResponse() async throws {
    let server = try LocalServer { _, _ in .status(200, bodyBytes: 4_000_000) }
    defer { server.close() }
    #expect(try await deliver(configuration(server.url)) == .sent)
  }

  @Test("A delivery retried by its state reaches the receiver with the same id and body each time")
  func retries() async throws {
    let server = try LocalServer { number, _ in number < 2 ? .status(503) : .status(200) }
    defer { server.close() }
    let workers = BlockingWorkers(name: "test", threads: 1)
    let channel = try WebhookChannel(name: "hook", configuration: configuration(server.url), workers: workers)
    var state = try #require(
      DeliveryState(
        touch: message().touch,
        channel: "hook",
        isIdempotent: true,
        body: message().body,
        expiresAt: attemptedAt + .days(1),
        at: attemptedAt
      )
    )
    var clock = attemptedAt
    while !state.isSettled {
      switch state.begin(at: clock) {
      case .settled: break
      case .wait(let until): clock = until
      case .attempt:
        var attempt = message()
        attempt.attemptedAt = clock
        switch await channel.deliver(attempt) {
        case .sent: state.finish(.sent, at: clock, jitter: 0)
        case .retriable(let reason, let pause):
          state.finish(.retriable(reason: reason, retryAfter: pause), at: clock, jitter: 0)
        default: state.finish(.permanent(reason: "unexpected"), at: clock, jitter: 0)
        }
      }
    }
    await workers.close()
    #expect(state.status == .sent && state.attempts == 3)
    #expect(server.requests.map(\.body) == Array(repeating: message().body, count: 3))
    #expect(Set(server.requests.compactMap { $0.headers["webhook-id"] }) == [message().touch])
    #expect(
      server.requests.compactMap { $0.headers["webhook-timestamp"] } == ["1614265330", "1614265335", "1614265635"]
    )
  }

  @Test("As many attempts run at once as there are workers, and no more")
  func concurrency() async throws {
    let holder = ServerHolder()
    let server = try LocalServer { _, _ in
      holder.server?.waitForOpen(2)
      return .status(200)
    }
    holder.server = server
    defer { server.close() }
    let workers = BlockingWorkers(name: "test", threads: 2)
    let channel = try WebhookChannel(name: "hook", configuration: configuration(server.url), workers: workers)
    await withTaskGroup(of: DeliveryResult.self) { group in
      for number in 0..<6 { group.addTask { await channel.deliver(message(touch: "t\(number)")) } }
      for await result in group { #expect(result == .sent) }
    }
    await workers.close()
    #expect(server.connectionsAtOnceMax == 2 && server.requests.count == 6)
    #expect(await channel.deliver(message()) == .retriable(reason: "too many attempts waiting", retryAfter: nil))
  }

  @Test("Replayed touches and ids that are no header text are refused unsent")
  func refusedMessages() async throws {
    let server = try LocalServer { _, _ in .status(200) }
    defer { server.close() }
    #expect(
      try await deliver(configuration(server.url), message(isReplay: true)) == .permanent(reason: "replay refused")
    )
    for touch in ["", "a\r\nx: y", "a b", "a.b", "好", String(repeating: "a", count: 2049)] {
      #expect(
        try await deliver(configuration(server.url), message(touch: touch)) == .permanent(reason: "touch id refused")
      )
    }
    #expect(server.connections == 0)
  }

  @Test("URLs that are not https without user, and secrets that are none, are refused at the start")
  func configurations() async {
    let workers = BlockingWorkers(name: "test", threads: 1)
    func code(_ url: String, _ secrets: [String] = []) -> String? {
      do throws(AdapterFailure) {
        _ = try WebhookChannel(
          name: "hook",
          configuration: WebhookChannel.Configuration(url: url, secrets: secrets),
          workers: workers
        )
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code("https://example.com/hook", [secret]) == nil)
    #expect(code("http://example.com/hook") == "SCHEME")
    for bad in [
      "", "example.com", "https://", "https://user:pw@example.com/", "https://user@example.com/", "ftp://a/b",
      "file:///etc/passwd", "https://a b/", "https://[fe80::1%25eth0]/", "https://example.com:99999/",
    ] {
      #expect(code(bad) == "URL", "\(bad)")
    }
    #expect(code("https://example.com/hook", ["nonsense"]) == "SECRET")
    await workers.close()
  }
}

/// Lets a server's answer look at the server. Written once before the first request.
private final class ServerHolder: @unchecked Sendable {
  var server: LocalServer?
}
