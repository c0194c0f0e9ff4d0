import EventModel
import Foundation
import Glibc
import PipelinePorts

/// The file behind `FileChannel`. Not for several threads at once.
final class TouchFile {
  private var descriptor: Int32
  private let idsMax: Int
  /// Ids in the file as they stand there (JSON text between the quotes), newest last.
  private var ids: Set<[UInt8]> = []
  private var order: [[UInt8]] = []
  /// Index in `order` of the oldest id still remembered.
  private var oldest = 0
  /// Bytes of whole, synced lines.
  private var length: off_t = 0
  /// A write failed and could not be undone: the file may end in half a line.
  private var isBroken = false

  static let lineBytesMax = 262_144
  private static let chunkBytes = 1 << 20
  private static let prefix = Array("{\"touch\":\"".utf8)

  init(path: String, idsMax: Int) throws(AdapterFailure) {
    self.idsMax = idsMax
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw Self.failure("touch file does not open", .retriable) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Self.failure("another process holds the touch file", .retriable)
    }
    try readBack()
    Self.syncFolder(of: path)
  }

  deinit { close() }

  /// Lets go of the file; nothing may be appended afterwards.
  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
    isBroken = true
  }

  /// Writes those not in the file yet, with one fsync; a result each, in order.
  func append(_ messages: [OutgoingMessage]) -> [DeliveryResult] {
    guard !isBroken else { return messages.map { _ in Self.again("touch file broke") } }
    var bytes: [UInt8] = []
    var fresh: [[UInt8]] = []
    var results: [DeliveryResult] = []
    var batch: Set<[UInt8]> = []
    for message in messages {
      let id = Self.escaped(message.touch)
      if ids.contains(id) || !batch.insert(id).inserted {
        results.append(.sent)
        continue
      }
      let line = Self.line(message, id: id)
      guard line.count <= Self.lineBytesMax, !message.body.contains(UInt8(ascii: "\n")) else {
        batch.remove(id)
        results.append(.permanent(reason: "message refused"))
        continue
      }
      bytes += line
      fresh.append(id)
      results.append(.sent)
    }
    guard bytes.isEmpty || write(bytes) else {
      // The repetitions of touches in the file stand; the rest, also repetitions within the batch, come again.
      return zip(messages, results).map { message, result in
        result == .sent && !ids.contains(Self.escaped(message.touch)) ? Self.again("touch file not written") : result
      }
    }
    for id in fresh { remember(id) }
    return results
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        pwrite(descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done, length + off_t(done))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return undo() }
      done += count
    }
    guard fsync(descriptor) == 0 else { return undo() }
    length += off_t(bytes.count)
    return true
  }

  /// Cuts a half-written batch off again.
  private func undo() -> Bool {
    isBroken = ftruncate(descriptor, length) != 0
    return false
  }

  private func remember(_ id: [UInt8]) {
    ids.insert(id)
    order.append(id)
    guard order.count - oldest > idsMax else { return }
    ids.remove(order[oldest])
    order[oldest] = []
    oldest += 1
    if oldest > idsMax {
      order.removeFirst(oldest)
      oldest = 0
    }
  }

  private func readBack() throws(AdapterFailure) {
    var rest: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
    var offset: off_t = 0
    while true {
      let count = pread(descriptor, &chunk, chunk.count, offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure("touch file is not read", .retriable) }
      guard count > 0 else { break }
      offset += off_t(count)
      rest += chunk[..<count]
      try takeLines(of: &rest)
      guard rest.count <= Self.lineBytesMax else { throw Self.foreign }
    }
    // What follows the last newline was cut by a crash before its fsync and acknowledged to nobody. But never cut
    // what does not look like our line: it would be somebody else's file.
    if !rest.isEmpty {
      guard rest.starts(with: Self.prefix) || Self.prefix.starts(with: rest) else { throw Self.foreign }
      guard ftruncate(descriptor, length) == 0 else { throw Self.failure("touch file is not cut", .retriable) }
    }
  }

  private func takeLines(of bytes: inout [UInt8]) throws(AdapterFailure) {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard let id = Self.id(in: bytes[start..<end]) else { throw Self.foreign }
      if !ids.contains(id) { remember(id) }
      length += off_t(end + 1 - start)
      start = end + 1
    }
    bytes.removeFirst(start)
  }

  private static func id(in line: ArraySlice<UInt8>) -> [UInt8]? {
    guard line.starts(with: prefix) else { return nil }
    let text = line.dropFirst(prefix.count)
    var isEscaped = false
    for index in text.indices {
      if isEscaped {
        isEscaped = false
      } else if text[index] == UInt8(ascii: "\\") {
        isEscaped = true
      } else if text[index] == UInt8(ascii: "\"") {
        return Array(text[..<index])
      }
    }
    return nil
  }

  private static func escaped(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    JSONWriter.write(text, to: &bytes)
    return Array(bytes.dropFirst().dropLast())
  }

  private static func line(_ message: OutgoingMessage, id: [UInt8]) -> [UInt8] {
    var bytes = prefix + id
    bytes += Array("\",\"tenant\":".utf8)
    JSONWriter.write(message.tenant, to: &bytes)
    bytes += Array(",\"mode\":\"\(message.isReplay ? "replay" : "live")\",\"at\":\"\(message.attemptedAt.text)\"".utf8)
    bytes += Array(",\"message\":".utf8) + message.body + Array("}\n".utf8)
    return bytes
  }

  private static func again(_ reason: String) -> DeliveryResult { .retriable(reason: reason, retryAfter: nil) }

  private static var foreign: AdapterFailure {
    AdapterFailure(
      code: "FORM",
      reason: "touch file: expected lines that begin with \"touch\"",
      disposition: .permanent
    )
  }

  private static func failure(_ reason: String, _ disposition: Disposition) -> AdapterFailure {
    AdapterFailure(code: "errno \(errno)", reason: reason, disposition: disposition)
  }

  /// The name of a new file is durable only with its folder.
  private static func syncFolder(of path: String) {
    let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    Glibc.close(folder)
  }
}
