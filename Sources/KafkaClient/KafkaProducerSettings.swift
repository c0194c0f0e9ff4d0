/// What a writer of records may choose.
package struct KafkaProducerSettings: Sendable {
  /// Records that may be under way; a call that finds no room is refused whole.
  package var recordsQueuedMax: Int
  /// Bytes of keys, values and headers that may be under way.
  package var bytesQueuedMax: Int
  /// How long records wait for company in a batch.
  package var linger: Duration
  /// How long librdkafka tries to write a record before it is reported as timed out (possibly persisted).
  package var messageTimeout: Duration
  /// How long `close` lets records under way finish before they are dropped and reported as possibly persisted.
  package var closeTimeout: Duration

  /// The defaults.
  package init() {
    recordsQueuedMax = 100_000
    bytesQueuedMax = 64 << 20
    linger = .milliseconds(5)
    messageTimeout = .seconds(120)
    closeTimeout = .seconds(5)
  }

  /// librdkafka's own bounds stand above ours, so that ours is the one that is met, before anything is enqueued.
  private static let slack = 2

  var role: [(name: String, value: String)] {
    [
      ("enable.idempotence", "true"),
      ("enable.gapless.guarantee", "true"),
      ("acks", "all"),
      ("partitioner", "murmur2_random"),
      ("linger.ms", "\(linger.wholeMilliseconds)"),
      ("message.timeout.ms", "\(messageTimeout.wholeMilliseconds)"),
      ("queue.buffering.max.messages", "\(min(recordsQueuedMax * Self.slack, 10_000_000))"),
      ("queue.buffering.max.kbytes", "\(min(max(bytesQueuedMax >> 10, 1) * Self.slack, 2_147_483_647))"),
    ]
  }
}
