import Foundation
import HearthCommand
import Testing

@Suite("Children of the supervisor")
struct ChildProcessTests {
  private static func child(_ script: String, log: String) throws -> ChildProcess {
    try ChildProcess(name: "test", executable: "/bin/sh", arguments: ["-c", script], log: log)
  }

  private static func log() -> String { NSTemporaryDirectory() + "child-\(UUID().uuidString).log" }

  @Test("two that share a log keep each other's lines")
  func sharedLog() async throws {
    let log = Self.log()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let script = "for n in $(seq 200); do echo line-of-$0-$n; done"
    let children = try (0..<3).map { _ in try Self.child(script, log: log) }
    for child in children { #expect(await child.wait() == 0) }
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 600)
    #expect(lines.allSatisfy { $0.hasPrefix("line-of-") })
  }

  @Test(
    "one says how it ended",
    arguments: [("exit 0", "0"), ("exit 5", "5"), ("kill -9 $$", "signal 9")]
  )
  func ending(script: String, expected: String) async throws {
    let log = Self.log()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let child = try Self.child(script, log: log)
    _ = await child.wait()
    #expect(child.ending == expected)
  }

  @Test("one that does not end when asked is gone when the stop returns")
  func killed() async throws {
    let log = Self.log()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let gate = log + ".gate"
    #expect(mkfifo(gate, 0o600) == 0)
    defer { try? FileManager.default.removeItem(atPath: gate) }
    let child = try Self.child("trap '' TERM; echo ready >'\(gate)'; while :; do sleep 0.05; done", log: log)
    // Asked before the trap stands, it would end by itself: opening the pipe waits for the child, which opens it after.
    let pipe = try #require(FileHandle(forReadingAtPath: gate))
    #expect(try pipe.readToEnd() == Data("ready\n".utf8))
    #expect(child.ending == nil)
    await child.stop(within: 0)
    #expect(!child.isRunning)
    #expect(child.ending == "signal 9")
  }
}
