import EventModel
import PipelinePorts
import Scheduling

/// What the scheduler keeps of one subject.
struct SchedulerState: Sendable {
  static let version: UInt8 = 1

  enum Core: Sendable {
    case member(SchedulerMemberState)
    case community(SchedulerCommunityState)
  }

  let subject: Subject
  var core: Core
  /// Of `hearth.touches.v1`.
  var touchSequence: Int64 = 0
  /// The last sequence taken of each topic that has one: what is at or below it was taken before.
  var taken: [String: Int64] = [:]
  /// Texts of the member's tags that templates may show.
  var texts: [String: String] = [:]

  init(subject: Subject) {
    self.subject = subject
    core = subject.kind == .community ? .community(.init(subject: subject)) : .member(.init(subject: subject))
  }

  /// Whether a message of `topic` is new; a repetition (a predecessor's re-publication) is not.
  mutating func take(_ sequence: Int64, of topic: String) -> Bool {
    guard sequence > taken[topic] ?? 0 else { return false }
    taken[topic] = sequence
    return true
  }

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(Self.version)
    writer.text(subject.key)
    writer.integer(touchSequence)
    writer.count(taken.count)
    for (topic, sequence) in taken.sorted(by: { $0.key < $1.key }) {
      writer.text(topic)
      writer.integer(sequence)
    }
    writer.count(texts.count)
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      writer.text(name)
      writer.text(text)
    }
    switch core {
    case .member(let member): writer.bytes(member.encoded())
    case .community(let community): writer.bytes(community.encoded())
    }
    return writer.output
  }

  init(decoding bytes: [UInt8]) throws(AdapterFailure) {
    do {
      var reader = ByteReader(bytes)
      guard try reader.byte() == Self.version, let subject = Subject(key: try reader.text()) else {
        throw ByteReader.Failure()
      }
      self.init(subject: subject)
      touchSequence = try reader.integer()
      for _ in 0..<(try reader.count()) {
        let topic = try reader.text()
        taken[topic] = try reader.integer()
      }
      for _ in 0..<(try reader.count()) {
        let name = try reader.text()
        texts[name] = try reader.text()
      }
      let rest = try reader.bytes()
      switch core {
      case .member: core = .member(try SchedulerMemberState(decoding: rest, subject: subject))
      case .community: core = .community(try SchedulerCommunityState(decoding: rest, subject: subject))
      }
    } catch {
      throw AdapterFailure(
        code: "SUBJECT_STATE",
        reason: "stored state of a subject cannot be read: expected version \(Self.version)",
        disposition: .fatal
      )
    }
  }
}
