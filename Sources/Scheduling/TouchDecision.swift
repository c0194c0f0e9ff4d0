import EventModel

/// What the scheduler says of one touch. The key is (tenant, source, step, subject, occurrence): at most one
/// `deferred` and then one `decided` or `dropped` is ever said of it.
package struct TouchDecision: Hashable, Sendable {
  /// Deterministic and one for one key: the key's parts joined by slashes where that fits `idBytesMax`, else their
  /// SHA-256. ASCII letters, digits and `_ - / ~` only.
  package var id: String
  /// `journey/NAME` or `calendar/NAME`.
  package var source: String
  /// Index into the journey's steps; 0 for calendars.
  package var step: Int
  package var subject: Subject
  /// A journey's start (`2026-06-01T12:00:00.000Z`), or the local date of a slot (`2026-06-01`).
  package var occurrence: String
  package var template: String
  /// The template's kind.
  package var kind: String
  package var channel: String
  package var status: Status
  /// Why: what led to it, or what holds it (`TouchReason.text`).
  package var reason: String
  package var dueAt: Instant
  /// The instant at which it was judged: when due, else, after a pause, the clock.
  package var decidedAt: Instant
  /// Not to be delivered at or after this.
  package var expiresAt: Instant
  /// For `deferred`: the first instant at which it may go as things stand.
  package var allowedFrom: Instant?
  /// `replay` in a tenant whose clock is its log: only the replay sink may take it.
  package var mode: ChangeMode

  package enum Status: String, Sendable { case decided, deferred, dropped }

  /// Bytes of an id.
  package static let idBytesMax = 80

  /// The id of a key.
  static func id(of subject: Subject, source: String, step: Int, occurrence: String) -> String {
    // The source and the subject's path hold one slash each, tenant and occurrence none, and the subject's id stands
    // last: joined by slashes the parts stay distinguishable.
    let parts = [subject.tenant, source, String(step), occurrence.filter { !"-:.".contains($0) }, subject.path]
    let text = parts.map(escaped).joined(separator: "/")
    return text.utf8.count <= idBytesMax ? text : "touch/\(StableDigest.hexadecimal(text))"
  }

  private static func escaped(_ text: String) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"):
        bytes.append(byte)
      default: bytes.append(contentsOf: [UInt8(ascii: "~"), hex[Int(byte >> 4)], hex[Int(byte & 15)]])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
