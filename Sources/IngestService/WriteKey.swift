import Digests

/// A key as its holder has it: `hk_ID_SECRET`.
package struct WriteKey: Sendable {
  /// Bytes of the id.
  package static let idBytes = 4...32
  /// At least 128 bits as hexadecimal or base64.
  package static let secretBytes = 22...128

  /// 4 to 32 of `a-z0-9`.
  package let id: String
  private let secret: String

  /// `nil` for text of another form.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "hk", Self.idBytes.contains(parts[1].utf8.count),
      Self.secretBytes.contains(parts[2].utf8.count),
      parts[1].utf8.allSatisfy({ ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) }),
      parts[2].utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else { return nil }
    self.id = String(parts[1])
    self.secret = String(parts[2])
  }

  /// A new key out of random bytes: at least 22, of which the first six become the id.
  package init?(random bytes: [UInt8]) {
    guard bytes.count >= 22 else { return nil }
    self.init("hk_\(hexadecimal(bytes.prefix(6)))_\(hexadecimal(bytes.dropFirst(6)))")
  }

  /// What the holder is given, once.
  package var text: String { "hk_\(id)_\(secret)" }

  /// What the store keeps.
  package var secretDigest: [UInt8] { sha256(Array(secret.utf8)) }

  /// Compares in a time that does not depend on where the digests differ.
  package func matches(_ stored: StoredKey) -> Bool { constantTimeEqual(secretDigest, stored.secretDigest) }
}
