import EventModel
import PipelinePorts
import PipelineRuntime
import PipelineTestSupport
import Testing

@Suite("What a lane is told")
struct RecordFormTests {
  @Test("the places of a re-produced record read back as written, and nothing else is read")
  func origins() {
    let origin = ReproducedOrigin(places: [.init(logEpoch: 1, offset: 10), .init(logEpoch: 2, offset: 3)])
    #expect(ReproducedOrigin(bytes: origin.bytes) == origin)
    for text in ["1", "1:", "a:b", "1:2:3"] { #expect(ReproducedOrigin(bytes: Array(text.utf8)) == nil, "\(text)") }
  }

  @Test("stored bytes read back as written, and damaged ones fail without harm", arguments: 0..<200)
  func byteCoding(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var writer = ByteWriter()
    let numbers = (0..<5).map { _ in Int64.random(in: .min ... .max, using: &random) }
    for number in numbers { writer.integer(number) }
    writer.text("群聊 \(seed)")
    writer.value(.list([.bool(true), .null, .string("x"), .time(Instant(milliseconds: numbers[0] / 2))]))
    var reader = ByteReader(writer.output)
    for number in numbers { #expect(try reader.integer() == number) }
    #expect(try reader.text() == "群聊 \(seed)")
    _ = try reader.value()
    #expect(reader.isAtEnd)
    var damaged = writer.output
    damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
    damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
    var careful = ByteReader(damaged)
    while let _ = try? careful.integer() {}
    var other = ByteReader(damaged)
    _ = try? other.value()
  }
}
