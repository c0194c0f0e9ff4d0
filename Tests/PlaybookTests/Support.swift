import EventModel
import Playbook
import Testing

/// Compiles one file.
func compiled(_ text: String, name: String = "playbook.yaml") throws(PlaybookRejection) -> PlaybookCompiler.Outcome {
  try PlaybookCompiler.compile([PlaybookFile(name: name, text: text)])
}

/// The faults of one file, as people read them.
func faults(_ text: String) -> [String] {
  do throws(PlaybookRejection) {
    _ = try compiled(text)
    return []
  } catch {
    return error.faults.map(\.text)
  }
}

/// A playbook's first lines; what a test adds begins on line 3.
let heading = "playbook: p\nzone: UTC\n"
