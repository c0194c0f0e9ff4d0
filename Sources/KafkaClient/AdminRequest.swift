import CRDKafka
import PipelinePorts

/// librdkafka's administrative requests: each makes its arguments, waits for its answer and frees both.
enum AdminRequest {
  private static let errorTextBytes = 512

  static func createTopics(
    _ topics: [TopicCatalogue.Topic],
    _ client: OpaquePointer,
    _ timeout: Duration
  ) -> Result<[String], AdapterFailure> {
    var created: [OpaquePointer?] = []
    defer { for topic in created { rd_kafka_NewTopic_destroy(topic) } }
    for topic in topics {
      switch newTopic(topic) {
      case .success(let pointer): created.append(pointer.value)
      case .failure(let failure): return .failure(failure)
      }
    }
    let answer = ask(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout, "create topics") { options, queue in
      rd_kafka_CreateTopics(client, &created, created.count, options, queue)
    } read: { event -> AdapterFailure? in
      var count = 0
      guard let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
      else { return nil }
      for index in 0..<count {
        let error = rd_kafka_topic_result_error(results[index])
        // Another process may have made it between the question and now.
        if error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { continue }
        let name = rd_kafka_topic_result_name(results[index]).map { String(cString: $0) } ?? ""
        return KafkaFailure.make(error, "create topic \(name)")
      }
      return nil
    }
    return answer.flatMap { failure in failure.map { .failure($0) } ?? .success(topics.map(\.name)) }
  }

  static func describeTopics(
    _ names: [String],
    _ client: OpaquePointer,
    _ timeout: Duration
  ) -> Result<[String: [String: String]], AdapterFailure> {
    var resources = names.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
    defer { for resource in resources { rd_kafka_ConfigResource_destroy(resource) } }
    let answer = ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, "describe topics") { options, queue in
      rd_kafka_DescribeConfigs(client, &resources, resources.count, options, queue)
    } read: { event -> Result<[String: [String: String]], AdapterFailure> in
      var count = 0
      guard
        let results = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count)
      else { return .success([:]) }
      var settings: [String: [String: String]] = [:]
      for index in 0..<count {
        let name = rd_kafka_ConfigResource_name(results[index]).map { String(cString: $0) } ?? ""
        let error = rd_kafka_ConfigResource_error(results[index])
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
          return .failure(KafkaFailure.make(error, "describe topic \(name)"))
        }
        settings[name] = entries(of: results[index])
      }
      return .success(settings)
    }
    return answer.flatMap { $0 }
  }

  private struct NewTopic {
    let value: OpaquePointer
  }

  private static func newTopic(_ topic: TopicCatalogue.Topic) -> Result<NewTopic, AdapterFailure> {
    let pointer = withUnsafeTemporaryAllocation(of: CChar.self, capacity: errorTextBytes) { text in
      rd_kafka_NewTopic_new(topic.name, topic.partitions, Int32(topic.replication), text.baseAddress, text.count)
    }
    guard let pointer else {
      return .failure(KafkaFailure.make(RD_KAFKA_RESP_ERR__INVALID_ARG, "describe topic \(topic.name)"))
    }
    for (name, value) in topic.settings.sorted(by: { $0.key < $1.key }) {
      let error = rd_kafka_NewTopic_set_config(pointer, name, value)
      guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
        rd_kafka_NewTopic_destroy(pointer)
        return .failure(KafkaFailure.make(error, "describe topic \(topic.name)"))
      }
    }
    return .success(NewTopic(value: pointer))
  }

  private static func entries(of resource: OpaquePointer?) -> [String: String] {
    var count = 0
    guard let entries = rd_kafka_ConfigResource_configs(resource, &count) else { return [:] }
    var settings: [String: String] = [:]
    for index in 0..<count {
      guard let name = rd_kafka_ConfigEntry_name(entries[index]),
        let value = rd_kafka_ConfigEntry_value(entries[index])
      else { continue }
      settings[String(cString: name)] = String(cString: value)
    }
    return settings
  }

  /// Sends a request and reads its answer before it is freed.
  private static func ask<R>(
    _ client: OpaquePointer,
    _ operation: rd_kafka_admin_op_t,
    _ timeout: Duration,
    _ action: String,
    send: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
    read: (OpaquePointer) -> R
  ) -> Result<R, AdapterFailure> {
    let options = rd_kafka_AdminOptions_new(client, operation)
    defer { rd_kafka_AdminOptions_destroy(options) }
    let milliseconds = timeout.wholeMilliseconds
    let error = withUnsafeTemporaryAllocation(of: CChar.self, capacity: errorTextBytes) { text in
      rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, text.baseAddress, text.count)
    }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaFailure.make(error, action)) }
    let queue = rd_kafka_queue_new(client)
    defer { rd_kafka_queue_destroy(queue) }
    send(options, queue)
    // The request itself times out first; the surplus lets its error arrive.
    guard let event = rd_kafka_queue_poll(queue, milliseconds + 1_000) else {
      return .failure(KafkaFailure.make(RD_KAFKA_RESP_ERR__TIMED_OUT, action))
    }
    defer { rd_kafka_event_destroy(event) }
    let answer = rd_kafka_event_error(event)
    guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaFailure.make(answer, action)) }
    return .success(read(event))
  }
}
