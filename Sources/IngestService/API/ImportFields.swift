import Digests
import EventCodec
import EventModel

/// The fields of an import request's body.
struct ImportFields {
  private static let limits = DecodeLimits(bytesMax: 4096, depthMax: 2)
  private let value: Value

  init(_ body: [UInt8]) throws(Refusal) {
    do throws(DecodeFailure) {
      value = try JSONReader.parse(body, limits: Self.limits)
    } catch {
      throw Refusal(error)
    }
  }

  /// 64 lower-case hexadecimal digits.
  func identifier(_ name: String) throws(Refusal) -> String {
    let text = try text(name)
    guard text.utf8.count == 64, hexadecimalDecode(text) != nil, text == text.lowercased() else { throw fault(name) }
    return text
  }

  func digest(_ name: String) throws(Refusal) -> [UInt8] {
    guard let bytes = hexadecimalDecode(try text(name)), bytes.count == 32 else { throw fault(name) }
    return bytes
  }

  func count(_ name: String) throws(Refusal) -> Int64 {
    guard case .number(let number)? = value[name], number.millionths >= 0,
      number.millionths % FixedDecimal.scale == 0
    else { throw fault(name) }
    return number.millionths / FixedDecimal.scale
  }

  func time(_ name: String) throws(Refusal) -> Instant {
    guard let time = Instant(text: try text(name)), EnvelopeForms.times.contains(time) else { throw fault(name) }
    return time
  }

  func optionalTime(_ name: String) throws(Refusal) -> Instant? {
    guard let found = value[name], !found.isNull else { return nil }
    return try time(name)
  }

  private func text(_ name: String) throws(Refusal) -> String {
    guard case .string(let text)? = value[name] else { throw fault(name) }
    return text
  }

  private func fault(_ name: String) -> Refusal { Refusal(400, "field", "the field `\(name)` is missing or malformed") }
}
