import CSimdJSON
import EventModel

/// The nodes of one parsed document: a view that lives no longer than the closure of `withNodes`.
struct JSONNodes {
  let base: UnsafePointer<hearth_json_node>
  let count: Int

  subscript(index: Int) -> hearth_json_node { base[index] }

  func text(_ node: hearth_json_node) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: node.text, count: Int(node.length))
  }

  func string(_ node: hearth_json_node) -> String { String(decoding: text(node), as: UTF8.self) }

  /// The kind of a node in words, for failures.
  func kind(of node: hearth_json_node) -> String {
    switch Int(node.kind) {
    case HEARTH_JSON_NULL: "null"
    case HEARTH_JSON_FALSE, HEARTH_JSON_TRUE: "a boolean"
    case HEARTH_JSON_STRING: "a string"
    case HEARTH_JSON_NUMBER, HEARTH_JSON_NUMBER_TEXT: "a number"
    case HEARTH_JSON_OBJECT: "an object"
    default: "an array"
    }
  }

  /// The value that begins at `index`, its members in the order read.
  func value(at index: Int) throws(DecodeFailure) -> Value {
    let node = base[index]
    switch Int(node.kind) {
    case HEARTH_JSON_NULL: return .null
    case HEARTH_JSON_FALSE: return .bool(false)
    case HEARTH_JSON_TRUE: return .bool(true)
    case HEARTH_JSON_STRING: return .string(string(node))
    case HEARTH_JSON_NUMBER, HEARTH_JSON_NUMBER_TEXT: return .number(try number(node))
    case HEARTH_JSON_OBJECT: return .object(try members(at: index))
    default: return .list(try elements(at: index))
    }
  }

  private func members(at index: Int) throws(DecodeFailure) -> [Value.Member] {
    let count = Int(base[index].length)
    var members: [Value.Member] = []
    members.reserveCapacity(count)
    var next = index + 1
    for _ in 0..<count {
      let name = string(base[next])
      do throws(DecodeFailure) {
        members.append(Value.Member(name: name, value: try value(at: next + 1)))
      } catch {
        throw error.under(name)
      }
      next = Int(base[next + 1].next)
    }
    return members
  }

  private func elements(at index: Int) throws(DecodeFailure) -> [Value] {
    let count = Int(base[index].length)
    var elements: [Value] = []
    elements.reserveCapacity(count)
    var next = index + 1
    for position in 0..<count {
      do throws(DecodeFailure) {
        elements.append(try value(at: next))
      } catch {
        throw error.under(String(position))
      }
      next = Int(base[next].next)
    }
    return elements
  }

  private func number(_ node: hearth_json_node) throws(DecodeFailure) -> FixedDecimal {
    if node.kind == UInt8(HEARTH_JSON_NUMBER), let number = FixedDecimal(millionths: node.number) { return number }
    do throws(FixedDecimal.ParseFailure) {
      return try FixedDecimal(json: text(node))
    } catch {
      let expected = "a number below 10^12 in size with at most 6 places"
      switch error {
      case .malformed: throw DecodeFailure(.json, expected: expected, found: "something else")
      case .outOfRange: throw DecodeFailure(.number, expected: expected, found: "a larger number")
      case .tooManyPlaces: throw DecodeFailure(.number, expected: expected, found: "a number with more places")
      }
    }
  }
}

/// Parses `bytes` with the calling thread's parser and shows the nodes to `body`; index 0 is the document.
///
/// `body` must not parse another document: that would overwrite the nodes.
func withNodes<Result>(
  _ bytes: UnsafeBufferPointer<UInt8>,
  limits: DecodeLimits,
  _ body: (JSONNodes) throws(DecodeFailure) -> Result
) throws(DecodeFailure) -> Result {
  guard bytes.count <= limits.bytesMax else {
    throw DecodeFailure(.size, expected: "at most \(limits.bytesMax) bytes", found: "\(bytes.count) bytes")
  }
  guard let start = bytes.baseAddress, bytes.count > 0 else {
    throw DecodeFailure(.json, expected: "a JSON document", found: "nothing")
  }
  let parsed = hearth_json_parse(start, bytes.count, UInt32(limits.depthMax))
  guard Int(parsed.error) == HEARTH_JSON_OK, let nodes = parsed.nodes else {
    throw syntaxFailure(parsed, limits: limits)
  }
  return try body(JSONNodes(base: nodes, count: Int(parsed.node_count)))
}

private func syntaxFailure(_ parsed: hearth_json_result, limits: DecodeLimits) -> DecodeFailure {
  let place = "at byte \(parsed.error_offset)"
  switch Int(parsed.error) {
  case HEARTH_JSON_UTF8: return DecodeFailure(.encoding, expected: "UTF-8", found: "other bytes")
  case HEARTH_JSON_NUL: return DecodeFailure(.encoding, expected: "text without NUL", found: "a NUL \(place)")
  case HEARTH_JSON_SURROGATE:
    return DecodeFailure(.encoding, expected: "surrogates in pairs", found: "a lone surrogate \(place)")
  case HEARTH_JSON_DEPTH:
    return DecodeFailure(.depth, expected: "at most \(limits.depthMax) levels", found: "more \(place)")
  case HEARTH_JSON_DUPLICATE:
    return DecodeFailure(
      .json,
      expected: "each name once in an object",
      found: "a name twice before byte \(parsed.error_offset)"
    )
  case HEARTH_JSON_MEMORY:
    return DecodeFailure(.size, expected: "a document that fits in memory", found: "a larger one")
  default: return DecodeFailure(.json, expected: "JSON", found: "a fault \(place)")
  }
}
