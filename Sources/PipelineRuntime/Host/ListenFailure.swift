import Glibc
import NIOCore

/// The address of a service's health, metrics and API cannot be listened on.
package struct ListenFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    /// Another process listens there.
    case taken
    /// The user may not listen on this port.
    case forbidden
    /// The host is no address of this machine, or no name that can be resolved.
    case unknownAddress
  }

  package var kind: Kind
  /// `HOST:PORT` as configured.
  package var address: String

  package init(_ kind: Kind, address: String) {
    self.kind = kind
    self.address = address
  }

  package var description: String { "\(address) cannot be listened on: \(kind.rawValue)" }

  /// What a server's start threw; nil when it is about something else.
  init?(_ error: any Error, host: String, port: Int) {
    let kind: Kind
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE: kind = .taken
    case EACCES, EPERM: kind = .forbidden
    case EADDRNOTAVAIL: kind = .unknownAddress
    default:
      guard error is SocketAddressError else { return nil }
      kind = .unknownAddress
    }
    self.init(kind, address: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
  }
}
