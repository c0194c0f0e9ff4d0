import PipelinePorts
import PostgresStores

/// Leadership by a session's advisory lock, asked for whenever nobody leads.
struct StoreLeadership: PipelinePorts.Leadership {
  private let lock: PostgresStores.Leadership

  init(_ lock: PostgresStores.Leadership) { self.lock = lock }

  func holds() async throws(AdapterFailure) -> Bool { try await lock.acquire() }
}
