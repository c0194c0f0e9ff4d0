import Foundation

/// A file of an import, unpacked where its name ends in `.gz` or `.zst`.
package enum SourceFile {
  /// Bytes of one file, unpacked: what is beyond belongs into several files (an import holds its files in memory).
  package static let bytesMax = 2 << 30

  /// Unpackers by the end of a file's name, each a program of Debian's package of the same name.
  private static let unpackers = [".gz": "gzip", ".zst": "zstd"]

  /// Throws a failure that names the file when it cannot be read, cannot be unpacked, or is too large.
  package static func read(_ path: String, bytesMax: Int = bytesMax) throws(CommandFailure) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure(.invalidInput, "file cannot be read", at: path)
    }
    defer { try? handle.close() }
    guard let (_, program) = unpackers.first(where: { path.hasSuffix($0.key) }) else {
      return try bytes(of: handle, path, bytesMax)
    }
    guard let executable = executable(program) else {
      throw CommandFailure(
        .invalidInput,
        "file cannot be unpacked",
        at: path,
        expected: "the program \(program)",
        got: "none on the PATH",
        next: "apt-get install \(program)"
      )
    }
    let process = Process()
    process.executableURL = executable
    process.arguments = ["-dc"]
    process.standardInput = handle
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch {
      throw CommandFailure(.invalidInput, "file cannot be unpacked", at: path, expected: "\(program) to start")
    }
    let content: [UInt8]
    do {
      content = try bytes(of: output.fileHandleForReading, path, bytesMax)
    } catch {
      process.terminate()
      process.waitUntilExit()
      throw error
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailure(.invalidInput, "file cannot be unpacked", at: path, expected: "a whole file of \(program)")
    }
    return content
  }

  private static func bytes(
    of handle: FileHandle,
    _ path: String,
    _ bytesMax: Int
  ) throws(CommandFailure) -> [UInt8] {
    var content: [UInt8] = []
    while true {
      let piece: Data?
      do { piece = try handle.read(upToCount: 1 << 20) } catch {
        throw CommandFailure(.invalidInput, "file cannot be read", at: path)
      }
      guard let piece, !piece.isEmpty else { return content }
      content.append(contentsOf: piece)
      guard content.count <= bytesMax else {
        throw CommandFailure(
          .invalidInput,
          "file is too large",
          at: path,
          expected: "\(bytesMax) bytes unpacked at most",
          next: "split it; a source may be named several times"
        )
      }
    }
  }

  private static func executable(_ name: String) -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { URL(fileURLWithPath: "\($0)/\(name)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
