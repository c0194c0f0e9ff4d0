import Foundation
import HearthCommand
import Testing

@Suite("Files of an import")
struct SourceFileTests {
  private static let text = String(repeating: "member,points\n900,3\n", count: 5_000)

  /// The text in a folder of its own, packed by the program whose ending is asked for.
  private func packed(_ ending: String, _ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "hearth-source-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let plain = folder + "/points.csv"
    try Self.text.write(toFile: plain, atomically: true, encoding: .utf8)
    guard let program = ["gz": "gzip", "zst": "zstd"][ending] else { return try body(plain) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, "-q", plain]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) packs the file")
    try body(plain + "." + ending)
  }

  @Test("a plain file and packed ones are read alike", arguments: ["csv", "gz", "zst"])
  func alike(ending: String) throws {
    try packed(ending) { path in
      let content = try SourceFile.read(path)
      #expect(content == Array(Self.text.utf8))
    }
  }

  @Test("a damaged packed file is refused with its name", arguments: ["gz", "zst"])
  func damaged(ending: String) throws {
    try packed(ending) { path in
      let content = try #require(FileManager.default.contents(atPath: path))
      try content.prefix(content.count / 2).write(to: URL(fileURLWithPath: path))
      let failure = #expect(throws: CommandFailure.self) { try SourceFile.read(path) }
      #expect(failure?.description.contains(path) == true)
      #expect(failure?.description.contains("cannot be unpacked") == true)
    }
  }

  @Test("what unpacks to more than the bound is refused", arguments: ["csv", "gz", "zst"])
  func tooLarge(ending: String) throws {
    try packed(ending) { path in
      let failure = #expect(throws: CommandFailure.self) {
        try SourceFile.read(path, bytesMax: Self.text.utf8.count - 1)
      }
      #expect(failure?.description.contains("too large") == true)
    }
  }

  @Test("a file that is not there is refused with its name")
  func absent() {
    let failure = #expect(throws: CommandFailure.self) { try SourceFile.read("/nowhere/orders.csv.zst") }
    #expect(failure?.description.contains("/nowhere/orders.csv.zst") == true)
  }
}
