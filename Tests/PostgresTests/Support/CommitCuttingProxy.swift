import Foundation
import Synchronization

/// Listens on a loopback port, passes bytes between clients and a server's Unix socket, and cuts the first connection
/// that commits. Later connections pass untouched.
final class CommitCuttingProxy: Sendable {
  enum Cut: Sendable {
    /// The COMMIT never reaches the server.
    case beforeCommit
    /// The server commits; its answer never reaches the client.
    case beforeAnswer
  }

  let port: UInt16
  private let listener: Int32
  private let serverPath: String
  private let cut: Cut
  private let hasCut = Mutex(false)

  var wasCut: Bool { hasCut.withLock { $0 } }

  /// - Parameter serverPath: the server's Unix socket.
  init(serverPath: String, cut: Cut) {
    self.serverPath = serverPath
    self.cut = cut
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = bind(listener, pointer, length)
        _ = listen(listener, 8)
        _ = getsockname(listener, pointer, &length)
      }
    }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
  }

  /// Serves until the listener is shut down, one client after another, each on a thread of its own.
  func start() {
    Thread.detachNewThread { [self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { break }
        Thread.detachNewThread { [self] in serve(client) }
      }
      close(listener)
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve(_ client: Int32) {
    let server = connectToServer()
    defer {
      close(client)
      close(server)
    }
    guard server >= 0 else { return }
    var isCommitting = false
    while true {
      var entries = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&entries, 2, 30_000) > 0 else { return }
      if entries[0].revents != 0 {
        guard let bytes = receive(client) else { return }
        if contains(bytes, "COMMIT"), !wasCut {
          isCommitting = true
          if cut == .beforeCommit {
            hasCut.withLock { $0 = true }
            return
          }
        }
        pass(bytes, to: server)
      }
      if entries[1].revents != 0 {
        guard let bytes = receive(server) else { return }
        if isCommitting, cut == .beforeAnswer, contains(bytes, "COMMIT\0") {
          hasCut.withLock { $0 = true }
          return
        }
        pass(bytes, to: client)
      }
    }
  }

  private func connectToServer() -> Int32 {
    let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: serverPath.utf8) }
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        connect(server, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else {
      close(server)
      return -1
    }
    return server
  }

  private func receive(_ socket: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer[..<count]) : nil
  }

  private func pass(_ bytes: [UInt8], to socket: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      sent += count
    }
  }

  private func contains(_ bytes: [UInt8], _ text: String) -> Bool { bytes.firstRange(of: Array(text.utf8)) != nil }
}
