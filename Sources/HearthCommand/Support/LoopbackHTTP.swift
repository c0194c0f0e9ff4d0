import Foundation

/// A plain HTTP/1.1 client for the services of this machine: health checks and imports.
package enum LoopbackHTTP {
  package struct Response: Sendable {
    package var status: Int
    package var headers: [String: String]
    package var body: [UInt8]
  }

  package struct Failure: Error, CustomStringConvertible, Sendable {
    package var description: String
  }

  /// Bytes of an answer that are read.
  package static let answerBytesMax = 16 << 20

  /// Sends one request and reads the whole answer; blocks the calling thread up to `timeoutSeconds` a step.
  package static func send(
    host: String,
    port: Int,
    method: String,
    path: String,
    headers: [(String, String)] = [],
    body: [UInt8] = [],
    timeoutSeconds: Int = 30
  ) throws(Failure) -> Response {
    let socket = try connect(host: host, port: port, timeoutSeconds: timeoutSeconds)
    defer { close(socket) }
    var request = "\(method) \(path) HTTP/1.1\r\nhost: \(host):\(port)\r\nconnection: close\r\n"
    request += "content-length: \(body.count)\r\n"
    for (name, value) in headers { request += "\(name): \(value)\r\n" }
    try write(Array((request + "\r\n").utf8) + body, to: socket)
    return try parse(try readAll(from: socket))
  }

  private static func connect(host: String, port: Int, timeoutSeconds: Int) throws(Failure) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else {
      throw Failure(description: "no address for \(host)")
    }
    defer { freeaddrinfo(found) }
    var candidate: UnsafeMutablePointer<addrinfo>? = found
    while let address = candidate {
      let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
      if descriptor >= 0 {
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if Foundation.connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
          return descriptor
        }
        close(descriptor)
      }
      candidate = address.pointee.ai_next
    }
    throw Failure(description: "nothing listens on \(host):\(port)")
  }

  private static func write(_ bytes: [UInt8], to socket: Int32) throws(Failure) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.send(socket, buffer.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(description: "the connection broke while sending") }
      sent += count
    }
  }

  private static func readAll(from socket: Int32) throws(Failure) -> [UInt8] {
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count >= 0 else { throw Failure(description: "no answer in time") }
      if count == 0 { return answer }
      answer.append(contentsOf: buffer[0..<count])
      guard answer.count <= answerBytesMax else { throw Failure(description: "the answer is too large") }
    }
  }

  /// A whole answer, read to the connection's end. Throws for what is not HTTP, and for a body that ended early.
  package static func parse(_ bytes: [UInt8]) throws(Failure) -> Response {
    let separator = Array("\r\n\r\n".utf8)
    guard let end = bytes.firstRange(of: separator) else { throw Failure(description: "the answer is not HTTP") }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, let status = Int(words[1]) else { throw Failure(description: "the answer is not HTTP") }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let body = Array(bytes[end.upperBound...])
    let isChunked = headers["transfer-encoding"]?.lowercased() == "chunked"
    if !isChunked, let length = headers["content-length"].flatMap(Int.init), body.count < length {
      throw Failure(description: "the answer ended early")
    }
    return Response(status: status, headers: headers, body: isChunked ? try unchunked(body) : body)
  }

  private static func unchunked(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
    var body: [UInt8] = []
    var rest = bytes[...]
    while let lineEnd = rest.firstRange(of: Array("\r\n".utf8)) {
      let size = String(decoding: rest[..<lineEnd.lowerBound].prefix { $0 != 59 }, as: UTF8.self)
      guard let count = Int(size, radix: 16), (0...answerBytesMax).contains(count) else {
        throw Failure(description: "the answer's chunks are broken")
      }
      if count == 0 { return body }
      rest = rest[lineEnd.upperBound...]
      guard rest.count >= count + 2 else { break }
      body.append(contentsOf: rest.prefix(count))
      rest = rest.dropFirst(count + 2)
    }
    throw Failure(description: "the answer ended early")
  }
}
