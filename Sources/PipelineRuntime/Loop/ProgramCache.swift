import EventModel
import PipelinePorts
import Synchronization

/// Compiled playbooks by tenant and version.
final class ProgramCache<Processor: SubjectProcessor>: Sendable {
  private struct Key: Hashable {
    var tenant: String
    var version: Int64
  }

  private let processor: Processor
  private let store: any PlaybookStore
  private let programs = Mutex<[Key: Processor.Program]>([:])

  init(processor: Processor, store: any PlaybookStore) {
    self.processor = processor
    self.store = store
  }

  /// Reads and compiles a version unless it is there.
  func load(tenant: String, version: Int64) async throws(AdapterFailure) {
    let key = Key(tenant: tenant, version: version)
    if programs.withLock({ $0[key] != nil }) { return }
    guard let stored = try await store.playbook(tenant: tenant, version: version) else {
      throw AdapterFailure(
        code: "PLAYBOOK_MISSING",
        reason: "the log activates a playbook version that the store does not have",
        disposition: .fatal
      )
    }
    let program = try processor.compile(stored)
    programs.withLock { $0[key] = program }
  }

  /// The programs in force in a lane, by tenant.
  func active(in book: LaneBook) -> [String: Processor.Program] {
    programs.withLock { programs in
      var active: [String: Processor.Program] = [:]
      for (tenant, version) in book.playbookVersions {
        active[tenant] = programs[Key(tenant: tenant, version: version)]
      }
      return active
    }
  }
}
