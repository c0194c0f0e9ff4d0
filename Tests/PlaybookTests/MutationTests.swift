import Foundation
import Playbook
import Testing

@Suite("Damaged playbooks")
struct MutationTests {
  /// `HEARTH_CASES` asks for more.
  private static let cases = ProcessInfo.processInfo.environment["HEARTH_CASES"].flatMap { UInt64($0) } ?? 40
  private static let pieces = [
    " ", "\n", ":", "{", "}", "[", "]", ",", "\"", "'", "*a", "&a ", "#", "|", ">", "- ", "? ", "\t", "%", "@",
    "!!str ",
    "文", "(", ")", " and ", "elapsed(", "1d", "\r\n", "\u{FEFF}", "...", "---", "\\",
  ]

  @Test("never stop the compiler, and every fault has a place in the file and a short text")
  func damaged() {
    let example = Array(ExamplePlaybook.text.unicodeScalars)
    for seed in 0..<Self.cases {
      var generator = Generator(seed: seed &+ 1_000)
      var scalars = example
      for _ in 0..<generator.number(1...4) {
        let start = generator.number(0...(scalars.count - 1))
        let end = min(scalars.count, start + generator.number(0...6))
        let piece = generator.chance(70) ? Self.pieces[generator.number(0...(Self.pieces.count - 1))] : ""
        scalars.replaceSubrange(start..<end, with: piece.unicodeScalars)
      }
      let text = String(String.UnicodeScalarView(scalars))
      let lines = text.unicodeScalars.filter { $0 == "\n" || $0 == "\r" }.count + 1
      do throws(PlaybookRejection) {
        _ = try compiled(text)
      } catch {
        #expect(!error.faults.isEmpty, "seed \(seed)")
        for fault in error.faults + error.warnings {
          #expect((1...lines).contains(fault.line) && fault.column >= 1, "seed \(seed): \(fault.text)")
          #expect(fault.found.count <= PlaybookFault.foundCharactersMax, "seed \(seed): \(fault.text)")
        }
      }
    }
  }
}
