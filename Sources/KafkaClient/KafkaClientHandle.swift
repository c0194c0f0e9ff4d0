import CRDKafka
import PipelinePorts
import Synchronization

/// A librdkafka client and what its callbacks need.
///
/// `@unchecked Sendable`: the pointer never changes, librdkafka's own calls are thread-safe, and `gate` keeps every
/// caller but the owning thread out once that thread begins to destroy the client.
final class KafkaClientHandle: @unchecked Sendable {
  let pointer: OpaquePointer
  let gate = HandleGate()
  private let callbacks: Unmanaged<KafkaCallbacks>
  private let isDestroyed = Atomic<Bool>(false)

  init(
    _ kind: rd_kafka_type_t,
    _ connection: KafkaConnection,
    role: [(name: String, value: String)],
    callbacks: KafkaCallbacks,
    configure: (OpaquePointer?) -> Void = { _ in }
  ) throws(KafkaOpeningFailure) {
    let retained = Unmanaged.passRetained(callbacks)
    do {
      let configuration = try KafkaConfiguration(connection, role: role)
      configuration.withPointer { conf in
        rd_kafka_conf_set_opaque(conf, retained.toOpaque())
        rd_kafka_conf_set_log_cb(conf, logCallback)
        rd_kafka_conf_set_error_cb(conf, errorCallback)
        configure(conf)
      }
      pointer = try configuration.makeClient(kind)
    } catch let faults as KafkaSettingFaults {
      retained.release()
      throw .settings(faults)
    } catch {
      retained.release()
      throw .client((error as? AdapterFailure) ?? KafkaFailure.closed("client"))
    }
    self.callbacks = retained
  }

  /// Waits for callers inside and destroys the client; later calls do nothing. Never from inside the gate.
  func destroy(leavingGroup: Bool = true) {
    guard isDestroyed.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else { return }
    gate.closeAndWait()
    rd_kafka_destroy_flags(pointer, leavingGroup ? 0 : Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
    callbacks.release()
  }
}

/// Why a client could not be made.
package enum KafkaOpeningFailure: Error, Sendable, CustomStringConvertible {
  case settings(KafkaSettingFaults)
  case client(AdapterFailure)

  /// The faults or the failure, for people.
  package var description: String {
    switch self {
    case .settings(let faults): faults.description
    case .client(let failure): failure.description
    }
  }
}

/// Where librdkafka's callbacks lead; consumers and producers override theirs. All but `log` run on the thread that
/// polls.
class KafkaCallbacks: @unchecked Sendable {
  let log: (@Sendable (KafkaLogLine) -> Void)?
  init(log: (@Sendable (KafkaLogLine) -> Void)?) { self.log = log }
  func clientFailed(_ error: rd_kafka_resp_err_t) {}
  func rebalanced(
    _ error: rd_kafka_resp_err_t,
    _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {}
  func reported(_ message: UnsafePointer<rd_kafka_message_t>) {}

  static func of(_ opaque: UnsafeMutableRawPointer?) -> KafkaCallbacks? {
    opaque.map { Unmanaged<KafkaCallbacks>.fromOpaque($0).takeUnretainedValue() }
  }
}

private func logCallback(
  _ client: OpaquePointer?,
  _ level: Int32,
  _ facility: UnsafePointer<CChar>?,
  _ text: UnsafePointer<CChar>?
) {
  guard let client, let log = KafkaCallbacks.of(rd_kafka_opaque(client))?.log else { return }
  let line = KafkaLogLine(
    level: Int(level),
    facility: facility.map { String(cString: $0) } ?? "",
    message: text.map { String(cString: $0) } ?? ""
  )
  log(line)
}

private func errorCallback(
  _ client: OpaquePointer?,
  _ error: Int32,
  _ reason: UnsafePointer<CChar>?,
  _ opaque: UnsafeMutableRawPointer?
) {
  KafkaCallbacks.of(opaque)?.clientFailed(rd_kafka_resp_err_t(error))
}
