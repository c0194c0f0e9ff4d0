import Glibc

/// An IPv4 or IPv6 address.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16 bytes, the highest first.
  package let bytes: [UInt8]

  /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, also for short and octal forms.
  package init?(text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = withUnsafeBytes(of: four) { Array($0) }
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      bytes = withUnsafeBytes(of: six) { Array($0) }
    } else {
      return nil
    }
  }

  /// The address of a socket address; nil for families other than IPv4 and IPv6. `pointer` must point to a whole
  /// `sockaddr_in` or `sockaddr_in6` as its family says.
  init?(_ pointer: UnsafePointer<sockaddr>) {
    let raw = UnsafeRawPointer(pointer)
    switch Int32(pointer.pointee.sa_family) {
    case AF_INET:
      let address = raw.loadUnaligned(as: sockaddr_in.self)
      bytes = withUnsafeBytes(of: address.sin_addr) { Array($0) }
    case AF_INET6:
      let address = raw.loadUnaligned(as: sockaddr_in6.self)
      bytes = withUnsafeBytes(of: address.sin6_addr) { Array($0) }
    default: return nil
    }
  }

  package var description: String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A block of addresses: `10.0.0.0/8`.
package struct AddressBlock: Hashable, Sendable {
  private let prefix: [UInt8]
  private let bits: Int

  /// Reads `ADDRESS/BITS`, or an address alone for itself.
  package init?(text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let address = NetworkAddress(text: String(parts[0])) else { return nil }
    let all = address.bytes.count * 8
    guard let bits = parts.count == 2 ? Int(parts[1]) : all, (0...all).contains(bits) else { return nil }
    prefix = address.bytes
    self.bits = bits
  }

  package func contains(_ address: NetworkAddress) -> Bool {
    guard address.bytes.count == prefix.count else { return false }
    for (index, pair) in zip(address.bytes, prefix).enumerated() {
      let left = bits - index * 8
      guard left > 0 else { return true }
      let mask: UInt8 = left >= 8 ? 0xFF : ~(0xFF >> UInt8(left))
      guard pair.0 & mask == pair.1 & mask else { return false }
    }
    return true
  }
}

/// Which addresses may be connected to.
package struct AddressPolicy: Sendable {
  /// Exceptions: blocks allowed although they are not public, for a receiver in the own network.
  package var allowed: [AddressBlock]

  package init(allowed: [AddressBlock] = []) { self.allowed = allowed }

  /// Whether `address` is a public unicast one or lies in an allowed block.
  package func admits(_ address: NetworkAddress) -> Bool {
    if allowed.contains(where: { $0.contains(address) }) { return true }
    if address.bytes.count == 4 { return !Self.refusedFour.contains { $0.contains(address) } }
    return Self.publicSix.contains { $0.contains(address) } && !Self.refusedSix.contains { $0.contains(address) }
  }

  /// IANA IPv4 Special-Purpose Address Registry, multicast and reserved; 168.63.129.16 is a cloud's host service, the
  /// others' metadata addresses lie in the link-local and shared blocks.
  private static let refusedFour = blocks([
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3",
  ])

  /// Global unicast (RFC 4291); leaves out loopback, link-local, unique-local, multicast, and the forms that hold an
  /// IPv4 address (v4-mapped, v4-compatible, 64:ff9b::/96).
  private static let publicSix = blocks(["2000::/3"])

  /// IANA IPv6 Special-Purpose Address Registry within 2000::/3: protocol assignments with Teredo, documentation, 6to4.
  private static let refusedSix = blocks(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

  private static func blocks(_ texts: [String]) -> [AddressBlock] { texts.compactMap(AddressBlock.init(text:)) }
}
