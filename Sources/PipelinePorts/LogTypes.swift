import EventModel

/// A partition of a topic.
package struct PartitionID: Hashable, Comparable, Sendable {
  package var topic: String
  package var partition: Int32

  package init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  package static func < (left: PartitionID, right: PartitionID) -> Bool {
    (left.topic, left.partition) < (right.topic, right.partition)
  }
}

package struct LogHeader: Hashable, Sendable {
  package var name: String
  package var value: [UInt8]
  package init(name: String, value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// A record read from a partition. `value` is nil for a tombstone.
package struct LogRecord: Sendable {
  package var partition: PartitionID
  package var offset: Int64
  /// When the broker or producer stamped it; ms since 1970, −1 unknown.
  package var timestamp: Int64
  package var key: [UInt8]
  package var value: [UInt8]?
  package var headers: [LogHeader]

  package init(
    partition: PartitionID,
    offset: Int64,
    timestamp: Int64 = -1,
    key: [UInt8],
    value: [UInt8]?,
    headers: [LogHeader] = []
  ) {
    self.partition = partition
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
  }

  package func header(_ name: String) -> [UInt8]? { headers.last { $0.name == name }?.value }
}

/// A record to be written. `partition` nil: by murmur2 of the key, as Kafka's Java client does.
package struct OutboundRecord: Hashable, Sendable {
  package var topic: String
  package var partition: Int32?
  package var key: [UInt8]
  package var value: [UInt8]?
  package var headers: [LogHeader]

  package init(topic: String, partition: Int32? = nil, key: [UInt8], value: [UInt8]?, headers: [LogHeader] = []) {
    self.topic = topic
    self.partition = partition
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// What to do about a failure; this alone drives the loop.
package enum Disposition: String, Sendable {
  /// The same call may succeed later.
  case retriable
  /// The same call will never succeed; the input is at fault.
  case permanent
  /// The process must stop.
  case fatal
}

/// A failure of an adapter. Holds no payload, secret or personal data.
package struct AdapterFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The adapter's own code: SQLSTATE, librdkafka's error name, errno.
  package var code: String
  package var reason: String
  package var disposition: Disposition
  /// The write may have taken effect although it failed (a lost COMMIT answer, a timed-out produce).
  package var possiblyApplied: Bool

  package init(code: String, reason: String, disposition: Disposition, possiblyApplied: Bool = false) {
    self.code = code
    self.reason = reason
    self.disposition = disposition
    self.possiblyApplied = possiblyApplied
  }

  package var description: String { "\(reason) [\(code), \(disposition.rawValue)]" }
}
