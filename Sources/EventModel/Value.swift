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

  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The member `name` of an object; `nil` when there is none.
  package subscript(name: String) -> Value? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }
}

extension Value {
  /// The value as canonical JSON (`JSONWriter`).
  package var canonicalJSON: [UInt8] {
    var bytes: [UInt8] = []
    JSONWriter.write(self, to: &bytes)
    return bytes
  }
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
