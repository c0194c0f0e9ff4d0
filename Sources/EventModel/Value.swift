/// A value of an event's data, a metric, a tag or an expression.
package enum Value: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(FixedDecimal)
  case string(String)
  case time(Instant)
  case span(TimeSpan)
  case list([Value])
  /// Members in the order read; only in an event's `data`.
  case object([Member])

  package struct Member: Hashable, Sendable {
    package let name: String
    package let value: Value

    package init(name: String, value: Value) {
      self.name = name
      self.value = value
    }
  }

  package var isNull: Bool { self == .null }

  /// The member `name` of an object; `nil` when there is none.
  package subscript(name: String) -> Value? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }
}

extension Value {
  /// Canonical JSON (SEMANTICS "Settled details"): no spaces, keys by code point, text unescaped UTF-8 but for `\"`,
  /// `\\` and control characters. Times are RFC 3339 texts; spans are milliseconds.
  package func writeCanonical(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .number(let number): number.write(to: &bytes)
    case .string(let text): writeJSONString(text, to: &bytes)
    case .time(let instant): writeJSONString(instant.text, to: &bytes)
    case .span(let span): bytes.append(contentsOf: String(span.milliseconds).utf8)
    case .list(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.writeCanonical(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      let sorted = members.sorted { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        writeJSONString(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.writeCanonical(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  package var canonicalJSON: [UInt8] {
    var bytes: [UInt8] = []
    writeCanonical(to: &bytes)
    return bytes
  }
}

/// A JSON string in canonical form.
package func writeJSONString(_ text: String, to bytes: inout [UInt8]) {
  bytes.append(UInt8(ascii: "\""))
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
    case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
    case 8: bytes.append(contentsOf: #"\b"#.utf8)
    case 9: bytes.append(contentsOf: #"\t"#.utf8)
    case 10: bytes.append(contentsOf: #"\n"#.utf8)
    case 12: bytes.append(contentsOf: #"\f"#.utf8)
    case 13: bytes.append(contentsOf: #"\r"#.utf8)
    case 0..<32:
      let hex = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: #"\u00"#.utf8)
      bytes.append(hex[Int(byte >> 4)])
      bytes.append(hex[Int(byte & 15)])
    default: bytes.append(byte)
    }
  }
  bytes.append(UInt8(ascii: "\""))
}

extension Value.Member {
  package init(_ name: String, _ value: Value) { self.init(name: name, value: value) }
}

extension Value {
  /// A whole number; null at or past 10^12.
  package static func whole(_ number: Int64) -> Value {
    FixedDecimal(millionths: Int128(number) * Int128(FixedDecimal.scale)).map(Value.number) ?? .null
  }
}
