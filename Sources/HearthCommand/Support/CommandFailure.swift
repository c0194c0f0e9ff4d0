import ArgumentParser
import Foundation

/// A fault as it is told to a person: at most three lines on standard error, then the exit code
/// (2 usage, 3 invalid input, 4 dependency unreachable, 5 would lose data).
package struct CommandFailure: Error, CustomStringConvertible, Sendable {
  package enum Code: Int32, Sendable {
    case usage = 2
    case invalidInput = 3
    case unreachable = 4
    case wouldLoseData = 5
  }

  package var code: Code
  package var what: String
  package var place: String?
  package var expected: String?
  package var got: String?
  package var next: String?

  package init(
    _ code: Code,
    _ what: String,
    at place: String? = nil,
    expected: String? = nil,
    got: String? = nil,
    next: String? = nil
  ) {
    self.code = code
    self.what = what
    self.place = place
    self.expected = expected
    self.got = got
    self.next = next
  }

  /// `error: WHAT at PLACE: expected X, got Y` and `next: COMMAND`.
  package var description: String {
    var line = "error: \(what)"
    if let place { line += " at \(place)" }
    if let expected { line += ": expected \(expected)" }
    if let got { line += (expected == nil ? ": got " : ", got ") + Self.shown(got) }
    return next.map { "\(line)\nnext: \($0)" } ?? line
  }
}

extension CommandFailure {
  /// Characters of what was got instead that are shown.
  package static let gotCharactersMax = 80

  /// One line: control characters become spaces, the end is cut.
  private static func shown(_ got: String) -> String {
    let scalars = got.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }
    return String(String(String.UnicodeScalarView(scalars)).prefix(gotCharactersMax))
  }
}

/// Standard error and output of commands.
package enum Terminal {
  package static func error(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  package static func print(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  /// Whether standard error is a terminal that may be repainted.
  package static var isInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }
}
