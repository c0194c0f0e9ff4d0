import Glibc
import PipelinePorts

/// The directory's files: what is on disk, and the segment being written.
///
/// `@unchecked Sendable`: not guarded; entered only on the journal's own queue, or before the journal exists.
final class JournalFiles: @unchecked Sendable {
  struct Segment {
    var firstPosition: Int64
    /// Position of its newest batch; `firstPosition - 1` while it has none.
    var lastPosition: Int64
    var bytes: Int
    var path: String
  }

  private let configuration: JournalConfiguration
  private let disk: any JournalDisk
  private var lock: Int32
  private var descriptor: Int32 = -1
  /// Ordered; the last one is being written.
  private(set) var segments: [Segment] = []
  private(set) var acknowledgements: [Int64: [JournalAcknowledgement]] = [:]
  private(set) var recovery = JournalRecovery(lastPosition: 0, segments: 0, bytes: 0, tornBytes: 0)
  /// Set when the files can no longer be trusted to be what this object thinks.
  private var broken: AdapterFailure?

  init(_ configuration: JournalConfiguration, disk: any JournalDisk) throws(AdapterFailure) {
    self.configuration = configuration
    self.disk = disk
    self.lock = try Self.takeLock(configuration.directory)
    do throws(AdapterFailure) {
      try recover()
    } catch {
      closeAll()
      throw error
    }
  }

  deinit { closeAll() }

  var bytes: Int { segments.reduce(0) { $0 + $1.bytes } }
  var lastPosition: Int64 { segments.last?.lastPosition ?? 0 }

  private static func takeLock(_ directory: String) throws(AdapterFailure) -> Int32 {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
      throw systemFailure("make its directory", errno: errno)
    }
    let lock = open(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw systemFailure("open its lock", errno: errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw AdapterFailure(code: "JOURNAL_LOCKED", reason: "another process holds the journal", disposition: .fatal)
    }
    return lock
  }

  func closeAll() {
    if descriptor >= 0 { close(descriptor) }
    if lock >= 0 { close(lock) }
    descriptor = -1
    lock = -1
    broken = broken ?? AdapterFailure(code: "JOURNAL_CLOSED", reason: "the journal is closed", disposition: .fatal)
  }

  // MARK: Opening

  private func recover() throws(AdapterFailure) {
    let paths = try segmentPaths()
    for (index, path) in paths.enumerated() {
      let isLast = index == paths.count - 1
      let content = try read(path)
      let scan = SegmentScan(content)
      if let damage = scan.damage { throw Self.corrupt(path, at: damage) }
      if !isLast, scan.goodBytes < content.count || content.isEmpty { throw Self.corrupt(path, at: scan.goodBytes) }
      if scan.goodBytes < JournalFrame.segmentHeaderBytes {
        // Begun and never written to: its first frame cannot have been acknowledged.
        recovery.tornBytes += content.count
        unlink(path)
        continue
      }
      try note(scan, path: path)
      guard isLast else { continue }
      recovery.tornBytes += content.count - scan.goodBytes
      try reopen(path, bytes: scan.goodBytes)
    }
    recovery.lastPosition = lastPosition
    recovery.segments = segments.count
    recovery.bytes = bytes
  }

  private func note(_ scan: SegmentScan, path: String) throws(AdapterFailure) {
    var last = scan.firstPosition - 1
    if let previous = segments.last, previous.lastPosition != last { throw Self.corrupt(path, at: 8) }
    for entry in scan.entries {
      switch entry {
      case .batch(let position, _):
        guard position == last + 1 else { throw Self.corrupt(path, at: scan.goodBytes) }
        last = position
      case .acknowledgement(let position, let note): acknowledgements[position, default: []].append(note)
      }
    }
    segments.append(
      Segment(firstPosition: scan.firstPosition, lastPosition: last, bytes: scan.goodBytes, path: path)
    )
  }

  private func reopen(_ path: String, bytes: Int) throws(AdapterFailure) {
    descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemFailure("open a segment", errno: errno) }
    guard ftruncate(descriptor, off_t(bytes)) == 0, lseek(descriptor, off_t(bytes), SEEK_SET) >= 0 else {
      throw systemFailure("cut a segment's unfinished end", errno: errno)
    }
  }

  private static func corrupt(_ path: String, at offset: Int) -> AdapterFailure {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return AdapterFailure(
      code: "JOURNAL_CORRUPT",
      reason: "journal segment \(name) is damaged at byte \(offset)",
      disposition: .fatal
    )
  }

  private func segmentPaths() throws(AdapterFailure) -> [String] {
    guard let directory = opendir(configuration.directory) else {
      throw systemFailure("list its directory", errno: errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix("segment-"), name.hasSuffix(".journal") { names.append(name) }
    }
    return names.sorted().map { configuration.directory + "/" + $0 }
  }

  private func read(_ path: String) throws(AdapterFailure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw systemFailure("open a segment", errno: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw systemFailure("measure a segment", errno: errno) }
    let size = Int(status.st_size)
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(file, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0 { failure = errno }
        guard got > 0 else { return }
        count += got
      }
    }
    guard failure == 0 else { throw systemFailure("read a segment", errno: failure) }
    return bytes
  }

  // MARK: Writing

  /// Remembers acknowledgements, whether or not they can be written: pruning may go by them.
  func note(_ notes: [(Int64, JournalAcknowledgement)]) {
    for (position, note) in notes where acknowledgements[position]?.contains(note) != true {
      acknowledgements[position, default: []].append(note)
    }
  }

  /// One write and fsync of a frame that holds the batches up to `lastPosition`. On failure nothing of it stays.
  ///
  /// A frame of acknowledgements alone is not held to `bytesMax`: it is what lets pruning make room.
  func write(_ frame: [UInt8], lastPosition: Int64) throws(AdapterFailure) {
    if let broken { throw broken }
    guard lastPosition == self.lastPosition || bytes + frame.count <= configuration.bytesMax else {
      throw AdapterFailure(
        code: "JOURNAL_FULL",
        reason: "the journal holds \(configuration.bytesMax) bytes that are not folded yet",
        disposition: .retriable
      )
    }
    if segments.isEmpty || segments[segments.count - 1].bytes >= configuration.segmentBytesMax || descriptor < 0 {
      try beginSegment()
    }
    let current = segments.count - 1
    let end = segments[current].bytes
    do throws(AdapterFailure) {
      try put(frame)
    } catch {
      cut(to: end)
      // After a failed fsync of any other cause than room, nobody knows what the disk holds.
      if error.disposition == .fatal { broken = error }
      throw broken ?? error
    }
    segments[current].bytes = end + frame.count
    segments[current].lastPosition = lastPosition
  }

  private func put(_ bytes: [UInt8]) throws(AdapterFailure) {
    let code = bytes.withUnsafeBytes { buffer -> Int in
      var done = 0
      while done < buffer.count {
        let count = disk.write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[done...]))
        if count == -Int(EINTR) { continue }
        guard count > 0 else { return count == 0 ? -Int(EIO) : count }
        done += count
      }
      return disk.sync(descriptor)
    }
    guard code < 0 else { return }
    throw systemFailure("write", errno: Int32(-code))
  }

  /// Takes an unfinished frame off the end. If that fails, this object refuses all further work.
  private func cut(to end: Int) {
    if ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) >= 0 { return }
    var failure = systemFailure("take back an unfinished write", errno: errno)
    failure.disposition = .fatal
    broken = failure
  }

  private func beginSegment() throws(AdapterFailure) {
    let first = lastPosition + 1
    let digits = String(first)
    let name = "segment-" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".journal"
    let path = configuration.directory + "/" + name
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw systemFailure("begin a segment", errno: errno) }
    let previous = descriptor
    descriptor = file
    do throws(AdapterFailure) {
      try put(JournalFrame.segmentHeader(firstPosition: first))
      try syncDirectory()
    } catch {
      close(file)
      unlink(path)
      descriptor = previous
      throw error
    }
    if previous >= 0 { close(previous) }
    segments.append(
      Segment(firstPosition: first, lastPosition: first - 1, bytes: JournalFrame.segmentHeaderBytes, path: path)
    )
  }

  private func syncDirectory() throws(AdapterFailure) {
    let directory = open(configuration.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw systemFailure("open its directory", errno: errno) }
    defer { close(directory) }
    let code = disk.sync(directory)
    guard code >= 0 else { throw systemFailure("sync its directory", errno: Int32(-code)) }
  }

  // MARK: Reading and pruning

  /// The batches past `position` of the first segment that holds any.
  func batches(after position: Int64) throws(AdapterFailure) -> [JournalBatch] {
    guard let segment = segments.first(where: { $0.lastPosition > position }) else { return [] }
    var batches: [JournalBatch] = []
    for entry in SegmentScan(Array(try read(segment.path).prefix(segment.bytes))).entries {
      guard case .batch(let number, let records) = entry, number > position else { continue }
      batches.append(
        JournalBatch(position: number, records: records, acknowledgements: acknowledgements[number] ?? [])
      )
    }
    guard batches.last?.position == segment.lastPosition else { throw Self.corrupt(segment.path, at: 0) }
    return batches
  }

  /// Deletes leading segments, never the newest, whose every batch has an acknowledgement that `isFolded` finds true.
  func prune(isFolded: (JournalAcknowledgement) -> Bool) throws(AdapterFailure) -> Int {
    var pruned = 0
    while segments.count > 1 {
      let segment = segments[0]
      let positions = segment.firstPosition..<(segment.lastPosition + 1)
      guard positions.allSatisfy({ (acknowledgements[$0] ?? []).contains(where: isFolded) }) else { break }
      guard unlink(segment.path) == 0 || errno == ENOENT else { throw systemFailure("remove a segment", errno: errno) }
      for position in positions { acknowledgements[position] = nil }
      segments.removeFirst()
      pruned += 1
    }
    return pruned
  }
}
