import Foundation
import Glibc

/// A small HTTP/1.1 server on the loopback, a thread a connection: it reads one request, answers and hangs up.
///
/// `@unchecked Sendable`: `condition` guards the records; the accepting thread, its connections' and the tests enter.
final class LocalServer: @unchecked Sendable {
  struct Request: Sendable {
    var line: String
    /// By lower-case name.
    var headers: [String: String]
    var body: [UInt8]
  }

  enum Answer: Sendable {
    case status(Int, headers: [String] = [], bodyBytes: Int = 0)
    /// Says nothing until the client goes away.
    case silence
    /// Hangs up after the request.
    case hangUp
  }

  let port: Int
  private let listener: Int32
  private let condition = NSCondition()
  private let answer: @Sendable (Int, Request) -> Answer
  private var isListening = true
  private var received: [Request] = []
  private var opened = 0
  private var open = 0
  private var openMax = 0

  /// - Parameter answer: given the number of the request (from 0) and the request.
  init(_ answer: @escaping @Sendable (Int, Request) -> Answer) throws {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard listener >= 0, isBound else { throw ServerDown() }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in accept() }
  }

  struct ServerDown: Error {}

  var url: String { "http://127.0.0.1:\(port)/hook" }
  var requests: [Request] { condition.withLock { received } }
  var connections: Int { condition.withLock { opened } }
  var connectionsAtOnceMax: Int { condition.withLock { openMax } }

  /// Returns when nothing listens any more.
  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    condition.withLock { while isListening { condition.wait() } }
  }

  /// Waits until so many connections are open at once, at most five seconds.
  func waitForOpen(_ count: Int) {
    condition.withLock {
      let limit = Date(timeIntervalSinceNow: 5)
      while openMax < count, condition.wait(until: limit) {}
    }
  }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      guard connection >= 0 else {
        // Only this thread closes it, for the number may be another's at once.
        Glibc.close(listener)
        condition.withLock {
          isListening = false
          condition.broadcast()
        }
        return
      }
      condition.withLock {
        opened += 1
        open += 1
        openMax = max(openMax, open)
        condition.broadcast()
      }
      Thread.detachNewThread { [self] in
        serve(connection)
        Glibc.close(connection)
      }
    }
  }

  private func serve(_ connection: Int32) {
    guard let request = read(connection) else {
      condition.withLock { open -= 1 }
      return
    }
    let number = condition.withLock {
      received.append(request)
      return received.count - 1
    }
    let answer = answer(number, request)
    // Before the client can know of the answer, so that its next connection never counts beside this one.
    condition.withLock { open -= 1 }
    switch answer {
    case .hangUp: return
    case .silence:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
    case .status(let status, let headers, let bodyBytes):
      let lines = ["HTTP/1.1 \(status) X", "content-length: \(bodyBytes)", "connection: close"] + headers
      let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + [UInt8](repeating: 97, count: bodyBytes)
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
          send(connection, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return }
        sent += count
      }
    }
  }

  private func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let end = Array("\r\n\r\n".utf8)
    var head: Int?
    var length = 0
    while true {
      if let head, bytes.count >= head + length { break }
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      bytes += chunk[..<count]
      guard head == nil, let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { continue }
      head = split + 4
      length = headers(bytes[..<split]).fields["content-length"].flatMap { Int($0) } ?? 0
    }
    guard let head else { return nil }
    let (line, fields) = headers(bytes[..<(head - 4)])
    return Request(line: line, headers: fields, body: Array(bytes[head..<(head + length)]))
  }

  private func headers(_ bytes: ArraySlice<UInt8>) -> (line: String, fields: [String: String]) {
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    return (lines.first ?? "", fields)
  }
}
