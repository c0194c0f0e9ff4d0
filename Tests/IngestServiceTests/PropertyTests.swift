import EventCodec
import EventJournal
import EventModel
import IngestService
import PipelinePorts
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  mutating func text(_ alphabet: [String], _ lengthMax: Int) -> String {
    (0..<below(lengthMax + 1)).map { _ in alphabet[below(alphabet.count)] }.joined()
  }
}

@Suite("Seeded properties of ingest")
struct PropertyTests {
  @Test("a written CSV file reads back cell by cell, whatever stands in the cells")
  func csv() throws {
    let seed: UInt64 = 31
    var numbers = SeededNumbers(state: seed)
    let mapping = try ImportMapping(
      yaml: """
        import: p
        sources:
          - {file: a.csv, event: a.b, id: "{id}", subject: "member/1", time: "2020-01-01T00:00:00Z",
             data: {x: {column: x}, y: {column: y}}}
        """,
      file: "p.yaml"
    )
    for round in 0..<200 {
      var rows: [(x: String, y: String)] = []
      var file = "id,x,y" + (numbers.below(2) == 0 ? "\n" : "\r\n")
      for row in 0..<numbers.below(8) {
        let cells = (0..<2).map { _ in numbers.text(["a", "奶", ",", "\"", "\n", "\r\n", " ", ";"], 6) }
        rows.append((cells[0], cells[1]))
        let written = cells.map {
          "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        file += "r\(row)," + written.joined(separator: ",") + (numbers.below(2) == 0 ? "\n" : "\r\n")
      }
      var builder = ImportBuilder(mapping: mapping, tenant: "t")
      var rejects = 0
      try builder.add(source: 0, content: Array(file.utf8)) { _ in rejects += 1 }
      let sorted = builder.sorted()
      #expect(rejects == 0 && sorted.count == rows.count, "seed \(seed) round \(round)")
      for index in 0..<min(sorted.count, rows.count) {
        let event = try EventCodec.decode(Array(sorted[index]))
        let expected = [("x", rows[index].x), ("y", rows[index].y)].filter { !$0.1.isEmpty }
        let members = expected.map { Value.Member(name: $0.0, value: .string($0.1)) }
        #expect(event.data == .object(members), "seed \(seed) round \(round) row \(index)")
      }
    }
  }

  @Test("random bytes as a file are rows or rejects, never a crash")
  func garbage() throws {
    let seed: UInt64 = 32
    var numbers = SeededNumbers(state: seed)
    let mapping = try ImportMapping(
      yaml: """
        import: p
        sources:
          - {file: a.csv, columns: [id, x], event: a.b, id: "{id}-{row}", subject: "member/1",
             time: "2020-01-01T00:00:00Z", data: {x: {column: x}}}
        """,
      file: "p.yaml"
    )
    let bytes = Array("ab,\"\n\r 奶".utf8) + [0, 0xFF]
    for round in 0..<2000 {
      let content = (0..<numbers.below(60)).map { _ in bytes[numbers.below(bytes.count)] }
      var builder = ImportBuilder(mapping: mapping, tenant: "t")
      var rejects = 0
      try builder.add(source: 0, content: content) { _ in rejects += 1 }
      let lines = content.split(separator: 10).count
      #expect(builder.sorted().count + rejects <= lines, "seed \(seed) round \(round)")
    }
  }

  @Test("an array of random values is cut into just those values")
  func splitting() throws {
    let seed: UInt64 = 33
    var numbers = SeededNumbers(state: seed)
    for round in 0..<500 {
      let items = (0..<numbers.below(6)).map { _ in value(&numbers, depth: 0) }
      let spaces = [" ", "\n", "", "\t"]
      let text = items.map { spaces[numbers.below(4)] + $0 + spaces[numbers.below(4)] }.joined(separator: ",")
      let body = Array("[\(text)]".utf8)
      let cut = try BatchForm.array.items(of: body, itemsMax: 10).map { String(decoding: body[$0], as: UTF8.self) }
      #expect(cut == items, "seed \(seed) round \(round)")
    }
  }

  private func value(_ numbers: inout SeededNumbers, depth: Int) -> String {
    switch numbers.below(depth > 3 ? 3 : 5) {
    case 0: return "\(numbers.below(1000))"
    case 1: return "null"
    case 2: return "\"" + numbers.text(["a", "[", "]", "{", "}", ",", "\\\"", "\\\\", " ", "奶"], 8) + "\""
    case 3:
      return "[" + (0..<numbers.below(3)).map { _ in value(&numbers, depth: depth + 1) }.joined(separator: ",") + "]"
    default: return #"{"k":"# + value(&numbers, depth: depth + 1) + "}"
    }
  }

  @Test("whichever byte of a journal is changed, no other record is ever read")
  func journalDamage() async throws {
    let directory = TemporaryDirectory()
    let configuration = JournalConfiguration(directory: directory.path)
    let records = (0..<4).map { OutboundRecord(topic: Topic.events, key: Array("k\($0)".utf8), value: [1, 2, 3]) }
    let journal = try EventJournal(configuration)
    for record in records { _ = try await journal.append([record]) }
    await journal.close()
    let whole = contents(directory.segments[0])
    let (name, seed) = (directory.segments[0], UInt64(34))
    var numbers = SeededNumbers(state: seed)
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= UInt8(1 << numbers.below(8))
      replace(name, damaged)
      do throws(AdapterFailure) {
        let again = try EventJournal(configuration)
        let read = try await again.batches(after: 0)
        // Only the last write may be taken for one that never ended.
        #expect(read.map(\.records) == records.prefix(3).map { [$0] }, "seed \(seed) byte \(index)")
        await again.close()
      } catch {
        #expect(error.code == "JOURNAL_CORRUPT", "seed \(seed) byte \(index)")
      }
    }
  }
}
