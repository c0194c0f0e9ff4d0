import PipelinePorts
import Playbook

/// Compiles a playbook that was checked when it was applied.
package enum StoredPlaybookCompiler {
  /// A fault now means that this build reads the language otherwise than the one that applied it: fatal, with places.
  package static func compile(_ stored: StoredPlaybook) throws(AdapterFailure) -> CompiledPlaybook {
    let files = stored.files.map { PlaybookFile(name: $0.name, text: $0.text) }
    do {
      return try PlaybookCompiler.compile(files).playbook
    } catch {
      throw AdapterFailure(
        code: "PLAYBOOK",
        reason: "version \(stored.version) does not compile: \(error.faults[0].text)",
        disposition: .fatal
      )
    }
  }
}
