import EventModel
import NotifierService
import PipelinePorts
import Synchronization

/// A receiver that knows repetitions by the touch's id, and answers each attempt by a rule of its own: taken, tried in
/// vain, or taken without a word.
final class FakeChannel: Sendable {
  private struct State {
    var bodies: [String: [UInt8]] = [:]
    var attempts: [String: Int] = [:]
    var taken: Set<String> = []
    var faults: [String] = []
  }

  private let seed: UInt64
  private let state = Mutex(State())

  init(seed: UInt64) { self.seed = seed }

  /// Touches that the receiver has taken.
  var taken: Set<String> { state.withLock { $0.taken } }
  /// Attempts made of each touch.
  var attempts: [String: Int] { state.withLock { $0.attempts } }
  /// Attempts whose bytes were not those of the first.
  var faults: [String] { state.withLock { $0.faults } }

  func deliver(_ effect: DeliveryEffect) -> DeliveryEffectResult {
    let touch = effect.message.touch
    let result = state.withLock { state -> DeliveryResult in
      if let body = state.bodies[touch], body != effect.message.body { state.faults.append(touch) }
      state.bodies[touch] = effect.message.body
      let attempt = state.attempts[touch, default: 0]
      state.attempts[touch] = attempt + 1
      // A replayed tenant's clock ends with its import: what would be tried again later never is.
      switch effect.message.isReplay ? 99 : dice(touch, attempt) {
      case 0..<12: return .retriable(reason: "http 503", retryAfter: nil)
      case 12..<20:
        state.taken.insert(touch)
        return .retriable(reason: "no answer", retryAfter: .minutes(2))
      case 20..<24: return .permanent(reason: "http 400")
      default:
        state.taken.insert(touch)
        return .sent
      }
    }
    return DeliveryEffectResult(touch: touch, result: result)
  }

  /// 0 … 99, by touch and attempt alone: whoever asks, whenever.
  private func dice(_ touch: String, _ attempt: Int) -> UInt64 {
    let hash = "\(seed) \(touch) \(attempt)".utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return (hash >> 20) % 100
  }
}
