import EventModel
import PipelinePorts

/// What the row of a lane's home partition keeps beside its offset: clocks, playbook versions in force, and the
/// processor's own memory.
struct LaneBook: Hashable, Sendable {
  static let version: UInt8 = 1

  var clocks = LaneClocks()
  var playbookVersions: [String: Int64] = [:]
  var memory: [UInt8] = []

  init() {}

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.version)
    writer.count(clocks.readings.count)
    for (tenant, readings) in clocks.readings.sorted(by: { $0.key < $1.key }) {
      writer.text(tenant)
      writer.count(readings.entries.count)
      for entry in readings.entries {
        writer.text(entry.source.topic)
        writer.text(entry.source.origin)
        writer.integer(entry.instant.milliseconds)
      }
    }
    writer.count(playbookVersions.count)
    for (tenant, version) in playbookVersions.sorted(by: { $0.key < $1.key }) {
      writer.text(tenant)
      writer.integer(version)
    }
    writer.bytes(memory)
    return writer.output
  }

  init(decoding bytes: [UInt8]) throws(AdapterFailure) {
    self.init()
    guard !bytes.isEmpty else { return }
    var reader = ByteReader(bytes)
    do {
      guard try reader.byte() == Self.version else { throw ByteReader.Failure() }
      for _ in 0..<(try reader.count()) {
        let tenant = try reader.text()
        for _ in 0..<(try reader.count()) {
          let source = ClockSource(topic: try reader.text(), origin: try reader.text())
          clocks.observe(Instant(milliseconds: try reader.integer()), tenant: tenant, source: source)
        }
      }
      for _ in 0..<(try reader.count()) {
        let tenant = try reader.text()
        playbookVersions[tenant] = try reader.integer()
      }
      memory = try reader.bytes()
    } catch {
      throw AdapterFailure(
        code: "LANE_STATE",
        reason: "stored lane state cannot be read: expected version \(Self.version)",
        disposition: .fatal
      )
    }
  }
}
