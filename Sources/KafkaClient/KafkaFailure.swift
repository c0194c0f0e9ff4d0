import CRDKafka
import PipelinePorts

/// librdkafka's errors as `AdapterFailure`s.
enum KafkaFailure {
  /// The call waits for the next process or handle, not for the broker.
  static let closedCode = "closed"

  static func make(_ error: rd_kafka_resp_err_t, _ action: String, possiblyApplied: Bool = false) -> AdapterFailure {
    AdapterFailure(
      code: name(error),
      reason: "\(action): \(text(error))",
      disposition: disposition(error),
      possiblyApplied: possiblyApplied
    )
  }

  /// The client's fatal error, by its underlying cause.
  static func fatal(of client: OpaquePointer, _ action: String) -> AdapterFailure {
    let cause = rd_kafka_fatal_error(client, nil, 0)
    return AdapterFailure(
      code: name(RD_KAFKA_RESP_ERR__FATAL),
      reason: "\(action): \(text(cause)) (\(name(cause)))",
      disposition: .fatal
    )
  }

  static func closed(_ what: String) -> AdapterFailure {
    AdapterFailure(code: closedCode, reason: "\(what) is closed", disposition: .fatal)
  }

  static func name(_ error: rd_kafka_resp_err_t) -> String {
    rd_kafka_err2name(error).map { String(cString: $0) } ?? "\(error.rawValue)"
  }

  static func text(_ error: rd_kafka_resp_err_t) -> String {
    rd_kafka_err2str(error).map { String(cString: $0) } ?? "unknown error"
  }

  /// Consumes an error object; nil when there is none.
  static func take(_ error: OpaquePointer?, _ action: String) -> AdapterFailure? {
    guard let error else { return nil }
    defer { rd_kafka_error_destroy(error) }
    return make(rd_kafka_error_code(error), action)
  }

  /// Whether the same call may succeed later. What an administrator must mend outside (rights, an authentication)
  /// is fatal: a restart with new settings is what helps.
  static func disposition(_ error: rd_kafka_resp_err_t) -> Disposition {
    switch error {
    case RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
      RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR__DESTROY:
      return .fatal
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
      RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR__INVALID_ARG,
      RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
      RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
      RD_KAFKA_RESP_ERR_INVALID_CONFIG, RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return .permanent
    default:
      return .retriable
    }
  }
}
