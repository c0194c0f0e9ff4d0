/// How to reach a Kafka cluster, shared by consumers, producers and administration.
///
/// `properties` are passed to librdkafka as they are (TLS, SASL, tuning). Values of secrets are never printed: the
/// description and every fault name such a property without its value.
package struct KafkaConnection: Sendable, CustomStringConvertible {
  /// `host:port`, comma-separated.
  package var bootstrapServers: String
  /// Unique per process, e.g. `tagger-<host>-<pid>`; two members of a group with one id are hard to tell apart.
  package var clientID: String
  /// librdkafka property name to value; those that Hearth itself sets (`KafkaConnection.ownedProperties`) are faults.
  package var properties: [String: String]
  /// Receives librdkafka's log lines, on its threads; nil drops them (librdkafka would write to stderr).
  package var log: (@Sendable (KafkaLogLine) -> Void)?

  /// Checks nothing; `validate` and every client do.
  package init(
    bootstrapServers: String,
    clientID: String,
    properties: [String: String] = [:],
    log: (@Sendable (KafkaLogLine) -> Void)? = nil
  ) {
    self.bootstrapServers = bootstrapServers
    self.clientID = clientID
    self.properties = properties
    self.log = log
  }

  /// Properties that carry a guarantee; a value of one's own is refused.
  package static let ownedProperties: Set<String> = [
    "bootstrap.servers", "metadata.broker.list", "client.id", "group.id", "group.instance.id", "enable.auto.commit",
    "enable.auto.offset.store", "auto.commit.enable", "auto.offset.reset", "partition.assignment.strategy",
    "session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms", "enable.partition.eof", "isolation.level",
    "enable.idempotence", "enable.gapless.guarantee", "acks", "request.required.acks", "partitioner", "linger.ms",
    "queue.buffering.max.ms", "message.timeout.ms", "delivery.timeout.ms", "queue.buffering.max.messages",
    "queue.buffering.max.kbytes", "queued.max.messages.kbytes", "fetch.wait.max.ms", "transactional.id",
    "allow.auto.create.topics", "test.mock.num.brokers",
  ]

  /// True when values of this property must not be shown.
  package static func isSecret(_ property: String) -> Bool {
    ["password", "secret", "key.pem", "oauthbearer.config", "jaas", "username", "certificate.pem"].contains {
      property.contains($0)
    }
  }

  /// All unknown, refused or malformed properties at once.
  package func validate() throws(KafkaSettingFaults) {
    _ = try KafkaConfiguration(self, role: [])
  }

  /// Servers, client and names of properties; no values of properties.
  package var description: String {
    let names = properties.keys.sorted().joined(separator: ", ")
    return "kafka \(bootstrapServers) as \(clientID)" + (names.isEmpty ? "" : " with \(names)")
  }
}

/// A line of librdkafka's log; it may name brokers, topics and groups, never payloads.
package struct KafkaLogLine: Hashable, Sendable {
  /// syslog severity: 0 emergency … 7 debug.
  package var level: Int
  /// librdkafka's facility, e.g. `FAIL`, `GETPID`.
  package var facility: String
  /// The line's text.
  package var message: String
}

/// A setting that cannot be used.
package struct KafkaSettingFault: Hashable, Sendable, CustomStringConvertible {
  /// The property's name.
  package var key: String
  /// What would do.
  package var expected: String
  /// At most 80 characters; `(hidden)` for secrets.
  package var got: String

  /// One line for people.
  package var description: String { "error: setting at \(key): expected \(expected), got \(got)" }
}

/// Every fault of a set of settings.
package struct KafkaSettingFaults: Error, Hashable, Sendable, CustomStringConvertible {
  /// In order: servers and client, then properties by name.
  package var faults: [KafkaSettingFault]
  /// A line a fault.
  package var description: String { faults.map(\.description).joined(separator: "\n") }
}
