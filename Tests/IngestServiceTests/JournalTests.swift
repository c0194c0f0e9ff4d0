import EventJournal
import EventModel
import Glibc
import PipelinePorts
import Synchronization
import Testing

/// A directory that goes away with the value that holds it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/hearth-journal-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
    }
  }

  var segments: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix("segment-") { names.append(path + "/" + name) }
    }
    return names.sorted()
  }

  deinit {
    for name in segments { unlink(name) }
    unlink(path + "/lock")
    rmdir(path)
  }
}

/// Writes at most `room` bytes, then says that the disk is full; may cut a write short.
final class SmallDisk: JournalDisk {
  private let room: Mutex<Int>
  private let syncFailure: Mutex<Int> = Mutex(0)
  private let system = SystemDisk()

  init(room: Int) { self.room = Mutex(room) }

  func make(room bytes: Int) { room.withLock { $0 = bytes } }
  func failSyncs(_ code: Int) { syncFailure.withLock { $0 = code } }

  func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    let count = room.withLock { room in
      let count = min(room, bytes.count)
      room -= count
      return count
    }
    guard count > 0 else { return -Int(ENOSPC) }
    return system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<count]))
  }

  func sync(_ descriptor: Int32) -> Int {
    let code = syncFailure.withLock { $0 }
    return code == 0 ? system.sync(descriptor) : code
  }
}

func contents(_ path: String) -> [UInt8] {
  let file = open(path, O_RDONLY)
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
  pread(file, &bytes, bytes.count, 0)
  return bytes
}

func replace(_ path: String, _ bytes: [UInt8]) {
  let file = open(path, O_WRONLY | O_TRUNC)
  defer { close(file) }
  write(file, bytes, bytes.count)
}

@Suite("The journal")
struct JournalTests {
  private func record(_ number: Int, bytes: Int = 20) -> OutboundRecord {
    OutboundRecord(
      topic: Topic.events,
      partition: number % 3 == 0 ? nil : Int32(number % 3),
      key: Array("k\(number)".utf8),
      value: number % 7 == 6 ? nil : [UInt8](repeating: UInt8(number & 255), count: bytes),
      headers: number % 2 == 0 ? [] : [LogHeader(name: "h", value: [1, 2])]
    )
  }

  private func all(_ journal: EventJournal) async throws -> [JournalBatch] {
    var batches: [JournalBatch] = []
    while true {
      let more = try await journal.batches(after: batches.last?.position ?? 0)
      if more.isEmpty { return batches }
      batches += more
    }
  }

  @Test("what was appended is read back after opening again, with its acknowledgements")
  func survives() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path, segmentBytesMax: 200)
    let place = WrittenPosition(partition: PartitionID(topic: Topic.events, partition: 2), offset: 41)
    let journal = try EventJournal(configuration)
    for number in 1...10 {
      #expect(try await journal.append([record(number), record(number + 1)]) == Int64(number))
    }
    journal.acknowledge(3, logEpoch: 7, written: [place])
    await journal.close()
    let again = try EventJournal(configuration)
    #expect(again.recovery.lastPosition == 10)
    #expect(again.recovery.segments > 3)
    #expect(again.recovery.tornBytes == 0)
    let batches = try await all(again)
    #expect(batches.map(\.position) == Array(1...10))
    #expect(batches.map(\.records) == (1...10).map { [record($0), record($0 + 1)] })
    #expect(batches[2].acknowledgements == [JournalAcknowledgement(logEpoch: 7, written: [place])])
    #expect(batches[3].acknowledgements.isEmpty)
    #expect(try await again.append([record(11)]) == 11)
    await again.close()
  }

  @Test("appends at once share writes and each gets its own position")
  func group() async throws {
    let directory = TemporaryDirectory()
    let journal = try EventJournal(JournalConfiguration(directory: directory.path))
    let positions = try await withThrowingTaskGroup(of: (Int, Int64).self) { group in
      for number in 0..<200 { group.addTask { (number, try await journal.append([record(number)])) } }
      return try await group.reduce(into: [:]) { $0[$1.1] = $1.0 }
    }
    #expect(positions.count == 200)
    for batch in try await all(journal) {
      #expect(batch.records == [record(positions[batch.position] ?? -1)])
    }
    await journal.close()
  }

  @Test("an unfinished last write is cut off, wherever it was torn")
  func torn() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path)
    let journal = try EventJournal(configuration)
    _ = try await journal.append([record(1)])
    let before = contents(directory.segments[0])
    _ = try await journal.append([record(2)])
    await journal.close()
    let whole = contents(directory.segments[0])
    for length in before.count..<whole.count {
      replace(directory.segments[0], Array(whole[..<length]))
      let again = try EventJournal(configuration)
      #expect(again.recovery.lastPosition == 1)
      #expect(again.recovery.tornBytes == length - before.count)
      #expect(try await again.append([record(3)]) == 2)
      #expect(try await all(again).map(\.records) == [[record(1)], [record(3)]])
      await again.close()
    }
  }

  @Test("a segment that was begun but never headed is taken away")
  func empty() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path)
    let journal = try EventJournal(configuration)
    _ = try await journal.append([record(1)])
    await journal.close()
    replace(directory.segments[0], [72, 69])
    let again = try EventJournal(configuration)
    #expect(again.recovery.tornBytes == 2)
    #expect(try await again.append([record(1)]) == 1)
    await again.close()
  }

  @Test("damage in the middle is named and nothing is cut")
  func corrupt() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path)
    let journal = try EventJournal(configuration)
    for number in 1...3 { _ = try await journal.append([record(number)]) }
    await journal.close()
    var bytes = contents(directory.segments[0])
    bytes[40] ^= 1
    replace(directory.segments[0], bytes)
    let failure = #expect(throws: AdapterFailure.self) { try EventJournal(configuration) }
    #expect(failure?.code == "JOURNAL_CORRUPT")
    #expect(
      failure?.reason == "journal segment segment-00000000000000000001.journal is damaged at byte 16"
    )
    #expect(contents(directory.segments[0]) == bytes)
  }

  @Test("a second opener is refused while the first holds the journal")
  func locked() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path)
    let journal = try EventJournal(configuration)
    #expect(#expect(throws: AdapterFailure.self) { try EventJournal(configuration) }?.code == "JOURNAL_LOCKED")
    await journal.close()
    await (try EventJournal(configuration)).close()
  }

  @Test("a full disk fails the append, retriable, leaves nothing of it and heals")
  func full() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path)
    let disk = SmallDisk(room: 1000)
    let journal = try EventJournal(configuration, disk: disk)
    #expect(try await journal.append([record(1)]) == 1)
    disk.make(room: 30)
    let failure = await #expect(throws: AdapterFailure.self) { try await journal.append([record(2, bytes: 900)]) }
    #expect(failure?.code == "ENOSPC")
    #expect(failure?.disposition == .retriable)
    disk.make(room: 10_000)
    #expect(try await journal.append([record(3)]) == 2)
    disk.failSyncs(-Int(ENOSPC))
    #expect(await #expect(throws: AdapterFailure.self) { try await journal.append([record(4)]) }?.code == "ENOSPC")
    disk.failSyncs(0)
    #expect(try await journal.append([record(5)]) == 3)
    await journal.close()
    let again = try EventJournal(configuration)
    #expect(try await all(again).map(\.records) == [[record(1)], [record(3)], [record(5)]])
    await again.close()
  }

  @Test("after a failed fsync of a broken disk the journal refuses all further work")
  func broken() async throws {
    let directory = TemporaryDirectory()
    let disk = SmallDisk(room: 10_000)
    let journal = try EventJournal(JournalConfiguration(directory: directory.path), disk: disk)
    _ = try await journal.append([record(1)])
    disk.failSyncs(-Int(EIO))
    let failure = await #expect(throws: AdapterFailure.self) { try await journal.append([record(2)]) }
    #expect(failure?.disposition == .fatal)
    disk.failSyncs(0)
    #expect(await #expect(throws: AdapterFailure.self) { try await journal.append([record(3)]) }?.code == "EIO")
    await journal.close()
  }

  @Test("pruning takes the oldest segments as far as all is folded, and makes room under the bound")
  func prune() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path, segmentBytesMax: 100, bytesMax: 2000)
    let journal = try EventJournal(configuration)
    let partition = PartitionID(topic: Topic.events, partition: 0)
    var position: Int64 = 0
    while true {
      do {
        position = try await journal.append([record(1)])
      } catch {
        #expect(error.code == "JOURNAL_FULL")
        break
      }
      journal.acknowledge(
        position,
        logEpoch: 1,
        written: [WrittenPosition(partition: partition, offset: position - 1)]
      )
    }
    let before = directory.segments
    let pruned = try await journal.prune { note in note.logEpoch == 1 && note.written.allSatisfy { $0.offset < 5 } }
    #expect(pruned > 0)
    #expect(Set(before).subtracting(directory.segments) == Set(before.prefix(pruned)))
    #expect(try await all(journal).first.map { $0.position <= 6 } == true)
    #expect(try await journal.append([record(1)]) == position + 1)
    await journal.close()
    #expect(try EventJournal(configuration).recovery.lastPosition == position + 1)
  }
}
