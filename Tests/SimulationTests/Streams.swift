import EventModel
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport

/// Topics as a subscriber reads them who follows `sequence`: repeats dropped, a jump a fault.
struct Streams {
  /// By topic and key; the place in the list is the sequence less one.
  private(set) var messages: [String: [String: [[UInt8]]]] = [:]
  /// Control records by partition, each once.
  private(set) var controls: [PartitionID: Set<[UInt8]>] = [:]
  private(set) var repeats = 0
  private(set) var faults: [String] = []

  /// - Parameter hidden: fields of `data` that are left out of the comparison, by topic.
  init(_ log: MemoryLog, topics: [String], without hidden: [String: Set<String>] = [:]) {
    for topic in topics {
      for record in log.records(ofTopic: topic) {
        if let kind = record.header(Topic.controlHeader) {
          // Cuts are the leader's, not of the service whose topic carries them.
          guard kind != Array("population".utf8) else { continue }
          controls[record.partition, default: []].insert(record.value ?? [])
        } else {
          read(record, hidden: hidden[topic])
        }
      }
    }
  }

  private mutating func read(_ record: LogRecord, hidden: Set<String>?) {
    let topic = record.partition.topic
    let key = String(decoding: record.key, as: UTF8.self)
    guard let message = try? ReceivedMessage(decoding: record) else {
      faults.append("\(topic)/\(record.partition.partition)/\(record.offset) cannot be read")
      return
    }
    let bytes = hidden.map { Self.bytes(message, without: $0) } ?? record.value ?? []
    let known = messages[topic]?[key]?.count ?? 0
    let sequence = Int(message.sequence)
    if sequence == known + 1 {
      messages[topic, default: [:]][key, default: []].append(bytes)
    } else if sequence >= 1, sequence <= known {
      repeats += 1
      if messages[topic]?[key]?[sequence - 1] != bytes {
        faults.append("\(topic) \(key): sequence \(sequence) came twice with different bytes")
      }
    } else {
      faults.append("\(topic) \(key): sequence \(sequence) follows \(known)")
    }
  }

  private static func bytes(_ message: ReceivedMessage, without hidden: Set<String>) -> [UInt8] {
    guard case .object(let members) = message.event.data else { return [] }
    let kept = members.filter { !hidden.contains($0.name) }
    return Array("\(message.event.id) \(message.event.type) \(message.event.time.text) ".utf8)
      + Value.object(kept).canonicalJSON
  }

  var count: Int { messages.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } } }

  /// The first message in which two readings differ.
  func difference(from other: Streams, _ names: (String, String), comparesControls: Bool) -> String? {
    for topic in Set(messages.keys).union(other.messages.keys).sorted() {
      let (ours, theirs) = (messages[topic] ?? [:], other.messages[topic] ?? [:])
      for key in Set(ours.keys).union(theirs.keys).sorted() {
        let (left, right) = (ours[key] ?? [], theirs[key] ?? [])
        for index in 0..<max(left.count, right.count) {
          let (one, two) = (left.dropFirst(index).first, right.dropFirst(index).first)
          guard one != two else { continue }
          return "\(topic) \(key) sequence \(index + 1):\n  \(names.0): \(Self.text(one))\n  \(names.1): "
            + Self.text(two)
        }
      }
    }
    guard comparesControls else { return nil }
    for place in Set(controls.keys).union(other.controls.keys).sorted() where controls[place] != other.controls[place] {
      let (ours, theirs) = (controls[place] ?? [], other.controls[place] ?? [])
      return "\(place.topic)/\(place.partition) control records: "
        + "\(names.0) alone: \(ours.subtracting(theirs).map { Self.text($0) }.sorted().first ?? "none"), "
        + "\(names.1) alone: \(theirs.subtracting(ours).map { Self.text($0) }.sorted().first ?? "none")"
    }
    return nil
  }

  private static func text(_ bytes: [UInt8]?) -> String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "none" }
}
