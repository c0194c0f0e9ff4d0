import EventModel
import Foundation
import HTTPChannels
import PipelinePorts
import Testing

private func message(_ touch: String, isReplay: Bool = false) -> OutgoingMessage {
  OutgoingMessage(
    tenant: "shop",
    touch: touch,
    body: Array(#"{"text":"好"}"#.utf8),
    attemptedAt: Instant(milliseconds: 1_780_000_000_000),
    isReplay: isReplay
  )
}

/// A path in a folder of its own, removed afterwards.
private func withPath(_ body: (String) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hearth-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try await body(folder.appendingPathComponent("touches.jsonl").path)
}

private func lines(_ path: String) throws -> [String] {
  try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
}

private func code(opening path: String) -> String? {
  do throws(AdapterFailure) {
    _ = try FileChannel(path: path)
    return nil
  } catch {
    return error.code
  }
}

@Suite struct FileChannelTests {
  @Test("Each touch is one line of JSON, also when many are delivered at once, and says whether it is a replay")
  func lineForm() async throws {
    try await withPath { path in
      let channel = try FileChannel(path: path)
      await withTaskGroup(of: DeliveryResult.self) { group in
        for number in 0..<500 {
          group.addTask { await channel.deliver(message("t/\(number)\"\\", isReplay: number.isMultiple(of: 2))) }
        }
        for await result in group { #expect(result == .sent) }
      }
      await channel.close()
      var touches: Set<String> = []
      for line in try lines(path) {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let touch = try #require(object["touch"] as? String)
        touches.insert(touch)
        let number = try #require(Int(touch.dropFirst(2).dropLast(2)))
        #expect(object["mode"] as? String == (number.isMultiple(of: 2) ? "replay" : "live"))
        #expect((object["message"] as? [String: String]) == ["text": "好"])
      }
      #expect(touches.count == 500)
      #expect(try lines(path).count == 500)
    }
  }

  @Test("A touch is in the file once, within a run and across restarts")
  func idempotent() async throws {
    try await withPath { path in
      for run in 0..<3 {
        let channel = try FileChannel(path: path)
        for touch in ["a", "b", "a", "esc\"aped", "run\(run)"] {
          #expect(await channel.deliver(message(touch)) == .sent)
        }
        await channel.close()
      }
      #expect(try lines(path).count == 6)
    }
  }

  @Test("Half a last line, as a crash leaves it, is cut off and its touch written anew")
  func torn() async throws {
    try await withPath { path in
      var channel = try FileChannel(path: path)
      _ = await channel.deliver(message("a"))
      _ = await channel.deliver(message("b"))
      await channel.close()
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      let first = try #require(whole.firstIndex(of: 10)) + 1
      for kept in [first, first + 1, first + 12, whole.count - 1] {
        try whole.prefix(kept).write(to: URL(fileURLWithPath: path))
        channel = try FileChannel(path: path)
        #expect(await channel.deliver(message("a")) == .sent)
        #expect(await channel.deliver(message("b")) == .sent)
        await channel.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole, "cut at \(kept)")
      }
    }
  }

  @Test("A file that is not of touches is refused and left as it is; one held by another is refused too")
  func refused() async throws {
    try await withPath { path in
      for text in ["hello\n", "hello", "{\"other\":1}\n"] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(code(opening: path) == "FORM")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
      }
      try Data().write(to: URL(fileURLWithPath: path))
      let channel = try FileChannel(path: path)
      #expect(code(opening: path) == "errno \(EWOULDBLOCK)")
      await channel.close()
      #expect(code(opening: path + "/no/such/folder") == "errno \(ENOTDIR)")
    }
  }

  @Test("A message that is not one line, or too long, is refused alone")
  func refusedMessages() async throws {
    try await withPath { path in
      let channel = try FileChannel(path: path)
      var broken = message("a")
      broken.body = Array("{\n}".utf8)
      #expect(await channel.deliver(broken) == .permanent(reason: "message refused"))
      broken.body = [UInt8](repeating: 32, count: 300_000)
      #expect(await channel.deliver(broken) == .permanent(reason: "message refused"))
      #expect(await channel.deliver(message("a")) == .sent)
      await channel.close()
      #expect(await channel.deliver(message("b")) == .retriable(reason: "channel closed", retryAfter: nil))
      #expect(try lines(path).count == 1)
    }
  }
}
