/// The class of a refused input: the dead letter's class and the label of the rejection counters.
package enum FailureClass: String, Sendable, CaseIterable {
  /// Not JSON, or a name twice in one object.
  case json
  /// Not UTF-8, a NUL or a lone surrogate: text that the store could not hold.
  case encoding
  /// An envelope attribute is missing or not of its form.
  case envelope
  /// The event type is not in the catalogue.
  case type
  /// A number at or past 10^12, or with more than 6 places.
  case number
  case size
  case depth
  /// `time` is further behind `receivedAt` than the lateness bound.
  case late
  /// `time` is further ahead of `receivedAt` than clocks may differ.
  case future
  /// The event names a tenant that is not the key's.
  case tenant
  /// `data` is not what the schema of the event type says.
  case schema
  /// More events of one subject than its rate limit allows.
  case rate
}

/// Why an input was refused. Names places and kinds, never the input's own text.
package struct DecodeFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The dead letter's class.
  package var failureClass: FailureClass
  /// JSON pointer (RFC 6901) to the value at fault; empty for the whole document.
  package var path: String
  /// What should have stood there: `a string of 1 to 100 bytes`.
  package var expected: String
  /// The kind of what was found: `a number`, `nothing`.
  package var found: String

  package init(_ failureClass: FailureClass, path: String = "", expected: String, found: String) {
    self.failureClass = failureClass
    self.path = path
    self.expected = expected
    self.found = found
  }

  /// `number at /data/amount: expected …, found …`.
  package var description: String {
    let place = path.isEmpty ? "" : " at \(path)"
    return "\(failureClass.rawValue)\(place): expected \(expected), found \(found)"
  }

  /// The same failure of a value that stands under `name`.
  package func under(_ name: String) -> DecodeFailure {
    var failure = self
    failure.path = "/" + jsonPointerEscaped(name) + path
    return failure
  }
}

/// `~` and `/` of a name as RFC 6901 writes them; control characters and what is past 64 bytes are left out, so that a
/// hostile name cannot flood a log.
package func jsonPointerEscaped(_ name: String) -> String {
  var result = ""
  for scalar in name.unicodeScalars where scalar.value >= 32 && scalar.value != 127 {
    guard result.utf8.count < 64 else { break }
    switch scalar {
    case "~": result += "~0"
    case "/": result += "~1"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
