import EventModel
import Funnels
import Tagging

/// Everything folded of one subject: metrics and tags, funnel entries, and how many changes of each kind it has had.
package struct SubjectFold: Sendable {
  package static let version: UInt8 = 1

  package let subject: Subject
  package var tagging: TaggingState
  package var funnels: FunnelState
  /// Of `hearth.tags.v1`, `hearth.signals.v1` and `hearth.funnels.v1`.
  package var tagSequence: Int64 = 0
  package var signalSequence: Int64 = 0
  package var funnelSequence: Int64 = 0

  package init(subject: Subject) {
    self.subject = subject
    self.tagging = TaggingState()
    self.funnels = FunnelState()
  }

  package func encoded() -> [UInt8] {
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

  /// Throws when the bytes are not of this version or not whole.
  package init(decoding bytes: [UInt8]) throws(ByteReader.Failure) {
    do {
      var reader = ByteReader(bytes)
      guard try reader.byte() == Self.version, let subject = Subject(key: try reader.text()) else {
        throw ByteReader.Failure()
      }
      self.subject = subject
      tagSequence = try reader.integer() * (mutated(.sequenceForgotten) ? 0 : 1)
      signalSequence = try reader.integer()
      funnelSequence = try reader.integer()
      tagging = try TaggingState(decoding: try reader.bytes())
      funnels = try FunnelState(decoding: try reader.bytes())
    } catch {
      throw ByteReader.Failure()
    }
  }
}

extension SubjectFold {
  /// Feeds an accepted event to the funnels, after the tags; a breakdown by tag sees the tag as of the entry's start.
  package mutating func applyToFunnels(_ event: Event, program: FoldProgram) -> [FunnelChange] {
    let tagging = tagging
    return funnels.apply(event, program: program.funnels) { tag, instant in
      tagging.tagValue(tag, at: instant, program: program.member)
    }
  }

  /// The funnels' next deadline before `instant`. Tags and funnels move on in order of time: a deadline asks for the
  /// tags as they were then, within the lateness bound.
  package func funnelDue(before instant: Instant, program: FoldProgram) -> Instant? {
    guard subject.kind == .member, let due = funnels.nextDue(program: program.funnels), due < instant,
      due > funnels.clock
    else { return nil }
    return due
  }

  /// Moves the funnels' clock; call after the tags have moved there.
  package mutating func advanceFunnels(
    through instant: Instant,
    program: FoldProgram
  ) -> [(at: Instant, changes: [FunnelChange])] {
    let tagging = tagging
    return funnels.advance(through: instant, program: program.funnels) { tag, instant in
      tagging.tagValue(tag, at: instant, program: program.member)
    }
  }
}
