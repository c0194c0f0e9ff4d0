import Digests
import EventModel

/// The events of an import in the order of (time, id), as canonical JSON.
package struct SortedImport: Sendable {
  private struct Entry {
    var time: Int64
    var idStart: Int
    var start: Int
    var length: Int32
    var idLength: Int32
    var source: Int32
    var line: Int32
  }

  private var entries: [Entry] = []
  private var bytes: [UInt8] = []
  private var ids: [UInt8] = []

  /// Number of events.
  package var count: Int { entries.count }
  /// Time of the first event; `nil` without events.
  package var firstTime: Instant? { entries.first.map { Instant(milliseconds: $0.time) } }
  /// Time of the last event; `nil` without events.
  package var lastTime: Instant? { entries.last.map { Instant(milliseconds: $0.time) } }

  /// The event at `index` as JSON.
  package subscript(index: Int) -> ArraySlice<UInt8> {
    let entry = entries[index]
    return bytes[entry.start..<(entry.start + Int(entry.length))]
  }

  /// Where the event at `index` comes from: the source's index in the mapping, and the line of its file.
  package func origin(of index: Int) -> (source: Int, line: Int) {
    (Int(entries[index].source), Int(entries[index].line))
  }

  /// NDJSON of the events from `row`: as many as fit and as span at most `spanMax`, at least one while there are any.
  package func chunk(
    from row: Int,
    bytesMax: Int = 4 << 20,
    eventsMax: Int = 2500,
    spanMax: TimeSpan = ImportSessions.spanMax
  ) -> (body: [UInt8], count: Int) {
    var body: [UInt8] = []
    var index = row
    while index < entries.count, index - row < eventsMax {
      let event = self[index]
      if index > row {
        if body.count + event.count + 1 > bytesMax { break }
        if entries[index].time - entries[row].time > spanMax.milliseconds { break }
      }
      body.append(contentsOf: event)
      body.append(10)
      index += 1
    }
    return (body, index - row)
  }

  mutating func append(_ event: [UInt8], time: Instant, id: String, source: Int, line: Int) {
    let id = Array(id.utf8)
    entries.append(
      Entry(
        time: time.milliseconds,
        idStart: ids.count,
        start: bytes.count,
        length: Int32(event.count),
        idLength: Int32(id.count),
        source: Int32(source),
        line: Int32(clamping: line)
      )
    )
    ids.append(contentsOf: id)
    bytes.append(contentsOf: event)
  }

  /// By time, then id by its bytes, then as appended.
  mutating func sort() {
    let ids = ids
    entries.sort { left, right in
      if left.time != right.time { return left.time < right.time }
      let leftID = ids[left.idStart..<(left.idStart + Int(left.idLength))]
      let rightID = ids[right.idStart..<(right.idStart + Int(right.idLength))]
      if leftID == rightID { return left.start < right.start }
      return leftID.lexicographicallyPrecedes(rightID)
    }
  }
}

/// What an import is known by.
package struct ImportIdentity: Hashable, Sendable {
  /// SHA-256 of both digests, hexadecimal.
  package let id: String
  /// SHA-256 of the files' digests, in order.
  package let filesDigest: [UInt8]
  /// SHA-256 of the mapping's text.
  package let mappingDigest: [UInt8]

  /// `files`: the unpacked contents in the order of the mapping's sources.
  package init(mapping: [UInt8], files: [[UInt8]]) {
    mappingDigest = sha256(mapping)
    // Digests of fixed length, so that no bytes can move from one file to the next unseen.
    filesDigest = sha256(files.flatMap { sha256($0) })
    id = hexadecimal(sha256(filesDigest + mappingDigest))
  }
}
