import EventModel
import Funnels
import PipelinePorts
import Tagging

/// What the tagger keeps of one subject.
struct TaggerState: Sendable {
  static let version: UInt8 = 1

  let subject: Subject
  var tagging: TaggingState
  var funnels: FunnelState
  /// Of `hearth.tags.v1`, `hearth.signals.v1` and `hearth.funnels.v1`.
  var tagSequence: Int64 = 0
  var signalSequence: Int64 = 0
  var funnelSequence: Int64 = 0

  init(subject: Subject) {
    self.subject = subject
    self.tagging = TaggingState()
    self.funnels = FunnelState()
  }

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.version)
    writer.text(subject.key)
    writer.integer(tagSequence)
    writer.integer(signalSequence)
    writer.integer(funnelSequence)
    writer.bytes(tagging.encoded())
    writer.bytes(funnels.encoded())
    return writer.output
  }

  init(decoding bytes: [UInt8]) throws(AdapterFailure) {
    do {
      var reader = ByteReader(bytes)
      guard try reader.byte() == Self.version, let subject = Subject(key: try reader.text()) else {
        throw ByteReader.Failure()
      }
      self.subject = subject
      tagSequence = try reader.integer()
      signalSequence = try reader.integer()
      funnelSequence = try reader.integer()
      tagging = try TaggingState(decoding: try reader.bytes())
      funnels = try FunnelState(decoding: try reader.bytes())
    } catch {
      throw AdapterFailure(
        code: "SUBJECT_STATE", reason: "stored subject state cannot be read: expected version \(Self.version)",
        disposition: .fatal)
    }
  }
}
