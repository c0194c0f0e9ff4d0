/// What a member of a consumer group may choose.
package struct KafkaConsumerSettings: Sendable {
  /// The consumer group's id.
  package var group: String
  /// Names of the topics; co-partitioned ones go to one member by the range assignor.
  package var topics: [String]
  /// Without a heartbeat for this long the group gives the partitions away. 10 s; 6 s on the embedded broker, whose
  /// join wait is this less one second.
  package var sessionTimeout: Duration
  /// A third of the session timeout.
  package var heartbeatInterval: Duration
  /// How long the polling thread may be stopped before the member counts as gone; at least the session timeout.
  package var pollIntervalMax: Duration
  /// How long a revocation waits for the owner to finish what it began; 0 releases at once.
  package var releaseGrace: Duration
  /// How long the broker may gather a fetch; 10–20 ms.
  package var fetchWait: Duration
  /// Records that may wait for the owner before fetching stops.
  package var recordsQueuedMax: Int
  /// Bytes that may wait for the owner before fetching stops.
  package var bytesQueuedMax: Int
  /// KiB that librdkafka may fetch ahead of that; a fetch under way comes on top.
  package var fetchAheadKilobytesMax: Int
  /// How long leaving the group may take before the handle is dropped (the broker then waits out the session). With the
  /// broker away librdkafka takes up to 6 s more for its last requests.
  package var closeTimeout: Duration
  /// Whether this member, once the group's leader, lets the others sync first; only for the embedded broker
  /// (`LeaderPause`). Off.
  package var syncsLastAsLeader = false

  /// The defaults for a cluster.
  package init(group: String, topics: [String]) {
    self.group = group
    self.topics = topics
    sessionTimeout = .seconds(10)
    heartbeatInterval = .seconds(3)
    pollIntervalMax = .seconds(60)
    releaseGrace = .seconds(2)
    fetchWait = .milliseconds(15)
    recordsQueuedMax = 20_000
    bytesQueuedMax = 32 << 20
    fetchAheadKilobytesMax = 4096
    closeTimeout = .seconds(10)
  }

  /// As above with the embedded broker's session: 6 s, heartbeat 2 s, the leader syncing last.
  package static func embedded(group: String, topics: [String]) -> KafkaConsumerSettings {
    var settings = KafkaConsumerSettings(group: group, topics: topics)
    settings.sessionTimeout = .seconds(6)
    settings.heartbeatInterval = .seconds(2)
    settings.syncsLastAsLeader = true
    return settings
  }

  /// librdkafka wants a fetch to hold the biggest message (`message.max.bytes`, 1 MB by default).
  private static let fetchBytesMin = 1 << 20

  var role: [(name: String, value: String)] {
    [
      ("group.id", group),
      // librdkafka 2.0's cooperative-sticky loops and loses assignments; co-partitioned topics need range anyway.
      ("partition.assignment.strategy", "range"),
      ("session.timeout.ms", "\(sessionTimeout.wholeMilliseconds)"),
      ("heartbeat.interval.ms", "\(heartbeatInterval.wholeMilliseconds)"),
      ("max.poll.interval.ms", "\(max(pollIntervalMax, sessionTimeout).wholeMilliseconds)"),
      ("enable.auto.commit", "false"),
      ("enable.auto.offset.store", "false"),
      ("auto.offset.reset", "error"),
      ("allow.auto.create.topics", "false"),
      ("enable.partition.eof", "false"),
      ("isolation.level", "read_committed"),
      ("fetch.wait.max.ms", "\(fetchWait.wholeMilliseconds)"),
      ("queued.max.messages.kbytes", "\(fetchAheadKilobytesMax)"),
      // A fetch comes on top of what is queued; librdkafka's own 50 MiB would be most of a service's memory.
      ("fetch.max.bytes", "\(max(fetchAheadKilobytesMax << 10, Self.fetchBytesMin))"),
    ]
  }
}

extension Duration {
  /// Rounded up, so that a wait of less than a millisecond is not a busy loop; at most 24 days.
  var wholeMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    let (whole, over) = seconds.multipliedReportingOverflow(by: 1000)
    let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return Int32(clamping: over ? Int64.max : whole + rest)
  }
}
