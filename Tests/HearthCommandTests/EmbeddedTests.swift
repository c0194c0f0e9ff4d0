import Foundation
import HearthCommand
import Testing

/// A folder that goes away with the value that holds it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("hearth-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("The embedded instance's files")
struct EmbeddedTests {
  @Test("endpoints are read as they were written")
  func endpoints() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/endpoints.json"
    #expect(EmbeddedEndpoints.read(path) == nil)
    let text = #"{"ingest":8080,"kafka":"127.0.0.1:4","services":{"tagger":8081},"store":"host=/x","supervisor":17}"#
    try folder.write("endpoints.json", text.utf8)
    let endpoints = try #require(EmbeddedEndpoints.read(path))
    #expect(endpoints.kafka == "127.0.0.1:4")
    #expect(endpoints.store == "host=/x")
    #expect(endpoints.ingest == 8080)
    #expect(endpoints.services == ["tagger": 8081])
    #expect(endpoints.supervisor == 17)
    try endpoints.write(path)
    let written = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    #expect(written.filter { !$0.isWhitespace } == text)
  }

  @Test("a file that holds something else is none")
  func damaged() throws {
    let folder = try TemporaryFolder()
    try folder.write("endpoints.json", #"{"kafka":"x"}"#.utf8)
    #expect(EmbeddedEndpoints.read(folder.path + "/endpoints.json") == nil)
    try folder.write("endpoints.json", [0xFF, 0x00])
    #expect(EmbeddedEndpoints.read(folder.path + "/endpoints.json") == nil)
  }

  @Test("two folders have two socket folders, short enough for a Unix socket")
  func sockets() {
    let long = EmbeddedLayout(root: "/" + String(repeating: "long/", count: 60))
    let other = EmbeddedLayout(root: "/b/.hearth")
    #expect(long.socketFolder != other.socketFolder)
    #expect(long.socketFolder.utf8.count + "/.s.PGSQL.5432".utf8.count <= 107)
    #expect(other.socketFolder == EmbeddedLayout(root: "/b/x/../.hearth").socketFolder)
  }
}

@Suite("A playbook's folder")
struct PlaybookFolderTests {
  private func failure(_ path: String) throws -> CommandFailure {
    try #require(throws: CommandFailure.self) { try PlaybookFolder.read(path) }
  }

  @Test("its YAML files are read by name; a file of its own is a playbook too")
  func read() throws {
    let folder = try TemporaryFolder()
    for name in ["b.yml", "a.yaml", "README.md"] { try folder.write(name, name.utf8) }
    #expect(try PlaybookFolder.read(folder.path).map(\.name) == ["a.yaml", "b.yml"])
    #expect(try PlaybookFolder.read(folder.path + "/a.yaml").map(\.text) == ["a.yaml"])
  }

  @Test("a folder that is not there, is empty, or holds other bytes than text is told")
  func faults() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    #expect(
      try failure(path + "/none").description
        == "error: playbook is not there at \(path)/none: expected a folder of YAML files\n"
        + "next: hearth playbook validate FOLDER"
    )
    #expect(
      try failure(path).description == "error: playbook is empty at \(path): expected a folder with .yaml files\n"
        + "next: hearth playbook validate FOLDER"
    )
    try folder.write("a.yaml", [0x61, 0xFF])
    let unreadable = try failure(path)
    #expect(
      unreadable.description == "error: playbook file cannot be read at \(path)/a.yaml: expected UTF-8 text\n"
        + "next: mend the file, then hearth playbook validate \(path)"
    )
    #expect(unreadable.code == .invalidInput)
  }
}
