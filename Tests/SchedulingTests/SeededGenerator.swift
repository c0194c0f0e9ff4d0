import EventModel
import Playbook
import Scheduling

/// SplitMix64: the same seed gives the same run everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func chance(_ one: Int, in all: Int) -> Bool { below(all) < one }
}

func zone(_ name: String) throws -> CalendarZone {
  guard let zone = CalendarZone(identifier: name) else { throw MissingZone(name: name) }
  return zone
}

struct MissingZone: Error { let name: String }
struct BadText: Error { let text: String }

func instant(_ text: String) throws -> Instant {
  guard let instant = Instant(text: text) else { throw BadText(text: text) }
  return instant
}

let noText = LocalizedText(texts: [])
let member = Subject(tenant: "shop", kind: .member, id: "900")
let village = Subject(tenant: "shop", kind: .community, id: "c1")

func behaviour(_ type: String, at time: Instant, of subject: Subject = member, data: Value = .object([])) -> Event {
  Event(
    id: "\(type)-\(time.milliseconds)",
    source: "test",
    tenant: subject.tenant,
    type: type,
    time: time,
    receivedAt: time,
    actor: .member,
    subject: subject,
    data: data
  )
}
