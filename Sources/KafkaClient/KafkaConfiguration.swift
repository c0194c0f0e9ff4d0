import CRDKafka
import PipelinePorts

/// A librdkafka configuration being built; destroyed unless a client has taken it.
struct KafkaConfiguration: ~Copyable {
  static let gotCharactersMax = 80
  private static let errorTextBytes = 512

  private var pointer: OpaquePointer?

  /// - Parameter role: what the kind of client sets itself; the connection's own properties are set after.
  init(_ connection: KafkaConnection, role: [(name: String, value: String)]) throws(KafkaSettingFaults) {
    pointer = rd_kafka_conf_new()
    var faults: [KafkaSettingFault] = []
    if connection.bootstrapServers.isEmpty {
      faults.append(KafkaSettingFault(key: "bootstrap.servers", expected: "host:port, …", got: "nothing"))
    }
    if connection.clientID.isEmpty {
      faults.append(KafkaSettingFault(key: "client.id", expected: "a name unique per process", got: "nothing"))
    }
    // Nagle's algorithm and delayed acknowledgement together hold a small request or answer back for 40 ms; Java's
    // client turns it off too. The embedded broker's own sockets take this from the client that houses it.
    let own = [
      ("bootstrap.servers", connection.bootstrapServers), ("client.id", connection.clientID),
      ("socket.nagle.disable", "true"),
    ]
    for (name, value) in own + role.map({ ($0.name, $0.value) }) {
      if let fault = Self.set(pointer, name, value) { faults.append(fault) }
    }
    for (name, value) in connection.properties.sorted(by: { $0.key < $1.key }) {
      if KafkaConnection.ownedProperties.contains(name) {
        faults.append(
          KafkaSettingFault(key: name, expected: "no value of one's own (Hearth sets it)", got: Self.shown(name, value))
        )
      } else if let fault = Self.set(pointer, name, value) {
        faults.append(fault)
      }
    }
    guard faults.isEmpty else {
      rd_kafka_conf_destroy(pointer)
      pointer = nil
      throw KafkaSettingFaults(faults: faults)
    }
  }

  deinit {
    if let pointer { rd_kafka_conf_destroy(pointer) }
  }

  /// For callbacks and opaque.
  borrowing func withPointer(_ body: (OpaquePointer?) -> Void) { body(pointer) }

  /// Makes a client; the configuration belongs to it afterwards.
  consuming func makeClient(_ kind: rd_kafka_type_t) throws(AdapterFailure) -> OpaquePointer {
    let (client, cause) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.errorTextBytes) { text in
      let client = rd_kafka_new(kind, pointer, text.baseAddress, text.count)
      return (client, client == nil ? text.baseAddress.map { String(cString: $0) } ?? "" : "")
    }
    guard let client else {
      // Settings that contradict each other, files that cannot be read: the text names them, without values of secrets.
      throw AdapterFailure(
        code: KafkaFailure.name(rd_kafka_last_error()),
        reason: "create a Kafka client: \(cause)",
        disposition: .fatal
      )
    }
    pointer = nil
    return client
  }

  private static func set(_ conf: OpaquePointer?, _ name: String, _ value: String) -> KafkaSettingFault? {
    let (result, text) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: errorTextBytes) { text in
      let result = rd_kafka_conf_set(conf, name, value, text.baseAddress, text.count)
      return (result, result == RD_KAFKA_CONF_OK ? "" : text.baseAddress.map { String(cString: $0) } ?? "")
    }
    switch result {
    case RD_KAFKA_CONF_OK: return nil
    case RD_KAFKA_CONF_UNKNOWN:
      return KafkaSettingFault(key: name, expected: "a property of librdkafka", got: "an unknown name")
    default:
      // librdkafka's own text repeats the value, so it is used only for what is no secret.
      let expected = KafkaConnection.isSecret(name) ? "a valid value" : "a valid value (\(text))"
      return KafkaSettingFault(key: name, expected: expected, got: shown(name, value))
    }
  }

  private static func shown(_ name: String, _ value: String) -> String {
    KafkaConnection.isSecret(name) ? "(hidden)" : String(value.prefix(gotCharactersMax))
  }
}
