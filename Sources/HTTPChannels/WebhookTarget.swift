import CCurl
import Glibc

/// A webhook's URL, taken apart by libcurl itself, so that what is checked is what is connected to.
struct WebhookTarget: Hashable, Sendable {
  /// Normalized.
  let url: String
  let scheme: String
  /// A name, or an address without brackets.
  let host: String
  let port: Int

  static let urlBytesMax = 2048

  /// nil for anything but an absolute http(s) URL without user, password and address zone.
  init?(_ text: String) {
    guard text.utf8.count <= Self.urlBytesMax, let handle = curl_url() else { return nil }
    defer { curl_url_cleanup(handle) }
    guard curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NO_DEFAULT_PORT)) == CURLUE_OK,
      Self.part(CURLUPART_USER, of: handle) == nil, Self.part(CURLUPART_PASSWORD, of: handle) == nil,
      let url = Self.part(CURLUPART_URL, of: handle), let scheme = Self.part(CURLUPART_SCHEME, of: handle),
      let host = Self.part(CURLUPART_HOST, of: handle), !host.isEmpty,
      Self.part(CURLUPART_ZONEID, of: handle) == nil,
      let portText = Self.part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT)), let port = Int(portText),
      ["http", "https"].contains(scheme)
    else { return nil }
    self.url = url
    self.scheme = scheme
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    self.port = port
  }

  private static func part(_ part: CURLUPart, of handle: OpaquePointer, flags: UInt32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }

  enum Resolution: Hashable {
    case addresses([NetworkAddress])
    /// The resolver may know it later.
    case temporary
    case unknownHost
  }

  /// Every address of the host, as the system's resolver has them; blocks for as long as that takes.
  func resolve() -> Resolution {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else { return code == EAI_NONAME ? .unknownHost : .temporary }
    defer { freeaddrinfo(list) }
    var found: [NetworkAddress] = []
    var entry = list
    while let current = entry {
      if let socketAddress = current.pointee.ai_addr, let address = NetworkAddress(socketAddress),
        !found.contains(address)
      {
        found.append(address)
      }
      entry = current.pointee.ai_next
    }
    return .addresses(found)
  }

  /// For CURLOPT_RESOLVE: this host and port have this one address and no other. nil for a host that is an address,
  /// which libcurl does not look up (and, for IPv6, cannot read there).
  func pin(to address: NetworkAddress) -> String? {
    guard NetworkAddress(text: host) == nil else { return nil }
    return "\(host):\(port):\(address.bytes.count == 16 ? "[\(address)]" : "\(address)")"
  }
}
