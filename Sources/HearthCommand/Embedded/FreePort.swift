import Foundation

/// Ports of the loopback address.
enum FreePort {
  static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  /// The first free port at or after `start` that is not in `except`.
  static func first(from start: Int, except: Set<Int> = []) -> Int {
    (start...65_535).first { !except.contains($0) && isFree($0) } ?? start
  }
}

/// An exclusive hold on a folder, given back when the process ends.
final class FolderLock: Sendable {
  private let descriptor: Int32

  init(path: String) throws(CommandFailure) {
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CommandFailure(.unreachable, "lock file cannot be made", at: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw CommandFailure(
        .unreachable,
        "another instance runs in this folder",
        at: path,
        next: "stop it, or hearth up --dir FOLDER"
      )
    }
  }

  deinit { close(descriptor) }
}
