import Digests
import Testing

@Suite("Digests")
struct DigestsTests {
  @Test("SHA-256 gives FIPS 180-4's examples")
  func sha256Vectors() {
    #expect(hexadecimal(sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(hexadecimal(sha256("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let long = repeatElement(UInt8(ascii: "a"), count: 1_000_000)
    #expect(hexadecimal(sha256(long)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("HMAC-SHA-256 gives RFC 4231's test cases 1, 2 and 6, and takes an empty key")
  func hmacVectors() {
    let first = hmacSHA256(key: [UInt8](repeating: 0x0B, count: 20), message: "Hi There".utf8)
    #expect(hexadecimal(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    let second = hmacSHA256(key: "Jefe".utf8, message: "what do ya want for nothing?".utf8)
    #expect(hexadecimal(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let sixth = hmacSHA256(
      key: [UInt8](repeating: 0xAA, count: 131),
      message: "Test Using Larger Than Block-Size Key - Hash Key First".utf8
    )
    #expect(hexadecimal(sixth) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    // The known value of HMAC_SHA256("", "").
    #expect(
      hexadecimal(hmacSHA256(key: [], message: []))
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    )
  }

  @Test(
    "base64 gives RFC 4648's examples both ways",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ]
  )
  func base64Vectors(plain: String, text: String) {
    #expect(base64Encode(plain.utf8) == text)
    #expect(base64Decode(text) == Array(plain.utf8))
    let unpadded = String(text.prefix { $0 != "=" })
    #expect(base64Encode(plain.utf8, .urlSafe) == unpadded)
    #expect(base64Decode(unpadded, .urlSafe) == Array(plain.utf8))
  }

  @Test(
    "base64 refuses what another encoder would not have written",
    arguments: ["Zg", "Zg=", "Zh==", "Z===", "Zm9v\n", "Zm-v", "=Zm9", "===="]
  )
  func base64Refusals(text: String) { #expect(base64Decode(text) == nil) }

  @Test("base64 and hexadecimal give every length back, in both alphabets")
  func roundTrips() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ count &* 7) }
      #expect(base64Decode(base64Encode(bytes)) == bytes)
      #expect(base64Decode(base64Encode(bytes, .urlSafe), .urlSafe) == bytes)
      #expect(hexadecimalDecode(hexadecimal(bytes)) == bytes)
    }
    #expect(base64Encode([0xFB, 0xFF]) == "+/8=")
    #expect(base64Encode([0xFB, 0xFF], .urlSafe) == "-_8")
    #expect(hexadecimalDecode("0") == nil)
    #expect(hexadecimalDecode("0g") == nil)
  }

  @Test("constant-time equality is equality")
  func equality() {
    #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
    #expect(constantTimeEqual([UInt8](), []))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
  }

  @Test("random bytes have the count asked for and differ")
  func randomness() throws {
    #expect(try secureRandomBytes(0).isEmpty)
    let first = try secureRandomBytes(32)
    #expect(first.count == 32)
    #expect(try secureRandomBytes(32) != first)
  }
}
