import Dispatch

/// Holds a connection's thread until it is opened, and tells when it is there.
final class Gate: Sendable {
  private let arrival: AsyncStream<Void>
  private let arrived: AsyncStream<Void>.Continuation
  private let opening = DispatchSemaphore(value: 0)

  init() { (arrival, arrived) = AsyncStream.makeStream() }

  /// On the connection's own thread: says that it is there, and blocks.
  func hold() {
    arrived.finish()
    opening.wait()
  }

  func open() { opening.signal() }

  /// Until `hold` has been called.
  func isHeld() async { for await _ in arrival {} }
}
