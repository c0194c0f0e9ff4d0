import EventModel

/// Checks the files of one tenant's playbook and gives the form that the core computes with.
///
/// Pure: it reads no file and no clock. The result depends on the definitions, not on how they are split into files or
/// ordered in them; lists are in order of name, tags in evaluation order.
package enum PlaybookCompiler {
  /// A playbook that may be used, and what its writer should look at all the same.
  package struct Outcome: Sendable {
    /// Checked throughout.
    package var playbook: CompiledPlaybook
    /// In order of place.
    package var warnings: [PlaybookFault]
  }

  /// - Parameter files: in the order in which faults are to be listed; a section that stands in several is one.
  /// - Throws: every fault found, in order of place.
  package static func compile(_ files: [PlaybookFile]) throws(PlaybookRejection) -> Outcome {
    if let fault = oversize(files) { throw PlaybookRejection(faults: [fault], warnings: []) }
    var compilation = Compilation(sources: files.map { SourceText(name: $0.name, text: $0.text) })
    let playbook = compilation.compile()
    let warnings = compilation.inOrder(compilation.warnings)
    guard let playbook, compilation.faults.isEmpty else {
      throw PlaybookRejection(faults: compilation.inOrder(compilation.faults), warnings: warnings)
    }
    return Outcome(playbook: playbook, warnings: warnings)
  }

  /// Looks at sizes before anything is read.
  private static func oversize(_ files: [PlaybookFile]) -> PlaybookFault? {
    var bytes = 0
    for file in files {
      bytes += file.text.utf8.count
      guard bytes > PlaybookLimits.bytesMax else { continue }
      return PlaybookFault(
        file: file.name,
        line: 1,
        column: 1,
        what: "playbook too large",
        expected: "at most \(PlaybookLimits.bytesMax) bytes in all files",
        found: "\(bytes) with this file"
      )
    }
    return nil
  }
}
