import COpenSSL

/// SHA-256 (FIPS 180-4) of `bytes`: 32 bytes.
package func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
  let message = Array(bytes)
  return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
    let written = message.withUnsafeBufferPointer { SHA256($0.baseAddress, $0.count, digest.baseAddress) }
    // Fails only in a libcrypto without its default provider, with which nothing else here could work either.
    precondition(written != nil, "libcrypto has no SHA-256")
    count = Int(SHA256_DIGEST_LENGTH)
  }
}

/// HMAC-SHA-256 (RFC 2104, RFC 4231) of `message` under `key` (any length): 32 bytes.
package func hmacSHA256(key: some Sequence<UInt8>, message: some Sequence<UInt8>) -> [UInt8] {
  let key = Array(key)
  let message = Array(message)
  return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { digest, count in
    var length: UInt32 = 0
    let written = key.withUnsafeBufferPointer { keyBytes in
      // An empty key must still be a non-null pointer: null means "the key of the previous call" to HMAC.
      var none: UInt8 = 0
      return message.withUnsafeBufferPointer { messageBytes in
        withUnsafePointer(to: &none) { empty in
          HMAC(
            EVP_sha256(),
            keyBytes.baseAddress ?? empty,
            Int32(clamping: keyBytes.count),
            messageBytes.baseAddress,
            messageBytes.count,
            digest.baseAddress,
            &length
          )
        }
      }
    }
    precondition(written != nil, "libcrypto has no HMAC-SHA-256")
    count = Int(length)
  }
}

/// Whether both are the same bytes, in a time that depends on their lengths only.
package func constantTimeEqual(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
  let left = Array(left)
  let right = Array(right)
  guard left.count == right.count else { return false }
  return CRYPTO_memcmp(left, right, left.count) == 0
}

/// The generator of random bytes has no entropy; nothing secret may be made now.
package struct RandomnessUnavailable: Error, CustomStringConvertible {
  package var description: String { "libcrypto's random generator gave no bytes" }
}

/// Bytes from libcrypto's cryptographically secure generator.
///
/// - Parameter count: 0 to 1 MiB; more is cut to that.
package func secureRandomBytes(_ count: Int) throws(RandomnessUnavailable) -> [UInt8] {
  let wanted = min(max(count, 0), 1 << 20)
  var bytes = [UInt8](repeating: 0, count: wanted)
  guard RAND_bytes(&bytes, Int32(wanted)) == 1 else { throw RandomnessUnavailable() }
  return bytes
}
