/// One fault of a playbook, or one warning, with its place.
package struct PlaybookFault: Error, Hashable, Sendable {
  /// A warning does not keep the playbook from being used.
  package enum Severity: String, Sendable { case error, warning }

  /// Whether the playbook can be used all the same.
  package var severity: Severity
  /// Name of the file, as it was given.
  package var file: String
  /// From 1.
  package var line: Int
  /// From 1, in Unicode scalar values.
  package var column: Int
  /// What is wrong: `unknown name`, `window out of bounds`.
  package var what: String
  /// What would be right, in words.
  package var expected: String
  /// One line of at most 80 characters.
  package var found: String
  /// What may help: the nearest known name, the form to write.
  package var hint: String?

  /// Characters of `found`, the ellipsis included.
  package static let foundCharactersMax = 80

  package init(
    severity: Severity = .error,
    file: String,
    line: Int,
    column: Int,
    what: String,
    expected: String,
    found: String,
    hint: String? = nil
  ) {
    self.severity = severity
    self.file = file
    self.line = line
    self.column = column
    self.what = what
    self.expected = expected
    self.found = Self.clipped(found)
    self.hint = hint
  }

  /// `error: WHAT at FILE:LINE:COL: expected X, got Y`, with the hint on a second line where there is one.
  package var text: String {
    let first = "\(severity.rawValue): \(what) at \(file):\(line):\(column): expected \(expected), got \(found)"
    return hint.map { "\(first)\nhint: \($0)" } ?? first
  }

  /// `text`, then `next: COMMAND`: the form for people, at most three lines.
  package func text(next command: String) -> String { "\(text)\nnext: \(command)" }

  /// Control characters become spaces; what is too long ends in an ellipsis.
  private static func clipped(_ found: String) -> String {
    let line = String(
      String.UnicodeScalarView(found.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 })
    )
    guard line.count > foundCharactersMax else { return line }
    return line.prefix(foundCharactersMax - 1) + "…"
  }
}

/// Why a playbook cannot be used: every fault found, and the warnings beside them, in order of place.
package struct PlaybookRejection: Error, Hashable, Sendable {
  /// Never empty.
  package var faults: [PlaybookFault]
  /// What else its writer should look at.
  package var warnings: [PlaybookFault]

  package init(faults: [PlaybookFault], warnings: [PlaybookFault]) {
    self.faults = faults
    self.warnings = warnings
  }
}
