import Foundation
import EventCodec
import EventModel
import Glibc
import Hummingbird
import IngestService
import Logging
import NIOCore
import PipelinePorts
import Testing

/// Everything of an ingest process on memory ports.
struct Ingest: Sendable {
  let clock = StandingClock("2026-03-05T10:00:01Z")
  let sink = MemorySink()
  let imports = MemoryImports()
  let observer = CountingObserver()
  let keys: MemoryKeys
  let key: WriteKey
  let api: IngestAPI

  init(
    limits: IngestLimits = IngestLimits(),
    schemas: (any EventSchemaCheck)? = nil,
    journal: (any BatchJournal)? = nil,
    scope: KeyScope = .write
  ) throws {
    key = try #require(WriteKey(random: Array(1...40)))
    keys = MemoryKeys([StoredKey(id: key.id, tenant: "mengbao", scope: scope, secretDigest: key.secretDigest)])
    let writer = DurableSink(sink: sink, journal: journal)
    let schemas = try schemas ?? EventCatalogue(files: [:], unknownTypes: .accept)
    let acceptance = BatchAcceptance(schemas: schemas, sink: writer, limits: limits, observer: observer)
    let gate = Gate(
      keys: KeyRing(store: keys, clock: clock, limits: limits),
      budget: InFlightBudget(bytesMax: limits.inFlightBytesMax),
      clock: clock,
      limits: limits
    )
    let sessions = ImportSessions(
      store: imports,
      acceptance: acceptance,
      sink: writer,
      clock: clock,
      partitions: [Topic.events: 3, Topic.communityEvents: 2]
    )
    api = IngestAPI(gate: gate, acceptance: acceptance, imports: sessions, observer: observer)
  }

  /// Runs the real server on a loopback port while `body` talks to it.
  func serve(_ body: @escaping @Sendable (LocalServer) async throws -> Void) async throws {
    let router = Router(context: BasicRequestContext.self)
    api.addRoutes(to: router)
    let (ports, port) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let application = Application(
      router: router,
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
      logger: logger
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      group.addTask {
        for await port in ports {
          try await body(LocalServer(port: port, key: key.text))
          break
        }
      }
      _ = try await group.next()
      group.cancelAll()
    }
  }
}

struct Answer: Sendable {
  var status: Int
  var head: String
  var body: String
}

/// A blocking client, one connection a request, on a thread of its own.
struct LocalServer: Sendable {
  let port: Int
  let key: String

  func post(
    _ body: String,
    to path: String = "/v1/events",
    type: String = "application/json",
    authorization: String? = nil,
    headers: [String] = []
  ) async throws -> Answer {
    try await post(bytes: Array(body.utf8), to: path, type: type, authorization: authorization, headers: headers)
  }

  func post(
    bytes: [UInt8],
    to path: String = "/v1/events",
    type: String = "application/json",
    authorization: String? = nil,
    headers: [String] = []
  ) async throws -> Answer {
    var lines = [
      "POST \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Type: \(type)",
      "Authorization: \(authorization ?? "Bearer \(key)")",
    ]
    if !headers.contains(where: { $0.hasPrefix("Transfer-Encoding") }) {
      lines.append("Content-Length: \(bytes.count)")
    }
    let head = (lines + headers).joined(separator: "\r\n") + "\r\n\r\n"
    return await send(Array(head.utf8) + bytes)
  }

  func send(_ request: [UInt8]) async -> Answer {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: self.exchange(request)) }
    }
  }

  private func exchange(_ request: [UInt8]) -> Answer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return Answer(status: 0, head: "", body: "no connection") }
    var done = 0
    while done < request.count {
      let count = request.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress.map { $0 + done }, request.count - done, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { break }
      done += count
    }
    return Self.parse(receiveAll(descriptor))
  }

  private func receiveAll(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { return all }
      all += buffer[..<count]
    }
  }

  private static func parse(_ bytes: [UInt8]) -> Answer {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return Answer(status: 0, head: text, body: "") }
    let head = String(text[..<end.lowerBound])
    let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return Answer(status: status, head: head.lowercased(), body: String(text[end.upperBound...]))
  }
}
