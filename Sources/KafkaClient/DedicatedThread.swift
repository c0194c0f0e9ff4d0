import Glibc
import PipelinePorts

/// A thread of its own for blocking C, which must never hold a thread of the cooperative pool.
enum DedicatedThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a detached thread that ends when `run` returns.
  /// - Parameter name: for the failure's text.
  static func start(name: String, _ run: @escaping @Sendable () -> Void) throws(AdapterFailure) {
    let body = Unmanaged.passRetained(Body(run: run))
    var thread = pthread_t()
    let code = pthread_create(
      &thread,
      nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
        return nil
      },
      body.toOpaque()
    )
    guard code == 0 else {
      body.release()
      throw AdapterFailure(code: "errno \(code)", reason: "start thread \(name)", disposition: .fatal)
    }
    pthread_detach(thread)
  }
}
