import EventModel

/// Writes the messages that services publish: tags, funnels, segments, touches, deliveries, dead letters.
package enum MessageWriter {
  /// A CloudEvents 1.0 envelope in canonical form; the record's key is `subject.key`. Read it with
  /// `EventCodec.decode(_:limits: .message)`, which takes the missing `receivedat` as `time`.
  ///
  /// `data` is an object; our own fields (`sequence`, `origin`, `storeEpoch`, `mode` …) stand in it.
  package static func cloudEvent(
    id: String,
    source: String,
    type: String,
    time: Instant,
    subject: Subject,
    data: Value
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    bytes.append(contentsOf: #"{"data":"#.utf8)
    JSONWriter.write(data, to: &bytes)
    close(&bytes, id: id, source: source, type: type, time: time, subject: subject)
    return bytes
  }

  /// The same with `data` already written as a canonical JSON object.
  package static func cloudEvent(
    id: String,
    source: String,
    type: String,
    time: Instant,
    subject: Subject,
    dataJSON: [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256 + dataJSON.count)
    bytes.append(contentsOf: #"{"data":"#.utf8)
    bytes.append(contentsOf: dataJSON)
    close(&bytes, id: id, source: source, type: type, time: time, subject: subject)
    return bytes
  }

  private static func close(
    _ bytes: inout [UInt8],
    id: String,
    source: String,
    type: String,
    time: Instant,
    subject: Subject
  ) {
    bytes.append(contentsOf: #","id":"#.utf8)
    JSONWriter.write(id, to: &bytes)
    bytes.append(contentsOf: #","source":"#.utf8)
    JSONWriter.write(source, to: &bytes)
    bytes.append(contentsOf: #","specversion":"1.0","subject":"#.utf8)
    JSONWriter.write(subject.path, to: &bytes)
    bytes.append(contentsOf: #","tenant":"#.utf8)
    JSONWriter.write(subject.tenant, to: &bytes)
    bytes.append(contentsOf: #","time":"#.utf8)
    JSONWriter.write(time, to: &bytes)
    bytes.append(contentsOf: #","type":"#.utf8)
    JSONWriter.write(type, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }
}
